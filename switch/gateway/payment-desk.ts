import { hash } from 'node:crypto';
import type { Pan } from '../../messages/index.ts';
import type { Monotonic } from '../../runtime/index.ts';
import { type PaymentInbound, receive } from '../admission/inbound.ts';
import { asRefusal, storedForms } from '../admission/prove.ts';
import { GATEWAY_NAME } from '../config/gateway.ts';
import type { ListenerSettings, Settings } from '../config/settings.ts';
import type { Ports } from '../ports.ts';
import { partyKey } from '../requests/keys.ts';
import { understandSender } from '../requests/understand.ts';
import { authorise } from '../serve/authorise.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { type CardTokens, newToken, type TokenisedCard } from '../vault/card-tokens.ts';
import type { Caller } from './callers.ts';
import { contentOf, expiryOf, type OrderParts, purchaseOf, witnessOf } from './order.ts';
import {
  currentView,
  decidedView,
  type Failure,
  failureByCode,
  failureOf,
  initiatedView,
} from './payment-view.ts';
import { fieldProblem, Problem } from './problems.ts';
import type { CardOrder, PaymentData, PaymentOrder } from './schemas.ts';

// What applications can ask for, apart from how HTTP says it. A payment is an authorisation like any other: its order
// becomes the message that a terminal would have sent, and goes through the same core. What differs is its name: it is
// known by the Idempotency-Key, and not by a STAN.

export interface DeskParts {
  readonly settings: NonNullable<Settings['gateway']>;
  /** Those of requests, whose waits the gate counts. */
  readonly ports: Ports;
  readonly tokens: CardTokens;
}

/** What is known of a request beside its body. */
export interface Asking {
  readonly caller: Caller;
  readonly receivedAt: Monotonic;
}

export interface PaymentAsking extends Asking {
  readonly idempotencyKey: string;
  /** Gives its place at the gate to the next. */
  readonly leavePlace: () => void;
}

/** A payment that is decided, or that nobody can tell of yet. */
export interface Told {
  readonly isDecided: boolean;
  readonly payment: PaymentData;
}

const KEY_LENGTH = 22;

export class PaymentDesk {
  readonly #parts: DeskParts;
  readonly #listener: ListenerSettings;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#listener = asListener(parts.settings);
  }

  /**
   * Makes a payment, or tells of the one that this key made already.
   * @throws Problem, with the payment where one was made and failed; Refusal
   */
  async pay(order: PaymentOrder, asking: PaymentAsking): Promise<Told> {
    const { ports } = this.#parts;
    const ordered = order.amount;
    const inbound = await this.#inboundOf(order, asking);
    let transaction: string | undefined;
    const onKept = (kept: string) => {
      transaction = kept;
    };

    const reply = await this.#inTime(authorise({ ...inbound, onKept }, ports), inbound.lastMoment);
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
    const found = foldTransaction(await this.#parts.ports.journal.history(id));
    const { opening } = found ?? {};
    if (!found || opening?.facts.merchant.trimEnd() !== caller.merchant.id) throw new Problem('GW_NOT_FOUND');
    return currentView(found, opening);
  }

  /** @throws Problem, Refusal */
  async tokenise(order: CardOrder, pan: Pan, { caller }: Asking): Promise<TokenisedCard> {
    const { ports, tokens } = this.#parts;
    const expiry = expiryOf(order.expiry_month, order.expiry_year, 'expiry');
    const { ciphertext, reference } = await storedForms(pan, ports);
    return tokens.keep(caller.merchant.id, {
      token: newToken(ports.random),
      ciphertext,
      reference,
      lastFour: pan.lastFour(),
      ...(expiry !== undefined && { expiry }),
    });
  }

  /** @throws Problem GW_NOT_FOUND, Refusal */
  async erase(token: string, { caller }: Asking): Promise<void> {
    if (!(await this.#parts.tokens.erase(caller.merchant.id, token))) throw new Problem('GW_NOT_FOUND');
  }

  async #inboundOf(order: PaymentOrder, asking: PaymentAsking): Promise<PaymentInbound> {
    const { ports, settings, tokens } = this.#parts;
    const { receivedAt, leavePlace, idempotencyKey } = asking;
    const { merchant } = asking.caller;
    const { merchant_id: named = merchant.id } = order;
    if (named !== merchant.id) throw new Problem('GW_MERCHANT');
    const witness = witnessOf(order, merchant.id);
    const given = expiryOf(order.card_expiry_month, order.card_expiry_year, 'card_expiry');
    const card = await tokens.find(merchant.id, order.card_token);
    if (!card) throw fieldProblem('/card_token', 'is no token of this merchant', 'GW_CARD_TOKEN');

    const { terminal } = settings;
    const pan = await ports.hsm.revealPan(Buffer.from(card.ciphertext, 'base64')).catch(asRefusal);
    const expiry = given ?? card.expiry;
    const parts: OrderParts = {
      ...{ merchant: merchant.id, terminal, pan, expiry },
      ...{ nowMs: ports.clock.wall(), random: ports.random },
    };
    const message = purchaseOf(order, parts);
    const came = { message, sealed: undefined, receivedAt, leavePlace };
    const {
      sealed: _,
      certificate: __,
      ...received
    } = receive(came, this.#listener, ports.settings, receivedAt);
    const name = hash('sha256', idempotencyKey, 'base64url').slice(0, KEY_LENGTH);
    return {
      ...received,
      sender: { ...understandSender(message, ports.clock), named: { name, content: contentOf(order) } },
      party: { terminal: undefined, merchant, key: partyKey('', merchant.id, GATEWAY_NAME) },
      keys: undefined,
      card: { ciphertext: card.ciphertext, reference: card.reference },
      pin: { block: undefined },
      witness,
    };
  }

  /** The reply, or nothing once its last moment is over: what comes then is asked for by GET. */
  async #inTime(
    reply: Promise<ReplyFields | undefined>,
    lastMoment: Monotonic,
  ): Promise<ReplyFields | undefined> {
    const { clock } = this.#parts.ports;
    const late = Promise.withResolvers<undefined>();
    const timer = clock.after(Math.max(0, lastMoment - clock.monotonic()), () => late.resolve(undefined));
    try {
      return await Promise.race([reply, late.promise]);
    } finally {
      timer.cancel();
    }
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

/** As the core knows a listener: of an application it asks for no MAC, since its key was looked at. */
function asListener({ host, port, acquirer }: DeskParts['settings']): ListenerSettings {
  return {
    ...{ name: GATEWAY_NAME, host, port, acquirer, mac: 'none' },
    ...{ dialect: 'iso87-ascii', framing: 'length-2', idleTimeoutMs: 60_000 },
    ...{ maxFrameBytes: 4_096, maxConnections: 1_000, maxInFlightPerConnection: 256 },
  };
}
