import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { DEVELOPMENT_ORGANISATION } from './development-name.ts';

const RSA_BITS = 2_048;
const DAY_MS = 86_400_000;
/** A machine whose clock is a little behind accepts a new certificate all the same. */
const BACKDATED_MS = 3_600_000;
/** GeneralName, RFC 5280, section 4.2.1.6. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

export interface Issued {
  /** PEM. */
  readonly cert: string;
  /** PKCS#8, PEM. */
  readonly key: string;
}

/** What a development certificate is for. */
export type Purpose =
  | { readonly role: 'authority' }
  | { readonly role: 'server'; readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] }
  | { readonly role: 'client' };

export interface CertificateOrder {
  readonly commonName: string;
  readonly purpose: Purpose;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly days: number;
  /** Absent: the certificate vouches for itself. */
  readonly issuer?: Issued;
}

/** A new RSA key and a certificate for it, signed with SHA-256. */
export function issue(order: CertificateOrder): Issued {
  const { commonName, purpose, now, days, issuer } = order;
  const key = newKey();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.forged.n, key.forged.e);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(now - BACKDATED_MS);
  certificate.validity.notAfter = new Date(now + days * DAY_MS);
  certificate.setSubject([
    { name: 'organizationName', value: DEVELOPMENT_ORGANISATION },
    { name: 'commonName', value: commonName },
  ]);
  const authority = issuer ? forge.pki.certificateFromPem(issuer.cert) : certificate;
  certificate.setIssuer(authority.subject.attributes);
  certificate.setExtensions([
    ...extensionsFor(purpose),
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: authority.generateSubjectKeyIdentifier().getBytes(),
    },
  ]);
  const signer = issuer ? forgedKey(issuer.key) : key.forged;
  certificate.sign(signer, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: key.pem };
}

function extensionsFor(purpose: Purpose): object[] {
  if (purpose.role === 'authority') {
    return [
      { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    ];
  }
  const common = [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
  ];
  if (purpose.role === 'client') return [...common, { name: 'extKeyUsage', clientAuth: true }];
  const altNames = [
    ...purpose.dnsNames.map((value) => ({ type: DNS_NAME, value })),
    ...purpose.ipAddresses.map((ip) => ({ type: IP_ADDRESS, ip })),
  ];
  return [...common, { name: 'extKeyUsage', serverAuth: true }, { name: 'subjectAltName', altNames }];
}

/** OpenSSL makes the key, which takes it a tenth of what pure JavaScript takes. */
function newKey(): { pem: string; forged: forge.pki.rsa.PrivateKey } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { pem, forged: forgedKey(pem) };
}

function forgedKey(pem: string): forge.pki.rsa.PrivateKey {
  const pkcs1 = createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString();
  return forge.pki.privateKeyFromPem(pkcs1);
}

/** RFC 5280, section 4.1.2.2: positive, at most 20 bytes, and nobody can guess it. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
