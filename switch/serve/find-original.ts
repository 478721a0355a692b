import { DAY_MS } from '../../runtime/index.ts';
import type { NoticeInbound } from '../admission/inbound.ts';
import type { Ports } from '../ports.ts';
import { dayStamp } from '../requests/dates.ts';
import { ANOTHER_NAME, isReference, MOST_PLACES, placeOf, referenceOfDay } from '../requests/keys.ts';
import { disagreement, isLive, isNumbered, isRefund, type Meant } from '../requests/meant.ts';
import type { OriginalReference, Way } from '../requests/originals.ts';
import { isForgotten, isRemembered } from '../requests/remembered.ts';
import { givenReference } from '../requests/understand.ts';
import { foldTransaction, type Transaction } from '../transaction/fold.ts';
import { paymentsApprovedAs, paymentsNamed, paymentsOfReference, refundsOf } from './search-payments.ts';

// The original of a message, looked for in the order in which the message names it. A key leads to a transaction;
// card, currency, amount and approval code say whether it is the one that is meant. To take the first that a key leads
// to was rejected: retrieval references are given twice, and a wrong digit takes back somebody else's sale.

/** What was found, and by which key. */
export type Finding =
  | ({ readonly status: 'found' } & Candidate)
  /** The key leads to it, and an element says something else. */
  | {
      readonly status: 'other';
      readonly transaction: Transaction;
      readonly element: string;
      /** Only a reference leads to it, which all payments of a day may have, and what is meant may yet come. */
      readonly mayBeAnother?: true;
    }
  /** More than one may be meant. */
  | { readonly status: 'ambiguous'; readonly transactions: readonly Transaction[] }
  /** All that is known is a reversal of it. */
  | { readonly status: 'remembered'; readonly transaction: Transaction }
  | { readonly status: 'unknown' };

type Lookup = Pick<Ports, 'journal' | 'clock'>;
interface Candidate {
  readonly transaction: Transaction;
  readonly key: string;
  /** Of the message that claimed the key. */
  readonly fingerprint: string;
}

/** Looks the ways through. What agrees is found; else the first that was led to and does not agree is told. */
export async function findOriginal(
  { ways, meant }: Pick<OriginalReference, 'ways' | 'meant'>,
  ports: Lookup,
): Promise<Finding> {
  let otherwise: Finding = { status: 'unknown' };
  for (const way of ways) {
    const finding = await WAYS[way.by](way, meant, ports);
    if (finding.status === 'found' || finding.status === 'ambiguous') return finding;
    if (otherwise.status === 'unknown') otherwise = finding;
  }
  return otherwise;
}

/** What a reversal names. */
export async function findReversed(
  _: unknown,
  original: Pick<OriginalReference, 'ways' | 'meant'>,
  ports: Lookup,
): Promise<Finding> {
  const finding = await findOriginal(original, ports);
  return original.meant.isRefund ? refundMeant(finding, original.meant, ports) : finding;
}

/**
 * A refund is given under the reference of its sale, and many terminals repeat that where they reverse the refund. What
 * the reference leads to is not meant then, but what was refunded of it.
 */
async function refundMeant(finding: Finding, meant: Meant, ports: Lookup): Promise<Finding> {
  if (finding.status === 'unknown' || finding.status === 'remembered') return finding;
  if (finding.status === 'found' && (isRefund(finding.transaction) || !isReference(finding.key))) {
    return finding;
  }
  const led = finding.status === 'ambiguous' ? finding.transactions : [finding.transaction];
  return oneOf(likely(await refundsOf(led, meant, ports)));
}

/** Of several that agree what stands, or may. */
function likely(found: readonly Transaction[]): readonly Transaction[] {
  const live = found.filter(isLive);
  return live.length > 0 ? live : found;
}

/**
 * What a reversal names that does not say which terminal, or which merchant: by its reference with the merchant it may
 * give, else among all that the acquirer's merchants sold.
 */
export async function findNameless(
  inbound: Pick<NoticeInbound, 'message' | 'sender' | 'party'>,
  original: OriginalReference,
  ports: Ports,
): Promise<Finding> {
  const references = original.ways.filter(({ by }) => by === 'reference');
  const finding = await findReversed(inbound, { ways: references, meant: original.meant }, ports);
  if (finding.status !== 'unknown') return finding;
  const { named, around } = await paymentsNamed(inbound, original.meant, ports);
  return named.length > 0 ? oneOf(likely(named)) : findInside(around, inbound.message);
}

/** What adds to a payment, completes, tips or voids it has its reference, and STAN and time of its own. */
function findInside(
  payments: readonly Transaction[],
  { de90 }: Pick<NoticeInbound['message'], 'de90'>,
): Finding {
  const found = payments.flatMap((transaction): Candidate[] => {
    const names = [...transaction.names, ...transaction.increments].flatMap(({ original, key }) => [
      original,
      key,
    ]);
    const key = names.find(
      (name) => de90 && name.includes(`|${de90.stan}|`) && name.endsWith(de90.transmission),
    );
    return key === undefined ? [] : [{ transaction, key, fingerprint: ANOTHER_NAME }];
  });
  const [first, ...others] = found;
  if (!first) return { status: 'unknown' };
  if (others.length === 0) return { status: 'found', ...first };
  return { status: 'ambiguous', transactions: found.map(({ transaction }) => transaction) };
}

/**
 * What a void, completion or refund refers to: by DE90 or DE37, else by approval code, card, amount and day, as far as
 * it gives them. A reference that was given more often than there are places is looked for among what was sold, too.
 */
export async function findReferred(
  inbound: Pick<NoticeInbound, 'message' | 'sender' | 'party' | 'about'>,
  original: Pick<OriginalReference, 'ways' | 'meant'>,
  ports: Ports,
): Promise<Finding> {
  if (inbound.about !== undefined) return byId(inbound.about, original.meant, ports);
  const { approvalCode } = original.meant;
  const finding = await findOriginal(original, ports);
  const isWhole = candidatesIn(finding).some(isLive);
  if (!isWhole && (await isGivenTooOften(original.ways, ports))) {
    const named = await paymentsOfReference(inbound, original.meant, ports);
    return named.length > 0 ? oneOf(named) : finding;
  }

  const isNamed = finding.status !== 'unknown' || givenReference(inbound.message) !== undefined;
  if (isNamed || approvalCode === undefined) return finding;
  return oneOf(await paymentsApprovedAs(inbound, { ...original.meant, approvalCode }, ports));
}

/** Those that it may be: none, one or several. */
export function candidatesIn(finding: Finding): readonly Transaction[] {
  if (finding.status === 'ambiguous') return finding.transactions;
  return finding.status === 'found' ? [finding.transaction] : [];
}

/** What an application names leads to one only; what it says of it must be true all the same. */
async function byId(id: string, meant: Meant, { journal }: Lookup): Promise<Finding> {
  const transaction = foldTransaction(await journal.history(id));
  if (!transaction?.opening) return { status: 'unknown' };
  const element = disagreement(transaction, meant);
  if (element) return { status: 'other', transaction, element };
  return { status: 'found', transaction, key: '', fingerprint: '' };
}

export function oneOf([first, ...others]: readonly Transaction[]): Finding {
  if (!first) return { status: 'unknown' };
  if (others.length > 0) return { status: 'ambiguous', transactions: [first, ...others] };
  return { status: 'found', transaction: first, key: '', fingerprint: '' };
}

/** Whether all places of a reference are taken, today or yesterday: some payment may have none then. */
async function isGivenTooOften(ways: readonly Way[], { journal, clock }: Lookup): Promise<boolean> {
  for (const { key } of ways.filter(({ by }) => by === 'reference')) {
    for (const ofDay of recentDays(clock.wall()).map((day) => referenceOfDay(key, day))) {
      if (await journal.transactionOf(placeOf(ofDay, MOST_PLACES))) return true;
    }
  }
  return false;
}

function recentDays(nowMs: number): string[] {
  return [0, 1].map((ago) => dayStamp(nowMs - ago * DAY_MS));
}

async function byNumbers({ key }: Way, meant: Meant, ports: Lookup): Promise<Finding> {
  const candidate = await candidateOf(key, ports);
  if (!candidate) return { status: 'unknown' };
  const { transaction } = candidate;
  if (!transaction.opening) return { status: 'remembered', transaction };
  const element = disagreement(transaction, meant);
  return element ? { status: 'other', transaction, element } : { status: 'found', ...candidate };
}

/** What another merchant sold is nothing to this one: keys did not tell them apart. */
async function byFormerReference(way: Way, meant: Meant, ports: Lookup): Promise<Finding> {
  const finding = await byNumbers(way, meant, ports);
  return finding.status === 'other' && finding.element === 'DE42' ? { status: 'unknown' } : finding;
}

const WAYS: Record<Way['by'], typeof byNumbers> = {
  numbers: byNumbers,
  reference: byReference,
  former: byFormerReference,
};

/** Today's payment, not yesterday's of the same reference; an earlier one where today's is not what is meant. */
async function byReference({ key }: Way, meant: Meant, ports: Lookup): Promise<Finding> {
  let otherwise: Finding = { status: 'unknown' };
  let inFlight: Finding | undefined;
  for (const ofDay of daysOf(key, ports.clock.wall())) {
    const there = await candidatesOf(ofDay, ports);
    const sameNumber = there.filter(({ transaction }) => isNumbered(transaction, meant));
    const agreeing = sameNumber.filter(({ transaction }) => !disagreement(transaction, meant));
    const likely = likeliest(agreeing, meant);
    const finding = only(likely, agreeing);
    // What was answered is meant: it may be of a day before.
    const isInFlight = meant.prefers && likely.every(({ transaction: { state } }) => state === 'intended');
    if (finding && !isInFlight) return finding;
    inFlight ??= finding;
    const [{ transaction } = {}] = sameNumber.filter((each) => !isOfOther(each, meant));
    if (transaction && otherwise.status === 'unknown') {
      otherwise = otherOfReference(transaction, meant);
    }
  }
  return inFlight ?? otherwise;
}

/**
 * A reversal that gives no STAN of its original is of another payment where its own STAN is another. Where that is the
 * same, its terminal may have counted anew: the card tells.
 */
function otherOfReference(transaction: Transaction, meant: Meant): Finding {
  const element = disagreement(transaction, meant) ?? '';
  const { ownStan } = meant;
  const isOtherStan = !hasOwnNumber(transaction, meant);
  const mayBeAnother = ownStan !== undefined && (isOtherStan || WHOSE.has(element));
  return { status: 'other', transaction, element, ...(mayBeAnother && { mayBeAnother }) };
}

/** Elements that no payment of one card and currency differs in. */
const WHOSE: ReadonlySet<string | undefined> = new Set(['DE2', 'DE49']);

/**
 * A terminal may give one reference to all payments of a day. What has neither the STAN of a reversal nor its card and
 * currency has nothing but that in common with it, and says nothing of whether its own payment is known.
 */
function isOfOther({ transaction }: Candidate, meant: Meant): boolean {
  const { ownStan } = meant;
  if (ownStan === undefined || !WHOSE.has(disagreement(transaction, meant))) return false;
  return !hasOwnNumber(transaction, meant);
}

function hasOwnNumber({ opening }: Transaction, { ownStan, ownTerminal }: Meant): boolean {
  const { stan, terminal } = opening?.facts ?? {};
  return stan === ownStan && terminal?.trimEnd() === ownTerminal?.trimEnd();
}

function only([first, ...others]: readonly Candidate[], agreeing: readonly Candidate[]): Finding | undefined {
  if (!first) return undefined;
  if (others.length === 0) return { status: 'found', ...first };
  return { status: 'ambiguous', transactions: agreeing.map(({ transaction }) => transaction) };
}

/**
 * Of several that agree: what stands, or may. A message about what was answered means none that is in flight, and of
 * the rest those that it can be about.
 */
function likeliest(agreeing: readonly Candidate[], { prefers }: Meant): readonly Candidate[] {
  const live = agreeing.filter(({ transaction }) => isLive(transaction));
  const answered = live.filter(({ transaction }) => prefers && transaction.state !== 'intended');
  const preferred = answered.filter(({ transaction }) => prefers?.(transaction));
  return [preferred, answered, live].find(({ length }) => length > 0) ?? agreeing;
}

/** A retrieval reference of ours tells its day; then today and yesterday; then the newest day before. */
function daysOf(reference: string, nowMs: number): string[] {
  const recent = recentDays(nowMs);
  const told = toldDay(reference, nowMs);
  const days = told === undefined || recent.includes(told) ? recent : [...recent, told];
  return [...days.map((day) => referenceOfDay(reference, day)), reference];
}

/** Last digit of the year, and day of the year. */
const TOLD_DAY = /\|(\d)(\d{3})\d{8}\|reference$/;

function toldDay(reference: string, nowMs: number): string | undefined {
  const [, digit, day] = TOLD_DAY.exec(reference) ?? [];
  if (digit === undefined || day === undefined) return undefined;
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = [thisYear, thisYear - 1].find((each) => each % 10 === Number(digit));
  const at = year === undefined ? Number.NaN : Date.UTC(year, 0, Number(day));
  return at > 0 && at <= nowMs ? dayStamp(at) : undefined;
}

/** All that have this key: they stand in its places one after the other. Where two do, many may, and all are asked. */
async function candidatesOf(key: string, ports: Lookup): Promise<Candidate[]> {
  const first = await candidateAt(key, 1, ports);
  const second = first && (await candidateAt(key, 2, ports));
  const places = second ? Array.from({ length: MOST_PLACES - 2 }, (_, index) => index + 3) : [];
  const others = await Promise.all(places.map((place) => candidateAt(key, place, ports)));
  return [first, second, ...others].filter((each) => each !== undefined);
}

async function candidateAt(key: string, place: number, { journal }: Lookup): Promise<Candidate | undefined> {
  const at = placeOf(key, place);
  const claimed = await journal.transactionOf(at);
  if (!claimed) return undefined;
  const transaction = foldTransaction(await journal.history(claimed.transaction));
  return transaction && { transaction, key: at, fingerprint: claimed.fingerprint };
}

/** The one that has this key now: a reversal that is not remembered any more has left its place to the next. */
async function candidateOf(key: string, ports: Lookup): Promise<Candidate | undefined> {
  const { owner, place } = await ownerOf(key, ports);
  if (!owner) return undefined;
  const transaction = foldTransaction(await ports.journal.history(owner.transaction));
  return transaction && { transaction, key: place, fingerprint: owner.fingerprint };
}

/** Who has a key that must be unique, and in which of its places; without an owner, the place that is free. */
export async function ownerOf(key: string, { journal, clock }: Lookup) {
  for (let number = 1; ; number += 1) {
    const place = placeOf(key, number);
    const owner = await journal.transactionOf(place);
    const isOver = owner && isRemembered(owner.fingerprint) && isForgotten(owner.fingerprint, clock.wall());
    if (!isOver || number >= MOST_PLACES) return { owner, place };
  }
}
