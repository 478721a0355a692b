/** Why a reconciliation cannot be done; docs/reconciliation.md has a section per code. */
export const RECON_ERRORS = {
  SW_RECON_SOURCE: 'a ledger cannot be read',
  SW_RECON_RECORD: 'a record of a ledger has not the shape it must have',
  SW_RECON_TOO_LARGE: 'a ledger, or the day, has more records than are compared at once',
  SW_RECON_BEHIND:
    'the projection does not reach the journal: no node projects, or it has much to catch up with',
  SW_RECON_CASE_UNKNOWN: 'there is no such case',
  SW_RECON_CASE_STATE: 'the case is in a state that does not allow this',
  SW_RECON_SAME_PERSON: 'who proposes may not approve: that takes somebody else',
  SW_RECON_ACTION: 'the action does not fit the case',
  SW_RECON_CASE_CHANGED: 'somebody else changed the case at the same time',
  SW_RECON_OUTDATED: 'the transaction has moved since the case was opened: reconcile again',
} as const;

export type ReconErrorCode = keyof typeof RECON_ERRORS;

export class ReconError extends Error {
  readonly code: ReconErrorCode;
  readonly detail: Readonly<Record<string, string | number>>;

  constructor(
    code: ReconErrorCode,
    detail: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    const facts = Object.entries(detail).map(([name, value]) => `${name} ${value}`);
    super([RECON_ERRORS[code], ...facts].join('; '), options);
    this.name = 'ReconError';
    this.code = code;
    this.detail = detail;
  }
}
