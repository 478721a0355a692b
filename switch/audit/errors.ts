/** Why an audit could not be made; `docs/audit.md` has a section per code. */
export const AUDIT_ERRORS = {
  SW_AUDIT_FILE: 'the evidence file is not one, or ends too early',
  SW_AUDIT_KEY: 'a public key cannot be read: PEM, EC on P-256',
  SW_AUDIT_HEADS: 'heads cannot be read',
} as const;

export class AuditError extends Error {
  readonly code: keyof typeof AUDIT_ERRORS;

  /** @param place file and line */
  constructor(code: keyof typeof AUDIT_ERRORS, place: string, options?: ErrorOptions) {
    super(`${code}: ${AUDIT_ERRORS[code]} (${place})`, options);
    this.name = 'AuditError';
    this.code = code;
  }
}
