import type { Pan } from '../../messages/index.ts';
import type { PaymentInbound, StoredCard, Witness } from '../admission/inbound.ts';
import { asRefusal } from '../admission/prove.ts';
import { authorise } from '../serve/authorise.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import {
  type Asking,
  type DeskParts,
  inboundOf,
  inTime,
  type MerchantAsking,
  type NamedAsking,
} from './core-call.ts';
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

/** A card as an order's token stands for it. */
export type OrderedCard = StoredCard & { readonly expiry?: string };

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
    return this.ask(await this.#inboundOf(order, asking), orderedOf(order));
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
    const { payment, opening } = await foundPayment(id, caller, this.#parts);
    return currentView(payment, opening);
  }

  /** The card of an order's token. @throws Problem GW_CARD_TOKEN, Refusal */
  async cardOf(order: PaymentOrder, { caller }: Pick<MerchantAsking, 'caller'>): Promise<OrderedCard> {
    const card = await this.#parts.tokens.find(caller.merchant.id, order.card_token);
    if (!card) throw fieldProblem('/card_token', 'is no token of this merchant', 'GW_CARD_TOKEN');
    const { ciphertext, reference, expiry } = card;
    return { ciphertext, reference, ...(expiry !== undefined && { expiry }) };
  }

  /** Where the card leads. @throws Refusal SW_HSM */
  async networkOf({ ciphertext }: OrderedCard): Promise<string | undefined> {
    return this.#parts.ports.directory.networkFor(await this.#revealed(ciphertext));
  }

  /** Sends what waited, or has it declined on record. @throws as `pay` */
  async send(
    { order, card }: { readonly order: PaymentOrder; readonly card: OrderedCard },
    asking: MerchantAsking,
    waited: NonNullable<PaymentInbound['waited']>,
  ): Promise<Told> {
    const inbound = await this.#inboundOf(order, asking, card);
    return this.ask({ ...inbound, waited }, orderedOf(order));
  }

  /** What can be said of an order before its card is looked at. @throws Problem */
  check(order: PaymentOrder, { caller }: Pick<MerchantAsking, 'caller'>): Witness {
    const { id } = caller.merchant;
    const { merchant_id: named = id } = order;
    if (named !== id) throw new Problem('GW_MERCHANT');
    refuseEarlyWitness(order);
    expiryOf(order.card_expiry_month, order.card_expiry_year, 'card_expiry');
    return witnessOf(order, id);
  }

  async #inboundOf(
    order: PaymentOrder,
    asking: MerchantAsking,
    known?: OrderedCard,
  ): Promise<PaymentInbound> {
    const { ports, settings } = this.#parts;
    const witness = this.check(order, asking);
    const given = expiryOf(order.card_expiry_month, order.card_expiry_year, 'card_expiry');
    const { ciphertext, reference, expiry } = known ?? (await this.cardOf(order, asking));
    const parts: OrderParts = {
      merchant: asking.caller.merchant.id,
      terminal: settings.terminal,
      pan: await this.#revealed(ciphertext),
      expiry: given ?? expiry,
      nowMs: ports.clock.wall(),
      random: ports.random,
    };
    const message = orderMessage(order, parts);
    const inbound = inboundOf(message, contentOf(order), asking, this.#parts);
    return { ...inbound, card: { ciphertext, reference }, pin: { block: undefined }, witness };
  }

  #revealed(ciphertext: string): Promise<Pan> {
    return this.#parts.ports.hsm.revealPan(Buffer.from(ciphertext, 'base64')).catch(asRefusal);
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

function orderedOf({ amount, capture }: PaymentOrder): Ordered {
  return { ...amount, status: capture === 'manual' ? 'Authorized' : 'PaymentCompleted' };
}
