import type { X509Certificate } from 'node:crypto';

/** Stands in every development certificate, so that production can tell them apart. */
export const DEVELOPMENT_ORGANISATION = 'Etika development only';

export function isDevelopmentCertificate({ subject, issuer }: X509Certificate): boolean {
  const names = `${subject}\n${issuer}`.split('\n');
  return names.includes(`O=${DEVELOPMENT_ORGANISATION}`);
}
