/**
 * DE39 of everything that a terminal may print as an approval, whichever network says it (ISO 8583:1987, and 85 and 87
 * as card networks use them). None of them ever leaves on a decline.
 */
const APPROVAL_CODES: ReadonlySet<string | undefined> = new Set(['00', '08', '10', '11', '16', '85', '87']);

export function isApprovalCode(code: string | undefined): boolean {
  return APPROVAL_CODES.has(code);
}
