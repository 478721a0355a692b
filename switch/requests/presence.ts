// Who stands at the terminal, by what its message says: whether somebody can look at the customer's papers. Data
// (ISO 8583:1987, as card networks use it); what says nothing else is a counter with somebody behind it.

/**
 * DE25: customer not present, unattended (with or without the means to keep a card), card not present, mail or
 * telephone order, the customer's own terminal, electronic commerce.
 */
const NOBODY_THERE: ReadonlySet<string> = new Set(['01', '02', '05', '08', '15', '27', '59']);
/** The first two digits of DE22: credential on file, electronic commerce. */
const CARD_ABSENT: ReadonlySet<string> = new Set(['10', '81', '82']);

export function canIdentify(request: {
  readonly posConditionCode: string;
  readonly posEntryMode: string;
}): boolean {
  const { posConditionCode, posEntryMode } = request;
  return !NOBODY_THERE.has(posConditionCode) && !CARD_ABSENT.has(posEntryMode.slice(0, 2));
}
