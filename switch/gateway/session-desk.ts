import { delay, timeOrderedUuid } from '../../runtime/index.ts';
import { currencyName } from '../config/currency.ts';
import { Refusal } from '../errors.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import { foldTransaction } from '../transaction/fold.ts';
import type { SealedText } from '../vault/sealed-text.ts';
import { type Asking, type DeskParts, keyOfNamed, type NamedAsking, nameOf } from './core-call.ts';
import { contentOf, numericOf, witnessOf } from './order.ts';
import type { Told } from './payment-desk.ts';
import { fieldProblem, Problem } from './problems.ts';
import type { PaymentOrder, SessionData, SessionOrder } from './schemas.ts';
import type { Claim, PaymentSession, PaymentSessions } from './sessions.ts';

// Payment sessions: an amount that a merchant asks somebody to pay within a time. A payment that names one closes it,
// once: it claims the session first, and whoever comes meanwhile is told so. The clock that is handed in says when one
// is over; it is written down when somebody looks.

const USUAL_LIFE_S = 300;
const SHORTEST_LIFE_MS = 10_000;
const LONGEST_LIFE_MS = 86_400_000;
/** A claim of which the journal knows nothing by then never opened a leg: every deadline of its payment is over. */
const CLAIM_MS = 30_000;
const KEPT_MS = 30 * 86_400_000;
const FORGOTTEN_AT_ONCE = 100;
/** How long the same request waits for the first of its name to be on record. */
const LOOKS = 40;
const LOOK_MS = 25;

/** Who takes part, as it lies sealed. */
type Details = Pick<SessionOrder, 'consumer_id' | 'supplier_ids' | 'reference'>;

export interface SessionParts extends DeskParts {
  readonly sessions: PaymentSessions;
  readonly sealed: Pick<SealedText, 'seal' | 'open'>;
}

export class SessionDesk {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** @throws Problem, Refusal */
  async open(order: SessionOrder, key: string | undefined, { caller }: Asking): Promise<SessionData> {
    const { ports, sessions, sealed } = this.#parts;
    const { merchant } = caller;
    const { amount, merchant_id: named = merchant.id, consumer_id, supplier_ids, reference } = order;
    if (named !== merchant.id) throw new Problem('GW_MERCHANT');
    witnessOf(order, merchant.id);

    const now = ports.clock.wall();
    const session = timeOrderedUuid(ports.clock, ports.random);
    const details: Details = {
      ...(consumer_id !== undefined && { consumer_id }),
      ...(supplier_ids && { supplier_ids }),
      ...(reference !== undefined && { reference }),
    };
    const wanted: PaymentSession = {
      session,
      merchant: merchant.id,
      name: key === undefined ? session : nameOf(key),
      content: contentOf(order),
      minorUnits: amount.value,
      currency: numericOf(amount.currency),
      details: await sealed.seal(session, JSON.stringify(details)),
      state: 'open',
      createdAt: now,
      expiresAt: endOf(order, now),
    };

    const kept = await sessions.open(wanted);
    if (kept.content !== wanted.content) throw new Problem('GW_KEY_REUSED');
    if (kept.session === session) await sessions.forget(now - KEPT_MS, FORGOTTEN_AT_ONCE);
    return this.#view(await this.#settled(kept));
  }

  /** @throws Problem GW_NOT_FOUND, Refusal */
  async session(id: string, asking: Asking): Promise<SessionData> {
    return this.#view(await this.#found(id, asking));
  }

  /** @throws Problem GW_NOT_FOUND, GW_SESSION, GW_SESSION_BUSY, Refusal */
  async cancel(id: string, asking: Asking): Promise<SessionData> {
    const { sessions, ports } = this.#parts;
    const found = await this.#found(id, asking);
    if (found.state === 'open') await sessions.close(id, 'cancelled', ports.clock.wall());

    const now = await this.#found(id, asking);
    if (now.state === 'open') throw new Problem('GW_SESSION_BUSY');
    if (now.state !== 'cancelled') throw closed(now);
    return this.#view(now);
  }

  /**
   * Pays a session: by this request alone, until it is known what became of it.
   * @param pay makes the payment of the order that it is given
   * @throws Problem GW_SESSION, GW_SESSION_BUSY, and what `pay` throws
   */
  async pay(
    order: PaymentOrder & { session_id: string },
    asking: NamedAsking,
    pay: (order: PaymentOrder) => Promise<Told>,
  ): Promise<Told> {
    const { sessions, ports } = this.#parts;
    const { session_id: id } = order;
    const found = await this.#found(id, asking);
    const ordered = asSessionHas(order, found, await this.#detailsOf(found));
    const claim: Claim = { by: nameOf(asking.idempotencyKey), at: ports.clock.wall() };
    const isFirst = await this.#claimed(id, claim, asking);

    try {
      const told = await pay(ordered);
      if (told.isDecided) await this.#paid(id, claim, told.payment.transaction_id);
      return told;
    } catch (error) {
      if (isFirst && isOver(error)) await this.#quietly(id, () => sessions.release(id, claim));
      throw error;
    }
  }

  /**
   * Whether the session is this request's for the first time. The same request again goes on only where the journal has
   * its payment: then it gets the stored answer, and cannot make another beside a claim that was let go meanwhile.
   * @throws Problem GW_SESSION, GW_SESSION_BUSY
   */
  async #claimed(id: string, claim: Claim, asking: Asking): Promise<boolean> {
    const { sessions, ports } = this.#parts;
    for (let look = 0; look < LOOKS; look += 1) {
      if (await sessions.claim(id, claim)) return true;
      const now = await this.#found(id, asking);
      const isOwn = now.claim?.by === claim.by || now.state === 'paid';
      const payment = isOwn ? await this.#paymentOf(now.merchant, claim) : undefined;
      if (payment !== undefined && payment === (now.payment ?? payment)) return false;
      if (now.state !== 'open') throw closed(now);
      if (now.claim && !isOwn) throw new Problem('GW_SESSION_BUSY');
      await delay(ports.clock, LOOK_MS);
    }
    throw new Problem('GW_SESSION_BUSY');
  }

  /** The payment stands whatever becomes of this: who looks next finds it in the journal. */
  #paid(id: string, { by }: Claim, payment: string): Promise<void> {
    const { sessions, ports } = this.#parts;
    return this.#quietly(id, () => sessions.pay(id, by, payment, ports.clock.wall()));
  }

  async #quietly(session: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#parts.ports.log.warn({ event: 'gateway.session-unwritten', session, err: error });
    }
  }

  async #found(id: string, { caller }: Asking): Promise<PaymentSession> {
    const found = await this.#parts.sessions.find(caller.merchant.id, id);
    if (!found) throw new Problem('GW_NOT_FOUND');
    return this.#settled(found);
  }

  /** What is open only because nobody has looked: a claim that came to its end, a time that is over. */
  async #settled(found: PaymentSession): Promise<PaymentSession> {
    const { sessions, ports } = this.#parts;
    const { session, merchant, claim, state, expiresAt } = found;
    if (state !== 'open') return found;
    const now = ports.clock.wall();
    if (claim) {
      const payment = await this.#outcomeOf(merchant, claim, now);
      if (payment === 'under-way') return found;
      if (payment === 'none') await sessions.release(session, claim);
      else await sessions.pay(session, claim.by, payment, now);
    } else {
      if (now < expiresAt) return found;
      await sessions.close(session, 'expired', now);
    }
    const looked = await sessions.find(merchant, session);
    if (!looked) throw new Problem('GW_NOT_FOUND');
    return looked.state === 'open' && !looked.claim && now >= expiresAt ? this.#settled(looked) : looked;
  }

  /** The payment that a claim led to, where it was approved. */
  async #outcomeOf(merchant: string, claim: Claim, now: number): Promise<string | 'none' | 'under-way'> {
    const transaction = await this.#paymentOf(merchant, claim);
    if (transaction === undefined) return now - claim.at > CLAIM_MS ? 'none' : 'under-way';
    const payment = foldTransaction(await this.#parts.ports.journal.history(transaction));
    const { decided, state } = payment ?? {};
    if (!decided) return state === 'intended' ? 'under-way' : 'none';
    return isApprovalCode(decided.reply.code) ? transaction : 'none';
  }

  async #paymentOf(merchant: string, claim: Claim): Promise<string | undefined> {
    const found = await this.#parts.ports.journal.transactionOf(keyOfNamed(merchant, claim.by, claim.at));
    return found?.transaction;
  }

  async #detailsOf({ session, details }: PaymentSession): Promise<Details> {
    return JSON.parse(await this.#parts.sealed.open(session, details)) as Details;
  }

  async #view(found: PaymentSession): Promise<SessionData> {
    const { session, merchant, state, minorUnits, currency, createdAt, expiresAt, payment = null } = found;
    const { consumer_id = null, supplier_ids = [], reference = null } = await this.#detailsOf(found);
    return {
      session_id: session,
      status: state,
      merchant_id: merchant,
      amount: { value: minorUnits, currency: currencyName(currency) },
      consumer_id,
      supplier_ids,
      reference,
      created_at: new Date(createdAt).toISOString(),
      expires_at: new Date(expiresAt).toISOString(),
      transaction_id: payment,
    };
  }
}

/** What was made and failed, or refused before it was made: the next may try. What nobody knows yet holds the claim. */
function isOver(error: unknown): boolean {
  if (error instanceof Refusal) return !error.isPassing;
  return error instanceof Problem && (error.told.payment !== undefined || error.status < 500);
}

function closed({ state }: PaymentSession): Problem {
  return new Problem('GW_SESSION', { detail: `it is ${state}` });
}

/** @throws Problem GW_FIELD */
function endOf({ expires_at: at, expires_in: seconds }: SessionOrder, now: number): number {
  if (at !== undefined && seconds !== undefined) throw fieldProblem('/expires_in', 'is said by expires_at');
  if (at === undefined) return now + (seconds ?? USUAL_LIFE_S) * 1_000;
  const end = Date.parse(at);
  if (Number.isNaN(end)) throw fieldProblem('/expires_at', 'is no moment');
  if (end < now + SHORTEST_LIFE_MS || end > now + LONGEST_LIFE_MS) {
    throw fieldProblem('/expires_at', 'lies less than 10 seconds ahead, or more than a day');
  }
  return end;
}

/** The order that pays it: what the session says, and nothing else than it says. @throws Problem GW_FIELD */
function asSessionHas(
  order: PaymentOrder,
  { minorUnits, currency }: PaymentSession,
  { consumer_id, supplier_ids }: Details,
): PaymentOrder {
  if (order.amount.value !== minorUnits) throw fieldProblem('/amount/value', 'is not the session’s');
  if (numericOf(order.amount.currency) !== currency) {
    throw fieldProblem('/amount/currency', 'is not the session’s');
  }
  if (consumer_id !== undefined && (order.consumer_id ?? consumer_id) !== consumer_id) {
    throw fieldProblem('/consumer_id', 'is not the session’s');
  }
  const others = supplier_ids && order.supplier_ids;
  if (others && others.join() !== supplier_ids.join()) {
    throw fieldProblem('/supplier_ids', 'are not the session’s');
  }
  if (order.capture === 'manual') return order;
  return {
    ...order,
    ...(consumer_id !== undefined && { consumer_id }),
    ...(supplier_ids && { supplier_ids }),
  };
}
