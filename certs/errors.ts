/** Every error of this room: code → what it says. `docs/certificates.md` has a section per code. */
export const CERT_ERRORS = {
  CERT_UNREADABLE: 'the file or folder cannot be read',
  CERT_TOO_LARGE: 'the file is larger than any certificate file may be',
  CERT_TOO_MANY: 'there are more certificates than may be read at once',
  CERT_NONE_FOUND: 'the file holds no PEM certificate',
  CERT_MALFORMED: 'a certificate cannot be parsed',
  CERT_KEY_MALFORMED: 'the file holds no PEM private key that can be read',
  CERT_KEY_ENCRYPTED: 'the private key is encrypted, and nobody is there to type its passphrase',
  CERT_KEY_MISMATCH: 'the private key does not belong to the certificate',
  CERT_KEY_EXPOSED: 'the private key can be read or changed by every user of this machine',
  CERT_REFUSED: 'OpenSSL does not accept the certificate and its key',
  CERT_DEVELOPMENT_ONLY: 'development certificates are not for production',
} as const satisfies Record<string, string>;

export type CertErrorCode = keyof typeof CERT_ERRORS;

export class CertError extends Error {
  override readonly name = 'CertError';
  readonly code: CertErrorCode;
  /** The file, and where in it; never anything of a private key. */
  readonly detail: string;

  constructor(code: CertErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${CERT_ERRORS[code]} (${detail})`, options);
    this.code = code;
    this.detail = detail;
  }
}
