import type { Inbound } from '../admission/inbound.ts';
import type { Ports } from '../ports.ts';
import { acquirerOf, withoutZeros } from '../requests/keys.ts';
import { disagreement, isLive, type Meant } from '../requests/meant.ts';
import { foldTransaction, type Transaction } from '../transaction/fold.ts';

// Payments that no number leads to: by who sold, and what else a message says. It is asked only where everything that
// names a payment has failed, so it may cost something: what this node opened lately, then what the projection knows.
// A key more for every purchase, which the journal could be asked, was rejected: it would be paid for by all of them.

/** A reversal that comes later than this is about something that people have to find. */
const SEARCHED_MS = 86_400_000;
const MOST_LOOKED_AT = 64;
/** DE3, first two digits. */
const REFUND = '20';

/** Payments of the same party that stand and that a reversal may well mean. */
export async function paymentsMeant(
  inbound: Pick<Inbound, 'sender' | 'party'>,
  meant: Meant,
  ports: Ports,
): Promise<Transaction[]> {
  const { party } = inbound;
  const known = await searched(inbound, { terminal: nameIn(party.key.terminal) }, ports);
  return known.filter((each) => isLive(each) && isOfTerminal(each, inbound) && !disagreement(each, meant));
}

/** A merchant's payments with this approval code (DE38), of this card, amount and day. */
export async function paymentsApprovedAs(
  inbound: Pick<Inbound, 'message' | 'sender' | 'party'>,
  meant: Meant & { readonly approvalCode: string },
  ports: Ports,
): Promise<Transaction[]> {
  const { approvalCode } = meant;
  const { localDate } = inbound.sender;
  const isRefund = inbound.message.de3?.startsWith(REFUND) ?? false;
  if (meant.maskedPan === undefined) return [];
  const known = await searched(inbound, { approvalCode }, ports);
  return known.filter(
    (each) =>
      isLive(each) &&
      // A refund is given of no refund.
      !(isRefund && each.opening?.facts.kind === 'refund') &&
      each.opening?.facts.localDate === localDate &&
      [...each.replies.values()].some((reply) => reply.approvalCode === approvalCode) &&
      !disagreement(each, meant),
  );
}

async function searched(
  { sender, party }: Pick<Inbound, 'sender' | 'party'>,
  narrowed: { readonly terminal?: string; readonly approvalCode?: string },
  ports: Ports,
): Promise<Transaction[]> {
  const { inFlight, journal } = ports;
  const found = [
    ...inFlight.recent.openedFor(party.key.merchant),
    ...(await projected({ merchant: sender.merchant.trimEnd(), ...narrowed }, ports)),
  ];
  const payments: Transaction[] = [];
  for (const id of [...new Set(found)].slice(0, MOST_LOOKED_AT)) {
    const transaction = foldTransaction(await journal.history(id));
    if (transaction && isOfMerchant(transaction, sender, party)) payments.push(transaction);
  }
  return payments;
}

/** The message is answered without the projection too: what this node opened is what most such messages mean. */
async function projected(
  search: { readonly merchant: string; readonly terminal?: string; readonly approvalCode?: string },
  { batches, clock, log, inFlight }: Ports,
): Promise<string[]> {
  const { paymentsOf } = batches ?? {};
  if (!batches || !paymentsOf) return [];
  const named = { ...search, since: clock.wall() - SEARCHED_MS };
  try {
    const found = await inFlight.recent.search(() => paymentsOf.call(batches, named, MOST_LOOKED_AT));
    if (!found) log.warn({ event: 'search.busy', merchant: search.merchant });
    return found ?? [];
  } catch (error) {
    log.warn({ event: 'search.projection', err: error });
    return [];
  }
}

function isOfMerchant(
  { opening }: Transaction,
  sender: Inbound['sender'],
  { key }: Inbound['party'],
): boolean {
  if (opening?.facts.merchant.trimEnd() !== sender.merchant.trimEnd()) return false;
  const acquirer = acquirerOf(key);
  return acquirer === '' || withoutZeros(opening.facts.acquirer) === acquirer;
}

function isOfTerminal({ opening }: Transaction, { sender }: Pick<Inbound, 'sender'>): boolean {
  return opening?.facts.terminal.trimEnd() === sender.terminal.trimEnd();
}

function nameIn(key: string): string {
  return key.slice(key.lastIndexOf('|') + 1);
}
