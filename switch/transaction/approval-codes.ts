/**
 * DE39 of everything that a terminal may print as an approval, whichever network says it (ISO 8583:1987, and 85 and 87
 * as card networks use them). None of them ever leaves on a decline.
 */
const APPROVAL_CODES: ReadonlySet<string | undefined> = new Set(['00', '08', '10', '11', '16', '85', '87']);

export function isApprovalCode(code: string | undefined): boolean {
  return APPROVAL_CODES.has(code);
}

/** What a chip's terminal says in DE39 of what it has approved by itself (EMV, authorisation response codes). */
const APPROVED_OFFLINE: ReadonlySet<string> = new Set(['Y1', 'Y2', 'Y3']);

/** First two digits of DE3 of the one service that such a code approves: a refund, a purchase with cash. */
const APPROVES_ONLY: ReadonlyMap<string, string> = new Map([
  ['85', '20'],
  ['87', '09'],
]);

interface Advised {
  readonly de3?: string | undefined;
  readonly de39?: string | undefined;
}

/** Whether an advice tells of something that did not take place: its DE39 is there, and no approval of its service. */
export function tellsOfDecline({ de3 = '', de39 }: Advised): boolean {
  const code = de39?.trim() ?? '';
  const service = APPROVES_ONLY.get(code);
  if (service !== undefined) return !de3.startsWith(service);
  return code !== '' && !isApprovalCode(code) && !APPROVED_OFFLINE.has(code);
}
