import { type Route, routeOf } from '../admission/admit.ts';
import type { PaymentInbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { DEFAULT_FRESHNESS_MS, distanceOf } from '../requests/freshness.ts';
import type { Running } from '../requests/in-flight.ts';
import { originalKey, requestFingerprint, requestKey } from '../requests/keys.ts';
import { isRemembered } from '../requests/remembered.ts';
import { type PaymentRequest, understandPayment } from '../requests/understand.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { OPENING_REPLY } from '../transaction/fold.ts';
import { type NamedAgain, nameAgain } from './name-again.ts';
import { nameReversed } from './name-reversed.ts';
import { replay } from './replay.ts';

// How everything begins that opens legs: what is asked for, where it leads, whether it is asked already. An
// authorisation and an increment differ only in what they do then.

/** A payment that this node has not at work yet. */
export interface Payment {
  readonly inbound: PaymentInbound;
  readonly request: PaymentRequest;
  readonly route: Route;
  /** What makes another message the same request, and what must be equal in it then. */
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * Understands and routes a payment and has `work` done for it, once: a repeat of what is in flight on this node waits
 * for the answer that its original gets.
 *
 * @throws Refusal SW_NO_ROUTE, SW_PIN_NOT_ACCEPTED, SW_STALE, SW_OVERLOADED, and what `understandPayment` throws
 */
export async function beginPayment(
  inbound: PaymentInbound,
  ports: Ports,
  work: (payment: Payment) => Promise<ReplyFields | undefined>,
): Promise<ReplyFields | undefined> {
  const { message, sender, party, card } = inbound;
  const request = understandPayment(message, sender, ports.clock, ports.settings.currencies);
  const key = requestKey(party.key, request);
  const fingerprint = requestFingerprint(card.reference, request);
  const asked = { inbound, request, key, fingerprint };

  const route = routed(asked, ports);
  if (route instanceof Refusal) return answeredBefore(asked, route, ports);
  if (isStale(inbound, ports) && !(await ports.journal.transactionOf(key))) {
    throw new Refusal('SW_STALE', { element: 'DE7' });
  }

  // From here to where it is registered nothing is waited for: else two of the same would both be the first.
  const running = ports.inFlight.find(key);
  if (running?.fingerprint === fingerprint) return answerOfRunning(running, asked, ports);
  const isTooLate = ports.clock.monotonic() >= inbound.joinBy;
  if (isTooLate || ports.inFlight.full || ports.unsettled.full) {
    throw new Refusal('SW_OVERLOADED', { inFlight: ports.inFlight.size, waitedMs: waited(inbound, ports) });
  }

  const payment: Payment = { ...asked, route };
  // Other content under the same key is at work: which of the two owns the key is for the journal to say.
  if (running) return work(payment);
  return ports.inFlight.run(key, { fingerprint, sentAt: request.transmittedAt }, () => work(payment));
}

/** What its original gets; where that was sent with another DE7 it is found by this one too from then on. */
async function answerOfRunning(
  { reply: running, sentAt }: Running,
  asked: Omit<Payment, 'route'>,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const reply = await running;
  const { transmittedAt, named } = asked.request;
  if (!reply || (!named && sentAt === transmittedAt)) return reply;
  const known = await ports.journal.transactionOf(asked.key).catch(() => undefined);
  if (known) asked.inbound.onKept?.(known.transaction);
  if (known && !named) await nameAgain(namedBy(asked, known), ports);
  return reply;
}

/**
 * The answer to what the journal has already, from whichever node it came.
 * @throws what `replay` and `nameAgain` throw
 */
export async function answerAgain(
  asked: Omit<Payment, 'route'>,
  known: { readonly transaction: string; readonly fingerprint: string },
  ports: Ports,
): Promise<ReplyFields | undefined> {
  asked.inbound.onKept?.(known.transaction);
  const named = namedBy(asked, known);
  if (isRemembered(known.fingerprint)) {
    const { original, deadline } = named;
    await nameReversed({ ...known, key: asked.key, original, deadline }, ports);
  }
  const reply = await replay(known, asked.fingerprint, named.deadline, ports, named.key);
  if (reply && !asked.request.named) await nameAgain(named, ports);
  return reply;
}

function namedBy(
  { inbound, request, key }: Omit<Payment, 'route'>,
  { transaction }: { readonly transaction: string },
): NamedAgain {
  // What adds to another is told in its history.
  const replyKey = request.service.deed === 'add' ? key : OPENING_REPLY;
  const original = originalKey(inbound.party.key, request);
  return { transaction, key: replyKey, original, deadline: inbound.joinBy };
}

function routed({ request, inbound }: Omit<Payment, 'route'>, ports: Ports): Route | Refusal {
  try {
    return routeOf(request, inbound, ports);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/**
 * What leads nowhere now may have led somewhere when it was asked first: settings change, and what was answered stays
 * answered. Only where the journal does not know the request it is refused.
 * @throws Refusal the one given, SW_JOURNAL where the journal cannot be asked
 */
async function answeredBefore(
  asked: Omit<Payment, 'route'>,
  refusal: Refusal,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  let known: Awaited<ReturnType<Ports['journal']['transactionOf']>>;
  try {
    known = await ports.journal.transactionOf(asked.key);
  } catch (cause) {
    throw new Refusal('SW_JOURNAL', { stan: asked.request.stan }, { cause });
  }
  if (!known) throw refusal;
  return answerAgain(asked, known, ports);
}

function waited({ receivedAt }: Pick<PaymentInbound, 'receivedAt'>, { clock }: Pick<Ports, 'clock'>): number {
  return Math.round(clock.monotonic() - receivedAt);
}

/** What is out of its time may be a repeat of what is known: that is answered as ever. */
function isStale({ message, listener, party }: PaymentInbound, { clock }: Pick<Ports, 'clock'>): boolean {
  if (party.terminal?.clock === 'local') return false;
  const { freshnessMs = DEFAULT_FRESHNESS_MS } = listener;
  return (distanceOf(message, clock.wall()) ?? 0) > freshnessMs;
}
