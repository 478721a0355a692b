import type { NoticeInbound, PaymentInbound } from '../admission/inbound.ts';
import { asRefusal } from '../admission/prove.ts';
import { currencyName } from '../config/currency.ts';
import { requestFingerprint } from '../requests/keys.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { readMoney } from '../requests/understand.ts';
import { toldBy } from '../serve/answer-notice.ts';
import { complete } from '../serve/complete.ts';
import { voidPayment } from '../serve/take-back.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import type { OpeningBody, ReplyFields } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { type DeskParts, inboundOf, inTime, type NamedAsking } from './core-call.ts';
import { type FoundPayment, foundPayment } from './found-payment.ts';
import { contentOf, correctionMessage, type MoneyOrder, numericOf, witnessOf } from './order.ts';
import type { PaymentDesk, Told } from './payment-desk.ts';
import { currentView } from './payment-view.ts';
import { Problem } from './problems.ts';
import type { CaptureOrder, PaymentData, RefundOrder } from './schemas.ts';

// What is done to a payment that exists. It is named by its id, and told to the same verbs that serve a terminal's
// void, completion and refund, which look at what stands of it. A completion of an application is no advice: what is
// refused happened nowhere, so it is never acknowledged for being told often.

export class CorrectionDesk {
  readonly #parts: DeskParts;
  readonly #payments: PaymentDesk;

  constructor(parts: DeskParts, payments: PaymentDesk) {
    this.#parts = parts;
    this.#payments = payments;
  }

  /** Takes it back in full. @throws Problem, Refusal */
  async cancel(asked: string, asking: NamedAsking): Promise<PaymentData> {
    const { id, opening } = await this.#found(asked, asking);
    const message = this.#message(opening, { mti: '0200', de3: '020000' });
    const inbound: NoticeInbound = { ...inboundOf(message, `cancel|${id}`, asking, this.#parts), about: id };
    return this.#told(id, voidPayment(inbound, this.#parts.ports), inbound, asking);
  }

  /** Takes what a payment that was only authorised has set aside, or less. @throws Problem, Refusal */
  async capture(asked: string, order: CaptureOrder, asking: NamedAsking): Promise<PaymentData> {
    const { ports } = this.#parts;
    const { id, payment, opening } = await this.#found(asked, asking);
    const amount = order.amount ?? standingOf(payment, opening);
    const kind = { mti: '0220', de3: '000000', de25: '06' };
    const message = this.#message(opening, { ...kind, ...moneyOf(amount) });
    const witness = witnessOf(order, asking.caller.merchant.id);
    const content = `capture|${id}|${contentOf({ ...order, amount })}`;
    const inbound: PaymentInbound = {
      ...inboundOf(message, content, asking, this.#parts),
      about: id,
      witness,
      pin: { block: undefined },
      card: { ciphertext: opening.panCiphertext, reference: opening.cardReference },
    };

    const { named } = inbound.sender;
    const money = readMoney(message, 'positive', ports.settings.currencies);
    const taken = { amount: money, processingCode: kind.de3, ...(named && { named }) };
    const told = toldBy(inbound, requestFingerprint(opening.cardReference, taken));
    return this.#told(id, complete(inbound, told, ports), inbound, asking);
  }

  /** Gives back all that stands of it, or less: a payment of its own. @throws as `PaymentDesk.ask` */
  async refund(asked: string, order: RefundOrder, asking: NamedAsking): Promise<Told> {
    const { ports } = this.#parts;
    const { id, payment, opening } = await this.#found(asked, asking);
    const amount = order.amount ?? standingOf(payment, opening);
    const pan = await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64')).catch(asRefusal);
    const money = { de2: pan, ...moneyOf(amount) };
    const message = this.#message(opening, { mti: '0200', de3: '200000', ...money });
    const content = `refund|${id}|${contentOf({ ...order, amount: order.amount ?? ALL })}`;
    const inbound: PaymentInbound = {
      ...inboundOf(message, content, asking, this.#parts),
      about: id,
      pin: { block: undefined },
      card: { ciphertext: opening.panCiphertext, reference: opening.cardReference },
    };
    return this.#payments.ask(inbound, { ...amount, status: 'PaymentCompleted' });
  }

  /** With the id that it has in the journal. */
  async #found(asked: string, { caller }: NamedAsking): Promise<FoundPayment & { readonly id: string }> {
    const found = await foundPayment(asked, caller, this.#parts);
    return { ...found, id: found.payment.id };
  }

  #message(
    { facts }: OpeningBody,
    said: Partial<TerminalMessage> & Pick<TerminalMessage, 'mti' | 'de3'>,
  ): TerminalMessage {
    const { clock, random } = this.#parts.ports;
    const { merchant, rrn, amount } = facts;
    const named = { merchant, terminal: this.#parts.settings.terminal, rrn, currency: amount.currency };
    return { ...correctionMessage({ ...named, nowMs: clock.wall(), random }), ...said };
  }

  /** What stands of it after the core's answer. @throws Problem GW_UNAVAILABLE, GW_REFUSED */
  async #told(
    id: string,
    answer: Promise<ReplyFields | undefined>,
    { lastMoment }: Pick<NoticeInbound, 'lastMoment'>,
    asking: NamedAsking,
  ): Promise<PaymentData> {
    const reply = await inTime(answer, lastMoment, this.#parts.ports.clock);
    if (!reply) {
      throw new Problem('GW_UNAVAILABLE', { detail: 'it is not known yet: ask again, with the same key' });
    }
    const { payment, opening } = await this.#found(id, asking);
    const data = currentView(payment, opening);
    if (isApprovalCode(reply.code)) return data;
    throw new Problem('GW_REFUSED', { detail: 'what stands of the payment does not allow this' });
  }
}

/** A refund without an amount is of all that stands: whenever it comes again, it means the same. */
const ALL: MoneyOrder = { value: 0, currency: 'all' };

function standingOf({ standingMinorUnits }: Transaction, { facts }: OpeningBody): MoneyOrder {
  const { amount } = facts;
  return { value: standingMinorUnits, currency: currencyName(amount.currency) };
}

/** @throws Problem GW_FIELD */
function moneyOf({ value, currency }: MoneyOrder): Pick<TerminalMessage, 'de4' | 'de49'> {
  return { de4: String(value).padStart(12, '0'), de49: numericOf(currency) };
}
