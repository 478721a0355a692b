import type { PaymentInbound } from '../admission/inbound.ts';
import { asRefusal } from '../admission/prove.ts';
import { authorise } from '../serve/authorise.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { type Asking, type DeskParts, inboundOf, inTime, type NamedAsking } from './core-call.ts';
import { foundPayment } from './found-payment.ts';
import {
  contentOf,
  expiryOf,
  type OrderParts,
  orderMessage,
  refuseEarlyWitness,
  witnessOf,
} from './order.ts';
import {
  currentView,
  decidedView,
  type Failure,
  failureByCode,
  failureOf,
  initiatedView,
  type Ordered,
} from './payment-view.ts';
import { fieldProblem, Problem } from './problems.ts';
import type { PaymentData, PaymentOrder } from './schemas.ts';

// What applications can ask for, apart from how HTTP says it. A payment is an authorisation like any other: its order
// becomes the message that a terminal would have sent, and goes through the same core. What differs is its name: it is
// known by the Idempotency-Key, and not by a STAN.

/** A payment that is decided, or that nobody can tell of yet. */
export interface Told {
  readonly isDecided: boolean;
  readonly payment: PaymentData;
}

export class PaymentDesk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /**
   * Makes a payment, or tells of the one that this key made already.
   * @throws Problem, with the payment where one was made and failed; Refusal
   */
  async pay(order: PaymentOrder, asking: NamedAsking): Promise<Told> {
    const status = order.capture === 'manual' ? 'Authorized' : 'PaymentCompleted';
    return this.ask(await this.#inboundOf(order, asking), { ...order.amount, status });
  }

  /** Has the core authorise what has become a message. @throws as `pay` */
  async ask(inbound: PaymentInbound, ordered: Ordered): Promise<Told> {
    const { ports } = this.#parts;
    let transaction: string | undefined;
    const onKept = (kept: string) => {
      transaction = kept;
    };

    const reply = await inTime(authorise({ ...inbound, onKept }, ports), inbound.lastMoment, ports.clock);
    if (transaction === undefined) {
      throw new Problem('GW_UNAVAILABLE', {
        detail: 'what became of it is not known yet: ask again, with the same key',
      });
    }
    if (!reply) return { isDecided: false, payment: initiatedView(transaction, ordered) };
    if (isApprovalCode(reply.code)) {
      return { isDecided: true, payment: decidedView(transaction, reply, ordered) };
    }
    const failure = await this.#failureOf(transaction, reply);
    throw new Problem(failure, { payment: decidedView(transaction, reply, ordered, failure) });
  }

  /** A payment of the caller's merchant, whichever way it came in. @throws Problem GW_NOT_FOUND, JournalError */
  async payment(id: string, { caller }: Asking): Promise<PaymentData> {
    const { payment, opening } = await foundPayment(id, caller, this.#parts.ports.journal);
    return currentView(payment, opening);
  }

  async #inboundOf(order: PaymentOrder, asking: NamedAsking): Promise<PaymentInbound> {
    const { ports, settings, tokens } = this.#parts;
    const { merchant } = asking.caller;
    const { merchant_id: named = merchant.id } = order;
    if (named !== merchant.id) throw new Problem('GW_MERCHANT');
    refuseEarlyWitness(order);
    const witness = witnessOf(order, merchant.id);
    const given = expiryOf(order.card_expiry_month, order.card_expiry_year, 'card_expiry');
    const card = await tokens.find(merchant.id, order.card_token);
    if (!card) throw fieldProblem('/card_token', 'is no token of this merchant', 'GW_CARD_TOKEN');

    const { ciphertext, reference } = card;
    const pan = await ports.hsm.revealPan(Buffer.from(ciphertext, 'base64')).catch(asRefusal);
    const parts: OrderParts = {
      merchant: merchant.id,
      terminal: settings.terminal,
      pan,
      expiry: given ?? card.expiry,
      nowMs: ports.clock.wall(),
      random: ports.random,
    };
    const message = orderMessage(order, parts);
    const inbound = inboundOf(message, contentOf(order), asking, this.#parts);
    return { ...inbound, card: { ciphertext, reference }, pin: { block: undefined }, witness };
  }

  /** Why it failed is in its history; where that cannot be read now the code has to tell. */
  async #failureOf(transaction: string, { code }: ReplyFields): Promise<Failure> {
    const { journal, log } = this.#parts.ports;
    try {
      const decided = foldTransaction(await journal.history(transaction))?.decided;
      if (decided) return failureOf(decided);
    } catch (error) {
      log.warn({ event: 'gateway.unread', transaction, err: error });
    }
    return failureByCode(code);
  }
}
