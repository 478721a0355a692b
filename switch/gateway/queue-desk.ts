import { type Clock, type Timer, timeOrderedUuid } from '../../runtime/index.ts';
import type { QueueSettings } from '../config/gateway.ts';
import { Refusal } from '../errors.ts';
import type { SealedText } from '../vault/sealed-text.ts';
import { type Asking, type DeskParts, keyOfNamed, type NamedAsking, nameOf } from './core-call.ts';
import { contentOf, numericOf } from './order.ts';
import type { OrderedCard, PaymentDesk, Told } from './payment-desk.ts';
import { queuedView } from './payment-view.ts';
import { Problem } from './problems.ts';
import type { QueuedPayment, QueuedPayments } from './queued-payments.ts';
import type { PaymentData, PaymentOrder } from './schemas.ts';

// Payments whose network is away, where the network takes them later without what may not be kept. One waits in the
// database until its network is back, and is sent once: it becomes the transaction of its own id, under the key that
// it came with, so the journal refuses a second. Whose time is over is declined on record, and opens no leg. Whatever
// it comes to is told by one webhook. Two nodes may see a network differently, and of two requests with one key one may
// wait here while the other is paid there: the id that waited leads to that payment then.

const LOOK_EVERY_MS = 500;
const AT_ONCE = 8;
/** What was taken by then has no time left: every deadline of its payment is over. */
const TAKEN_MS = 30_000;
const USUAL_LIFE_S = 900;
const USUAL_MOST = 1_000;

/** What is needed to send it, as it lies sealed. */
interface Kept {
  readonly order: PaymentOrder;
  readonly key: string;
  readonly card: OrderedCard;
}

export interface QueueParts extends DeskParts {
  readonly queued: QueuedPayments;
  readonly sealed: Pick<SealedText, 'seal' | 'open'>;
}

export class QueueDesk {
  readonly #parts: QueueParts;
  readonly #payments: PaymentDesk;
  readonly #settings: QueueSettings;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: QueueParts, payments: PaymentDesk, settings: QueueSettings) {
    this.#parts = parts;
    this.#payments = payments;
    this.#settings = settings;
    this.#clock = parts.ports.clock;
    this.#lookLater();
  }

  /** Pays now where that can be, and queues where its network is away. @throws Problem, Refusal */
  async pay(order: PaymentOrder, asking: NamedAsking): Promise<Told> {
    const { merchant } = asking.caller;
    const known = await this.#parts.queued.named(merchant.id, nameOf(asking.idempotencyKey));
    if (known && !isForJournal(known)) return told(known, contentOf(order));
    const isQueueable = !known && order.session_id === undefined;
    if (!isQueueable || !this.#isAnyAway()) return this.#payments.pay(order, asking);

    this.#payments.check(order, asking);
    const card = await this.#payments.cardOf(order, asking);
    const network = await this.#payments.networkOf(card);
    const isPaid = async () => (await this.#paidAs(merchant.id, nameOf(asking.idempotencyKey))) !== undefined;
    if (network === undefined || !this.#isAway(network) || (await isPaid())) {
      return this.#payments.pay(order, asking);
    }
    return this.#queue({ order, key: asking.idempotencyKey, card }, network, asking);
  }

  /** One that waits, or was cancelled or refused and is in no journal. @throws Refusal */
  async find(id: string, { caller }: Asking): Promise<PaymentData | undefined> {
    const found = await this.#parts.queued.find(caller.merchant.id, id);
    return found && found.state !== 'sent' ? queuedView(found) : undefined;
  }

  /**
   * @returns it, where it is cancelled now; nothing where it was sent, or never queued
   * @throws Problem GW_UNAVAILABLE while it is sent, GW_REFUSED where it was refused, Refusal
   */
  async cancel(id: string, asking: Asking): Promise<PaymentData | undefined> {
    const { queued } = this.#parts;
    const { merchant } = asking.caller;
    const waiting = await queued.find(merchant.id, id);
    const paid = waiting?.state === 'waiting' ? await this.#paidAs(merchant.id, waiting.name) : undefined;
    if (paid !== undefined) await queued.sent(id, paid);

    const isCancelled = await queued.cancel(merchant.id, id);
    const found = await this.find(id, asking);
    if (!found || isCancelled) return found;
    if (found.status === 'Failed') {
      throw new Problem('GW_REFUSED', { detail: 'it was refused when it was sent' });
    }
    throw new Problem('GW_UNAVAILABLE', { detail: 'it is being sent: ask again' });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #isAnyAway(): boolean {
    return this.#settings.networks.some((name) => this.#isAway(name));
  }

  #isAway(network: string): boolean {
    const state = this.#parts.ports.networks.get(network)?.state();
    return this.#settings.networks.includes(network) && state !== undefined && state !== 'signed-on';
  }

  /** The transaction that was made under this name. */
  async #paidAs(merchant: string, name: string): Promise<string | undefined> {
    const key = keyOfNamed(merchant, name, this.#clock.wall());
    return (await this.#parts.ports.journal.transactionOf(key))?.transaction;
  }

  async #queue(kept: Kept, network: string, { caller }: Asking): Promise<Told> {
    const { queued, sealed, ports } = this.#parts;
    const { expiresInS = USUAL_LIFE_S, most = USUAL_MOST } = this.#settings;
    const { amount } = kept.order;
    const now = this.#clock.wall();
    const payment = timeOrderedUuid(this.#clock, ports.random);
    const wanted: QueuedPayment = {
      payment,
      merchant: caller.merchant.id,
      name: nameOf(kept.key),
      content: contentOf(kept.order),
      network,
      minorUnits: amount.value,
      currency: numericOf(amount.currency),
      sealed: await sealed.seal(payment, JSON.stringify(kept)),
      state: 'waiting',
      createdAt: now,
      expiresAt: now + expiresInS * 1_000,
    };

    const put = await queued.put(wanted, most);
    if (!put) throw new Problem('GW_UNAVAILABLE', { detail: 'the network is away, and nothing was done' });
    ports.log.info({ event: 'gateway.queued', payment: put.payment, network });
    return told(put, wanted.content);
  }

  /**
   * Decided is decided, whatever it is; what nobody knows yet is looked at again.
   * @returns the transaction of its key; nothing where it was refused for good before one was made
   */
  async #ended(sent: Promise<Told>): Promise<string | undefined> {
    try {
      return (await sent).payment.transaction_id;
    } catch (error) {
      if (error instanceof Problem && error.told.payment) return error.told.payment.transaction_id;
      const isForGood =
        error instanceof Problem
          ? error.code !== 'GW_UNAVAILABLE'
          : error instanceof Refusal && !error.isPassing;
      if (!isForGood) throw error;
      this.#parts.ports.log.error({ event: 'gateway.queue-refused', err: error });
      return undefined;
    }
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#looking = this.#look().finally(() => this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    const { queued, ports } = this.#parts;
    const now = this.#clock.wall();
    const networks = [...ports.networks]
      .filter(([, each]) => each.state() === 'signed-on')
      .map(([name]) => name);
    const wanted = { networks, now, takenBefore: now - TAKEN_MS, limit: AT_ONCE };
    try {
      const taken = await queued.take(wanted);
      await Promise.all(taken.map((each) => this.#send(each, now)));
    } catch (error) {
      ports.log.warn({ event: 'gateway.queue-unread', err: error });
    }
  }

  /** What is not ended here is taken again: the journal tells then whether it was sent. */
  async #send(taken: QueuedPayment, now: number): Promise<void> {
    const { queued, ports } = this.#parts;
    const { payment } = taken;
    try {
      const isSent = (await ports.journal.history(payment)).length > 0;
      const became = isSent ? payment : await this.#becomes(taken, now);
      await (became === undefined ? queued.refused(payment) : queued.sent(payment, became));
    } catch (error) {
      ports.log.warn({ event: 'gateway.queue-unsent', payment, err: error });
    }
  }

  /** Its time is over for one that nobody can send, too: a merchant that is gone waits no longer than that. */
  async #becomes(taken: QueuedPayment, now: number): Promise<string | undefined> {
    const { sealed, ports } = this.#parts;
    const { payment, merchant: id, expiresAt } = taken;
    const isOver = now >= expiresAt;
    const merchant = ports.directory.merchant(id);
    if (!merchant && !isOver) throw new Error(`merchant ${id} is not known any more`);
    if (!merchant) return undefined;

    const kept = JSON.parse(await sealed.open(payment, taken.sealed)) as Kept;
    const over = isOver ? new Refusal('SW_QUEUE_EXPIRED') : undefined;
    const receivedAt = this.#clock.monotonic();
    const asking = { caller: { merchant }, idempotencyKey: kept.key, receivedAt, leavePlace: () => {} };
    return this.#ended(this.#payments.send(kept, asking, { transaction: payment, ...(over && { over }) }));
  }
}

/** The journal has what it became, or is to say what its key may still do. */
function isForJournal({ state }: QueuedPayment): boolean {
  return state === 'sent' || state === 'refused';
}

function told(queued: QueuedPayment, content: string): Told {
  if (queued.content !== content) throw new Problem('GW_KEY_REUSED');
  return { isDecided: false, payment: queuedView(queued) };
}
