import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsMaterial } from '../runtime/index.ts';
import { type CertificateFacts, factsOf, parseCertificates } from './certificate.ts';
import { isDevelopmentCertificate } from './development-name.ts';
import { CertError } from './errors.ts';
import { readLimited, unreadable } from './read-file.ts';

/** Where one end's identity and the authorities that it trusts are kept; PEM files. */
export interface TlsFiles {
  /** This end's certificate, then its intermediates. */
  readonly certFile: string;
  readonly keyFile: string;
  /** The authorities that may vouch for a peer. */
  readonly caFile: string;
}

export interface ReadTlsMaterial extends TlsMaterial {
  /** This end's own certificate. */
  readonly certificate: CertificateFacts;
  /** All that was read, authorities included. */
  readonly certificates: readonly CertificateFacts[];
}

/** The same of an end that may have no identity of its own, and only asks who the others are. */
export interface ClientTlsFiles extends Pick<TlsFiles, 'caFile'>, Partial<Omit<TlsFiles, 'caFile'>> {}

export interface ClientTlsMaterial extends Pick<TlsMaterial, 'ca'>, Partial<Omit<TlsMaterial, 'ca'>> {
  /** All that was read, this end's own first, where it has one. */
  readonly certificates: readonly CertificateFacts[];
}

const OPEN_TO_OTHERS = 0o007;
/** PKCS#8 (RFC 5958), and the older encryption within PEM (RFC 1421). */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Reads the material of one TLS end and sees that it fits together, so that a wrong file is named when the node
 * starts and not when the first peer connects. An expired certificate is no error here: its peers decide.
 * @throws {CertError}
 */
export function readTlsMaterial(files: TlsFiles, { production }: { production: boolean }): ReadTlsMaterial {
  const cert = readLimited(files.certFile);
  const ca = readLimited(files.caFile);
  const chain = parseCertificates(cert, files.certFile);
  const authorities = parseCertificates(ca, files.caFile);
  const key = readPrivateKey(files.keyFile);
  const [own] = chain as [X509Certificate];
  if (!own.checkPrivateKey(key.object)) {
    throw new CertError('CERT_KEY_MISMATCH', `${files.keyFile} and ${files.certFile}`);
  }
  if (production && [...chain, ...authorities].some(isDevelopmentCertificate)) {
    throw new CertError('CERT_DEVELOPMENT_ONLY', `${files.certFile} or ${files.caFile}`);
  }
  const material = { cert: cert.toString('latin1'), ca: ca.toString('latin1'), key: key.pem };
  tryOut(material, files);
  return {
    ...material,
    certificate: factsOf(own, files.certFile),
    certificates: [
      ...chain.map((certificate) => factsOf(certificate, files.certFile)),
      ...authorities.map((certificate) => factsOf(certificate, files.caFile)),
    ],
  };
}

/** @throws {CertError} */
export function readClientTlsMaterial(
  { caFile, certFile, keyFile }: ClientTlsFiles,
  surroundings: { production: boolean },
): ClientTlsMaterial {
  if (certFile !== undefined && keyFile !== undefined) {
    const { ca, cert, key, certificates } = readTlsMaterial({ caFile, certFile, keyFile }, surroundings);
    return { ca, cert, key, certificates };
  }
  const ca = readLimited(caFile);
  const authorities = parseCertificates(ca, caFile);
  if (surroundings.production && authorities.some(isDevelopmentCertificate)) {
    throw new CertError('CERT_DEVELOPMENT_ONLY', caFile);
  }
  return {
    ca: ca.toString('latin1'),
    certificates: authorities.map((certificate) => factsOf(certificate, caFile)),
  };
}

/** A weak key or signature is found by OpenSSL alone. */
function tryOut(material: TlsMaterial, { certFile, caFile }: TlsFiles): void {
  try {
    createSecureContext(material);
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new CertError('CERT_REFUSED', `${certFile} with ${caFile}: ${code}`);
  }
}

/** @throws {CertError} CERT_UNREADABLE, CERT_TOO_LARGE, CERT_KEY_EXPOSED, CERT_KEY_ENCRYPTED, CERT_KEY_MALFORMED */
export function readPrivateKey(file: string): { pem: string; object: KeyObject } {
  const pem = readLimited(file).toString('latin1');
  if (othersMayTouch(file)) throw new CertError('CERT_KEY_EXPOSED', `${file}: chmod 600 closes it`);
  if (ENCRYPTED.test(pem)) throw new CertError('CERT_KEY_ENCRYPTED', file);
  try {
    return { pem, object: createPrivateKey(pem) };
  } catch {
    // OpenSSL's own message may quote what it read.
    throw new CertError('CERT_KEY_MALFORMED', file);
  }
}

function othersMayTouch(file: string): boolean {
  try {
    return (statSync(file).mode & OPEN_TO_OTHERS) !== 0;
  } catch (error) {
    throw unreadable(file, error);
  }
}
