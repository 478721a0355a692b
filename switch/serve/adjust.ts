import { type Money, withTip } from '../../connectors/index.ts';
import { type NoticeInbound, regionOf } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { checkCardAndCurrency, isMeant } from '../requests/meant.ts';
import { referredOriginal } from '../requests/originals.ts';
import { readMoney } from '../requests/understand.ts';
import { authorisedMinorUnits, isApprovedExactly } from '../transaction/amounts.ts';
import type { EntryBodies, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { isUnfinished } from '../transaction/several-completions.ts';
import { adjustedEntry } from './adjusted-entry.ts';
import { ACCEPTED, type Answer, anotherName, answerNotice, type Told } from './answer-notice.ts';
import { closedBatchOf, settledRefusal } from './closed-batch.ts';
import { findReferred } from './find-original.ts';
import { keptAdvice } from './keep-advice.ts';
import { ownNumbers } from './opening.ts';
import { refundedMinorUnits } from './reserve-refund.ts';

// A tip is told after its sale: the slip is signed when the card is gone. The sale gets another amount, and is no
// second one; the network and the consensus are told of it as of any other amount that stands. It may come again, until
// the terminal has closed its batch: from then on the sale is in a total that both have agreed to.

/** DE54: an amount on top, of those that terminals use for it. */
const TIP_TYPES: ReadonlySet<string> = new Set(['44', '46']);
/** What can have a tip, in the states in which it stands. */
const ADJUSTABLE: ReadonlyMap<string, ReadonlySet<Transaction['state']>> = new Map([
  ['purchase', new Set(['approved', 'captured'])],
  ['cashback', new Set(['approved', 'captured'])],
  ['offline-purchase', new Set(['captured'])],
  ['pre-authorisation', new Set(['captured'])],
]);

/**
 * A tip (0220, DE3 02, with the DE37 of its sale): DE4 is the new total, DE54 the tip.
 * @throws Refusal SW_ORIGINAL_STATE, SW_ORIGINAL_SETTLED, SW_PROJECTION, SW_CARD_CONTRADICTORY, SW_AMOUNT, SW_FORMAT
 */
export function adjust(inbound: NoticeInbound, told: Told, ports: Ports): Promise<ReplyFields | undefined> {
  const { message } = inbound;
  const amount = readMoney(message, 'positive', ports.settings.currencies);
  const tip = message.de54?.find(({ amountType }) => TIP_TYPES.has(amountType));
  const isOther = tip !== undefined && tip.currency !== amount.currency;
  if (tip && (isOther || Number(tip.amount) > amount.minorUnits)) {
    throw new Refusal('SW_AMOUNT', { element: 'DE54' });
  }

  const look = async (found: Transaction | undefined): Promise<Answer> => {
    if (!found?.opening || !isMeant(found, message.de38)) return keptAdvice(inbound, 'no-original', ports);
    await checkAdjustable(found, amount, inbound, ports);
    const { facts } = found.opening;
    const name = anotherName(inbound);
    const reply: ReplyFields = { code: ACCEPTED, rrn: facts.rrn };
    const body: EntryBodies['adjusted'] = {
      key: told.key,
      reply,
      minorUnits: amount.minorUnits,
      ...(tip && { tipMinorUnits: Number(tip.amount) }),
      original: name.key,
      ...ownNumbers(found.opening, ports),
    };
    return { reply, entry: adjustedEntry(found, body), claims: [name] };
  };
  const referred = referredOriginal(inbound);
  const find = () => findReferred(inbound, referred, ports);
  const notice = { ...told, find, original: anotherName(inbound).key, isOfOriginal: true as const };
  return answerNotice(notice, look, ports);
}

/** @throws Refusal */
async function checkAdjustable(
  found: Transaction,
  amount: Money,
  inbound: NoticeInbound,
  ports: Ports,
): Promise<void> {
  const { opening, state } = found;
  if (!opening) throw new Refusal('SW_ORIGINAL_UNKNOWN', { element: 'DE37' });
  const { facts } = opening;
  if (!ADJUSTABLE.get(facts.kind)?.has(state) || isUnfinished(found)) {
    throw new Refusal('SW_ORIGINAL_STATE', { kind: facts.kind, state });
  }
  checkCardAndCurrency(opening, inbound.card, amount);

  const most = mostWithTip(found, inbound, ports);
  if (amount.minorUnits > most) throw new Refusal('SW_AMOUNT', { element: 'DE4' });
  const { minorUnits: refunded } = await refundedMinorUnits(found, ports.journal);
  if (amount.minorUnits < refunded) throw new Refusal('SW_AMOUNT', { element: 'DE4' });
  const batch = await closedBatchOf(found, inbound, ports);
  if (batch) throw settledRefusal(batch, inbound.listener);
}

/** Of what the network approved, or of what was taken of it, where that is less. */
function mostWithTip(
  found: Transaction,
  inbound: NoticeInbound,
  { networks }: Pick<Ports, 'networks'>,
): number {
  const { opening, untippedMinorUnits, standingMinorUnits } = found;
  const base = Math.min(untippedMinorUnits ?? standingMinorUnits, authorisedMinorUnits(found));
  const rules = opening && networks.get(opening.network)?.rules;
  if (!rules) return base;
  const allowance = {
    merchantCategory: opening.facts.merchantCategory,
    region: regionOf(inbound),
    isExact: isApprovedExactly(found),
  };
  return withTip(rules, allowance, base);
}
