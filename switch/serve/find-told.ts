import { DAY_MS, utcCalendar } from '../../runtime/index.ts';
import type { NoticeInbound } from '../admission/inbound.ts';
import type { Ports } from '../ports.ts';
import { openedAt } from '../requests/dates.ts';
import type { OriginalReference } from '../requests/originals.ts';
import { dayOfReference } from '../requests/understand.ts';
import type { Transaction } from '../transaction/fold.ts';
import { candidatesIn, type Finding, findOriginal, oneOf } from './find-original.ts';
import { paymentsToldAgain } from './search-payments.ts';

// Whether an advice tells of a payment that was answered here, and is no other: hosts confirm what was authorised, and
// to book that charges the customer twice. The approval code says so beyond doubt, and so do the payment's own numbers.
// A reference does where it is given once; terminals that have one for the whole day sell by it, too.

type Named = Pick<OriginalReference, 'ways' | 'meant'>;

/**
 * By what it names, else by the code with which its network approved it (DE38), which is in no other payment of the
 * card.
 * @param isApproved by that very code
 * @throws Refusal SW_PROJECTION
 */
export async function findByCode(
  inbound: Pick<NoticeInbound, 'message' | 'sender' | 'party' | 'listener'>,
  named: Named,
  isApproved: (found: Transaction) => boolean,
  ports: Ports,
): Promise<Finding> {
  const finding = await findOriginal(named, ports);
  const { approvalCode } = named.meant;
  const isFound = finding.status === 'found' && isApproved(finding.transaction);
  if (isFound || approvalCode === undefined) return finding;
  // What it names may be what it is about, as the sale of a refund is.
  const told = await paymentsToldAgain(inbound, { ...named.meant, approvalCode }, ports);
  const approved = told.filter(isApproved);
  return approved.length > 0 ? oneOf(approved) : finding;
}

/**
 * Of an advice without an approval code: by the numbers of the payment, or by a reference that is given once. One of
 * the same amount under a reference that may be given twice, or at another till, may be it or another: `ambiguous`.
 * @param isAnswered here, of this card and kind, and it stands or may
 */
export async function findByName(
  { sender }: Pick<NoticeInbound, 'sender'>,
  { ways, meant }: Named,
  isAnswered: (found: Transaction) => boolean,
  ports: Ports,
): Promise<Finding> {
  const { minorUnits: _, ...whatever } = meant;
  const numbers = ways.filter(({ by }) => by === 'numbers');
  const references = ways.filter(({ by }) => by === 'reference');
  const numbered = answered(await findOriginal({ ways: numbers, meant: whatever }, ports), isAnswered);
  if (numbered.length > 0) return oneOf(numbered);

  const same = answered(await findOriginal({ ways: references, meant }, ports), isAnswered);
  const isGivenOnce = (each: Transaction) => isOfDay(each) && isOfTerminal(each, sender.terminal);
  if (same.length > 0) {
    return same.every(isGivenOnce) ? oneOf(same) : { status: 'ambiguous', transactions: same };
  }
  const other = answered(await findOriginal({ ways: references, meant: whatever }, ports), isAnswered);
  return oneOf(other.filter(isGivenOnce));
}

function answered(finding: Finding, isAnswered: (found: Transaction) => boolean): readonly Transaction[] {
  return candidatesIn(finding).filter(isAnswered);
}

/** Two tills of a merchant may count alike, and come to one reference. */
function isOfTerminal({ opening }: Transaction, terminal: string): boolean {
  return opening?.facts.terminal.trimEnd() === terminal.trimEnd();
}

/** Ours have their day, and so has every one that counts. */
function isOfDay({ opening }: Transaction): boolean {
  if (!opening) return false;
  const { rrn, transaction } = opening.facts;
  const at = openedAt(transaction);
  return [at - DAY_MS, at, at + DAY_MS].some((each) => rrn.startsWith(dayOfReference(utcCalendar(each))));
}
