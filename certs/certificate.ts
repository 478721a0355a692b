import { X509Certificate } from 'node:crypto';
import { CertError } from './errors.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';
const MAX_CERTIFICATES = 1_000;
const DAY_MS = 86_400_000;
const DER_SEQUENCE = 0x30;

/** What a certificate says of itself (RFC 5280, section 4.1). */
export interface CertificateFacts {
  /** The file that it stands in. */
  readonly source: string;
  /** Attributes in the certificate's order: `O=…, CN=…`. */
  readonly subject: string;
  readonly issuer: string;
  /** Upper-case hex. */
  readonly serial: string;
  /** SHA-256 over its DER: 32 upper-case hex pairs, colons between them. */
  readonly fingerprint: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isAuthority: boolean;
}

/**
 * Every certificate of a PEM file; text around them and other PEM blocks are passed over.
 * @param source names the file in errors
 * @throws {CertError} CERT_NONE_FOUND, CERT_MALFORMED, CERT_TOO_MANY
 */
export function parseCertificates(content: Buffer, source: string): X509Certificate[] {
  const text = content.toString('latin1');
  const certificates: X509Certificate[] = [];
  for (let begin = text.indexOf(BEGIN); begin >= 0; ) {
    const where = `${source}: certificate ${certificates.length + 1}, at byte ${begin}`;
    if (certificates.length === MAX_CERTIFICATES) {
      throw new CertError('CERT_TOO_MANY', `${where}, limit ${MAX_CERTIFICATES}`);
    }
    const end = text.indexOf(END, begin);
    if (end < 0) throw new CertError('CERT_MALFORMED', `${where}: "${END}" is missing`);
    certificates.push(parseOne(text.slice(begin, end + END.length), where));
    begin = text.indexOf(BEGIN, end);
  }
  if (certificates.length === 0) throw noneFound(content, text, source);
  return certificates;
}

function parseOne(pem: string, where: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new CertError('CERT_MALFORMED', where, { cause: error });
  }
}

/** Says what is there instead, since that is nearly always the wrong file or the wrong format. */
function noneFound(content: Buffer, text: string, source: string): CertError {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
  const found = label
    ? `found "${label}"`
    : content[0] === DER_SEQUENCE
      ? 'found DER; openssl x509 -inform der converts it'
      : `found ${content.length} bytes that are not PEM`;
  return new CertError('CERT_NONE_FOUND', `${source}: ${found}`);
}

export function factsOf(certificate: X509Certificate, source: string): CertificateFacts {
  return {
    source,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    isAuthority: certificate.ca,
  };
}

/** Whole days until it expires; negative once it has. `now` in milliseconds since the epoch. */
export function daysLeft({ notAfter }: Pick<CertificateFacts, 'notAfter'>, now: number): number {
  return Math.floor((Date.parse(notAfter) - now) / DAY_MS);
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}
