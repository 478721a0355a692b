import { DAY_MS, HOUR_MS } from '../../runtime/index.ts';
import type { Inbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import type { PaymentSearch } from '../projection/projection-reader.ts';
import { isSameMoment, momentOf } from '../requests/dates.ts';
import { acquirerOf, partyKey, withoutZeros } from '../requests/keys.ts';
import { disagreement, isLive, isNumbered, isRefund, localMoment, type Meant } from '../requests/meant.ts';
import { isLeftOut } from '../requests/nameless.ts';
import { namesNumbers } from '../requests/originals.ts';
import { MOST_INDEXED_SEARCHES } from '../requests/recent-numbers.ts';
import { givenReference } from '../requests/understand.ts';
import { foldTransaction, OPENING_REPLY, type Transaction } from '../transaction/fold.ts';

// Payments that no number leads to: by who sold, and what else a message says. It is asked only where everything that
// names a payment has failed, so it may cost something: what this node opened lately, then what the projection knows.
// A key more for every purchase, which the journal could be asked, was rejected: it would be paid for by all of them.

/** A reversal that comes later than this is about something that people have to find. */
const SEARCHED_MS = DAY_MS;
/** The longest life of a hold that a scheme gives. */
const HOLDS_SEARCHED_MS = 31 * DAY_MS;
/** A host that confirms what was authorised does so within days. */
const TOLD_SEARCHED_MS = 7 * DAY_MS;
const MOST_LOOKED_AT = 64;
/** A shift goes on after midnight. */
const SAME_NIGHT_MS = 6 * HOUR_MS;
/** DE25. */
const PRE_AUTHORISED = '06';
/** DE3, first two digits. */
const VOID = '02';
const REFUND = '20';
/** What DE90 calls an advice, its repeat or its answer. */
const ADVICE = /^0[12][23]\d$/;

/**
 * Payments of the same party that stand and that a reversal may well mean. A reversal that says it is one of a void
 * means a sale that does not stand, at whichever till it was made; or the sale that stands under its reference, where
 * it names no message: some terminals void so. Or, where it does not name a request, a sale that has a tip.
 */
export async function paymentsMeant(
  inbound: Pick<Inbound, 'message' | 'sender' | 'party'>,
  meant: Meant,
  ports: Ports,
): Promise<Transaction[]> {
  const { party, message } = inbound;
  if (message.de3?.startsWith(VOID)) {
    const rrn = namesNumbers(message) ? undefined : givenReference(message)?.trim();
    const isNamedSale = (each: Transaction) => isLive(each) && each.opening?.facts.rrn.trim() === rrn;
    const mayBeTip = !namesNumbers(message) || ADVICE.test(message.de90?.mti ?? '');
    const sold = await searched(inbound, {}, ports);
    return sold.filter(
      (each) =>
        (each.takenBack === 'void' || isNamedSale(each) || (mayBeTip && isTipped(each))) &&
        !disagreement(each, meant),
    );
  }
  const known = await searched(inbound, { terminal: nameIn(party.key.terminal) }, ports);
  return known.filter((each) => isLive(each) && isOfTerminal(each, inbound) && !disagreement(each, meant));
}

/**
 * A merchant's payments with this approval code (DE38), of this card, amount and day: a night is no other day, and a
 * guest who leaves has come days ago.
 */
export async function paymentsApprovedAs(
  inbound: Pick<Inbound, 'message' | 'sender' | 'party'>,
  meant: Meant & { readonly approvalCode: string },
  ports: Ports,
): Promise<Transaction[]> {
  const { approvalCode } = meant;
  const { prefers = () => true } = meant;
  if (meant.maskedPan === undefined) return [];
  const isOfHold = inbound.message.de25 === PRE_AUTHORISED;
  const search = isOfHold
    ? { approvalCode, sinceMs: HOLDS_SEARCHED_MS, isHold: true as const }
    : { approvalCode };
  const known = await searchedAmong(meant.merchants, inbound, search, ports);
  const asksRefund = inbound.message.de3?.startsWith(REFUND) ?? false;
  const agreeing = known.filter(
    (each) =>
      isLive(each) &&
      // A refund is given of no refund.
      !(asksRefund && isRefund(each)) &&
      (isOfHold || isOfDay(each, inbound.sender)) &&
      [...each.replies.values()].some((reply) => reply.approvalCode?.trim() === approvalCode) &&
      !disagreement(each, meant),
  );
  const preferred = agreeing.filter(prefers);
  return preferred.length > 0 ? preferred : agreeing;
}

/**
 * What was approved here with this code, of this card: what an advice tells of again, be its amount another. It is
 * looked for among what this node opened for the merchant, and in the terminal's open batch; a closed one is settled.
 * @throws Refusal SW_PROJECTION: to book it as another payment would charge the customer twice
 */
export async function paymentsToldAgain(
  { sender, party, listener }: Pick<Inbound, 'sender' | 'party' | 'listener'>,
  { minorUnits: _, ...meant }: Meant & { readonly approvalCode: string },
  ports: Ports,
): Promise<Transaction[]> {
  const { inFlight, clock, directory } = ports;
  const [merchant, terminal] = [sender.merchant.trimEnd(), nameIn(party.key.terminal)];
  const openOn = directory.linesOf(listener);
  const { approvalCode } = meant;
  const search = { merchant, terminal, approvalCode, openOn, since: clock.wall() - TOLD_SEARCHED_MS };
  const inBatch = await projected(search, ports, MOST_INDEXED_SEARCHES);
  if (!inBatch) throw new Refusal('SW_PROJECTION', { terminal });

  const payments = await lookedAt([...inFlight.recent.openedFor(party.key.merchant), ...inBatch], ports);
  return payments.filter(
    (each) =>
      !each.isTold &&
      each.replies.get(OPENING_REPLY)?.approvalCode?.trim() === approvalCode &&
      isOfMerchant(each, merchant) &&
      isOfAcquirer(each, party, ports) &&
      !disagreement(each, meant),
  );
}

/** What a merchant's tills sold under the reference that a message gives; what stands goes before what is over. */
export async function paymentsOfReference(
  inbound: Pick<Inbound, 'message' | 'sender' | 'party'>,
  meant: Meant,
  ports: Ports,
): Promise<Transaction[]> {
  const { prefers = () => true } = meant;
  const rrn = givenReference(inbound.message)?.trim();
  if (rrn === undefined) return [];
  const known = await searched(inbound, { rrn, sinceMs: SEARCHED_MS }, ports);
  const agreeing = known.filter(
    (each) => each.opening?.facts.rrn.trim() === rrn && !disagreement(each, meant),
  );
  const live = agreeing.filter(isLive);
  const preferred = live.filter(prefers);
  return [preferred, live, agreeing].find(({ length }) => length > 0) ?? [];
}

interface Narrowed extends Pick<PaymentSearch, 'terminal' | 'approvalCode' | 'isHold' | 'rrn'> {
  readonly sinceMs?: number;
}

/** Of the sender's merchant, or of those that it may refund for, too. */
async function searchedAmong(
  merchants: readonly string[] | undefined,
  { sender, party }: Pick<Inbound, 'sender' | 'party'>,
  narrowed: Narrowed,
  ports: Ports,
): Promise<Transaction[]> {
  const own = sender.merchant.trimEnd();
  const found: Transaction[] = [];
  for (const merchant of merchants ?? [own]) {
    const key = merchant === own ? party.key : partyKey(acquirerOf(party.key), merchant, '');
    found.push(
      ...(await searched({ sender: { ...sender, merchant }, party: { ...party, key } }, narrowed, ports)),
    );
  }
  return found;
}

async function searched(
  { sender, party }: Pick<Inbound, 'sender' | 'party'>,
  { sinceMs = SEARCHED_MS, ...narrowed }: Narrowed,
  ports: Ports,
): Promise<Transaction[]> {
  const { inFlight, clock } = ports;
  const merchant = sender.merchant.trimEnd();
  const ofMerchant = narrowed.rrn === undefined && { merchant };
  const search = { ...ofMerchant, since: clock.wall() - sinceMs, ...narrowed };
  const found = [
    ...inFlight.recent.openedFor(party.key.merchant),
    ...(await asFarAsProjected(search, ports)),
  ];
  const payments = await lookedAt(found, ports);
  return payments.filter((each) => isOfMerchant(each, merchant) && isOfAcquirer(each, party, ports));
}

/** What a reversal names, and what has the reference that it gives and was begun by another message than it names. */
export interface NamedPayments {
  readonly named: readonly Transaction[];
  readonly around: readonly Transaction[];
}

/**
 * What a reversal names that says nothing of its terminal, or its merchant: by DE37 and by STAN and time of DE90, as
 * far as it gives them, among what the acquirer's merchants sold.
 */
export async function paymentsNamed(
  { message, sender, party }: Pick<Inbound, 'message' | 'sender' | 'party'>,
  meant: Meant,
  ports: Ports,
): Promise<NamedPayments> {
  const { inFlight, clock } = ports;
  const rrn = givenReference(message)?.trim();
  const { stan, sentAt } = meant;
  if (rrn === undefined && (stan === undefined || sentAt === undefined)) return { named: [], around: [] };

  const by = rrn === undefined ? { stan: stan ?? '' } : { rrn };
  const sinceMs = rrn === undefined ? SEARCHED_MS : HOLDS_SEARCHED_MS;
  const ofAcquirer = inFlight.recent.openedBy(acquirerOf(party.key), MOST_LOOKED_AT);
  const found = [...(await asFarAsProjected({ since: clock.wall() - sinceMs, ...by }, ports)), ...ofAcquirer];
  const payments = await lookedAt(found, ports);

  const isOfParty = (each: Transaction) =>
    isOfAcquirer(each, party, ports) &&
    (isLeftOut(message.de42) || isOfMerchant(each, sender.merchant.trimEnd())) &&
    (isLeftOut(message.de41) || isOfTerminal(each, { sender }));
  const given = payments.filter((each) => isNamed(each, rrn, meant));
  const refunds = meant.isRefund
    ? [...given.filter(isRefund), ...(await refundsOf(given, meant, ports))]
    : given;
  const agreeing = refunds.filter((each) => isOfParty(each) && !disagreement(each, meant));
  return {
    named: agreeing.filter((each) => isNumbered(each, meant)),
    around: agreeing.filter((each) => !isNumbered(each, meant)),
  };
}

/** What was refunded of these and is what a reversal means: a sale knows its refunds, whatever they are called. */
export async function refundsOf(
  sales: readonly Transaction[],
  meant: Meant,
  ports: Pick<Ports, 'journal'>,
): Promise<Transaction[]> {
  const given = sales.flatMap(({ refunds }) => refunds.map(({ refund }) => refund));
  const known = await lookedAt(given, ports);
  return known.filter((each) => isNumbered(each, meant) && !disagreement(each, meant));
}

/** By its reference, or by its time in the very second, whatever the zone. */
function isNamed({ opening }: Transaction, rrn: string | undefined, { sentAt }: Meant): boolean {
  if (!opening) return false;
  if (rrn !== undefined) return opening.facts.rrn.trim() === rrn;
  return sentAt !== undefined && isSameMoment(sentAt, localMoment(opening));
}

/**
 * Asked for at once: the journal reads what waits in one statement. One after the other they took longer than the
 * reversal's deadline on a busy database, and ten terminals that repeated it kept the database busy.
 */
async function lookedAt(
  found: readonly string[],
  { journal }: Pick<Ports, 'journal'>,
): Promise<Transaction[]> {
  const ids = [...new Set(found)].slice(0, 2 * MOST_LOOKED_AT);
  const histories = await Promise.all(ids.map((id) => journal.history(id)));
  return histories.map((history) => foldTransaction(history)).filter((each) => each !== undefined);
}

/** @returns nothing where the projection could not be asked */
async function projected(
  search: PaymentSearch,
  { batches, log, inFlight }: Ports,
  most?: number,
): Promise<string[] | undefined> {
  const { paymentsOf } = batches ?? {};
  if (!batches || !paymentsOf) return [];
  try {
    const found = await inFlight.recent.search(() => paymentsOf.call(batches, search, MOST_LOOKED_AT), most);
    if (!found) log.warn({ event: 'search.busy', ...search });
    return found;
  } catch (error) {
    log.warn({ event: 'search.projection', err: error });
    return undefined;
  }
}

/** Most messages are answered without the projection too: what this node opened is what they mean. */
async function asFarAsProjected(search: PaymentSearch, ports: Ports): Promise<string[]> {
  return (await projected(search, ports)) ?? [];
}

function isOfMerchant({ opening }: Transaction, merchant: string): boolean {
  return opening?.facts.merchant.trimEnd() === merchant;
}

/** What was sold on an acquirer's line is its own, and nobody else's; what was sold here is none of its. */
function isOfAcquirer(
  { opening }: Transaction,
  { key }: Inbound['party'],
  { directory }: Pick<Ports, 'directory'>,
): boolean {
  if (!opening) return false;
  const isGuests = directory.isAcquirersLine(opening.listener);
  return acquirerOf(key) === (isGuests ? withoutZeros(opening.facts.acquirer) : '');
}

function isOfDay(
  { opening }: Transaction,
  { localDate, localTime, understoodAt }: Inbound['sender'],
): boolean {
  if (!opening) return false;
  const age = momentOf(localDate + localTime, understoodAt) - localMoment(opening);
  return opening.facts.localDate === localDate || (age >= 0 && age <= SAME_NIGHT_MS);
}

function isTipped(found: Transaction): boolean {
  return isLive(found) && found.adjustments.length > 0;
}

function isOfTerminal({ opening }: Transaction, { sender }: Pick<Inbound, 'sender'>): boolean {
  return opening?.facts.terminal.trimEnd() === sender.terminal.trimEnd();
}

function nameIn(key: string): string {
  return key.slice(key.lastIndexOf('|') + 1);
}
