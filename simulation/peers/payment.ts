import type { SeededRandom } from '../world/seeded-random.ts';
import {
  completionMessage,
  paymentMessage,
  reversalMessage,
  tipMessage,
  voidMessage,
  voidReversalMessage,
} from './messages.ts';
import { nameOfAccount, nameOfPayment, type PaymentNumbers } from './names.ts';
import { isBelieved, Notice, type NoticeKind, withBrokenMac } from './notice.ts';
import { Patience } from './patience.ts';
import type { PaymentOrder } from './payment-order.ts';
import { isYes, PAYMENTS, type Side } from './services.ts';
import { type Standing, standingOf } from './standing.ts';
import type { Dialogue, Terminal } from './terminal.ts';
import type { TerminalMessage } from './terminal-dialects.ts';

/** What a terminal was told, in the fields that mean business. */
export interface Told {
  readonly at: number;
  readonly code: string;
  readonly approvalCode: string | undefined;
  readonly rrn: string | undefined;
  /** DE4: what is approved, where anything is. */
  readonly amount: number;
}

interface NoticeManners {
  readonly brokenMac?: boolean;
  /** Another till. */
  readonly at?: Terminal;
  readonly undoes?: TerminalMessage;
}

const SETTLING_MS = 500;
/** A line that delivers a message twice does so soon, or at once. */
const COPY_WITHIN_MS = 30;

const WRONG_MAC = '63';
/** The switch could not do its part, or not verify a seal: of a repeat this says nothing about the first time. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['96', '63']);

/**
 * One payment as its terminal lives it: asked, asked again under the repeat MTI until answered, remembered. In doubt
 * it is reversed. Now and then the terminal asks once more afterwards, and must hear the same.
 */
export class Payment implements Dialogue {
  readonly terminal: Terminal;
  readonly order: PaymentOrder;
  readonly random: SeededRandom;
  /** What opened it, as it was sent first. */
  readonly message: TerminalMessage;
  beganAt = 0;
  /** Answers that say what became of it; the first is believed. */
  readonly told: Told[] = [];
  /** What the terminal said about it afterwards. */
  readonly notices: Notice[] = [];
  /** Refunds that the terminal asked for, of this payment. */
  readonly refunds: Payment[] = [];
  readonly #patience: Patience;
  /** As it was sent last. */
  #sent: TerminalMessage;
  #asked = 0;
  #isGone = false;
  #isInDoubt = false;
  /** It is in a batch that was closed. */
  isSettled = false;

  constructor(terminal: Terminal, order: PaymentOrder, random: SeededRandom) {
    this.terminal = terminal;
    this.order = order;
    this.random = random;
    this.message = this.#opening();
    this.#sent = this.message;
    this.#patience = new Patience(terminal, random, order.patienceMs, (times) => this.#again(times));
    terminal.expect(this.message, this);
  }

  get side(): Side | undefined {
    return PAYMENTS[this.order.kind].side;
  }

  /** Its repeats had a DE7 of their own: the switch may never have heard the first one, which DE90 names. */
  get isRenamed(): boolean {
    return this.#sent.de7 !== this.message.de7;
  }

  get #isTipping(): boolean {
    return this.notices.some(({ order, isOver }) => order.kind === 'tip' && !isOver);
  }

  get #isTold(): boolean {
    return PAYMENTS[this.order.kind].isTold ?? false;
  }

  get reversal(): Notice | undefined {
    return this.notices.find(({ order }) => order.kind === 'reversal');
  }

  /** A reversal that is refused where a refund was asked for changes nothing. */
  get belief(): 'approved' | 'declined' | 'reversed' | 'unknown' {
    const { reversal, told, order } = this;
    if (reversal?.isAccepted) return 'reversed';
    const [first] = told;
    if (!first || (reversal && !reversal.isOver)) return 'unknown';
    return isYes(order.kind, first.code) ? 'approved' : 'declined';
  }

  /** What the terminal believes to stand of an approved payment, and where: what was accepted about it is counted. */
  get standing(): Standing {
    const { side } = this;
    if (this.belief !== 'approved' || !side) return { side, minorUnits: 0 };
    return standingOf(side, this.amount, this.notices);
  }

  /** As approved. */
  get amount(): number {
    return this.told[0]?.amount ?? this.order.amount;
  }

  get rrn(): string | undefined {
    return this.told[0]?.rrn;
  }

  get approvalCode(): string | undefined {
    return this.told[0]?.approvalCode;
  }

  get id(): string {
    return `${this.terminal.settings.id}/${this.message.de11}`;
  }

  /** By this name it is found in the journal. */
  get name(): string {
    return nameOfPayment(this.numbers);
  }

  /** By this name it is found in a network's ledger. */
  get accountName(): string {
    return nameOfAccount(this.numbers);
  }

  get numbers(): PaymentNumbers {
    const { de11: stan = '', de12: localTime = '', de13: localDate = '' } = this.message;
    const { order, terminal } = this;
    return { terminal: terminal.settings.id, stan, localDate, localTime, amount: order.amount };
  }

  get isOver(): boolean {
    if (this.#isGone) return true;
    if (this.#isInDoubt) return false;
    if (!this.notices.every(({ isOver }) => isOver)) return false;
    return this.reversal !== undefined || (this.told.length > 0 && !this.#patience.isWaiting);
  }

  begin(): void {
    this.beganAt = this.terminal.world.now;
    this.#ask();
    if (this.order.doubled) this.#send();
    const { reversesAfterMs } = this.order;
    if (reversesAfterMs !== undefined) {
      this.terminal.process.clock.after(reversesAfterMs, () => this.#changeMind());
    }
  }

  /** Asks again although the answer is known. */
  askAgain(): void {
    const [first] = this.told;
    if (first && !SAYS_NOTHING.has(first.code) && !this.reversal) this.#ask();
  }

  reverse(): boolean {
    if (this.reversal || this.#isGone || this.belief === 'declined' || !this.side) return false;
    this.#patience.end();
    this.#notify('reversal', this.#reversalMessage(0), 0);
    return true;
  }

  /** Of what it believes to stand, in whole thousands less. */
  takeBackPart(remaining: number): void {
    if (this.standing.minorUnits === 0 || this.#isTipping) return;
    this.#notify('partial reversal', this.#reversalMessage(remaining), remaining);
  }

  /** @param brokenMac then nothing may come of it @param at another till of the same merchant */
  void({ brokenMac = false, at = this.terminal }: NoticeManners = {}): boolean {
    if (this.belief !== 'approved' || !this.side || this.rrn === undefined) return false;
    this.#notify('void', voidMessage(this, at), 0, { brokenMac, at });
    return true;
  }

  complete(amount: number, at = this.terminal): boolean {
    if (this.belief !== 'approved' || this.rrn === undefined) return false;
    this.#notify('completion', completionMessage(this, amount, at), amount, { at });
    return true;
  }

  /** The customer has written something on the slip. Not beside anything else that is under way. */
  tip(total: number): boolean {
    const isSale = this.side === 'captured' && this.order.cash === undefined;
    if (!isSale || this.isSettled || this.belief !== 'approved' || this.rrn === undefined) return false;
    if (this.refunds.length > 0 || this.notices.some(({ order }) => order.kind !== 'tip')) return false;
    if (!this.notices.every(({ isOver }) => isOver)) return false;
    this.#notify('tip', tipMessage(this, total), total);
    return true;
  }

  /** A void, and so long after it its reversal, whatever was heard of the void. */
  voidAndReverse(afterMs: number): boolean {
    if (this.notices.length > 0 || this.refunds.length > 0) return false;
    this.void();
    const voided = this.notices[0];
    if (!voided) return false;
    this.#isInDoubt = true;
    this.terminal.process.clock.after(afterMs, () => {
      this.#isInDoubt = false;
      voided.abandon();
      const { message } = voided.order;
      this.#notify('void reversal', voidReversalMessage(message, this.terminal), 0, { undoes: message });
    });
    return true;
  }

  /** After a crash: what it has in its memory it says once more. */
  tellAllAgain(): boolean {
    this.terminal.hangUp();
    if (this.#isTold) this.askAgain();
    const isUndone = (notice: Notice) =>
      this.notices.some(({ order }) => order.undoes === notice.order.message);
    for (const notice of this.notices) if (!isUndone(notice)) notice.again();
    return this.#isTold || this.notices.length > 0;
  }

  answered(reply: TerminalMessage, isTrusted: boolean): void {
    const { terminal, order } = this;
    const { world, settings } = terminal;
    const { de39: code = '', de38: approvalCode, de37: rrn } = reply;
    const trust = isTrusted ? '' : ', without a seal';
    world.tell(
      settings.id,
      () => `← ${code} for the ${order.kind} of ${Number(reply.de4)} [${this.id}]${trust}`,
    );
    if (!isBelieved(order, code, isTrusted, terminal) || this.reversal) return;
    const isCertain = !SAYS_NOTHING.has(code) || (code === WRONG_MAC && order.brokenMac);
    if (!isCertain && (this.#asked > 1 || this.#isTold) && !this.#believes(code)) {
      this.#doubt();
      return;
    }
    if (code === '10' && !settings.takesPartialApproval) {
      world.violate('I1 agreement', `${this.id} was approved in part, which its terminal cannot deal with`);
    }
    this.#patience.end();
    this.told.push({ at: world.now, code, approvalCode, rrn, amount: Number(reply.de4) });
    this.#compare();
  }

  cutOff(): void {
    this.#patience.later();
  }

  /** Not where it sent more than one at once: then it knows that the answer may be to either. */
  #believes(code: string): boolean {
    const { habits, world } = { ...this.terminal.settings, world: this.terminal.world };
    const isDoubled = habits.some(({ terminal: { doubles, delays } }) => doubles ?? delays);
    const believer = habits.find(({ terminal }) => terminal.believesRefusals);
    if (!believer || isDoubled || this.order.doubled || this.#isTold || code === WRONG_MAC) return false;
    world.sometimes(`habit ${believer.name}`);
    return true;
  }

  #opening(): TerminalMessage {
    const { terminal, order, random } = this;
    return terminal.byHabit(paymentMessage(terminal, order), ({ name, terminal: habit }, message) =>
      habit.opens?.(message, order, random.stream(name)),
    );
  }

  #reversalMessage(remaining: number): TerminalMessage {
    const { terminal, random, notices, rrn } = this;
    const opened = { ...this.message, ...(rrn !== undefined && { de37: rrn }) };
    return terminal.byHabit(reversalMessage(this, remaining), ({ name, terminal: habit }, message) =>
      habit.reverses?.(message, this.#sent, opened, random.stream(`${name} ${notices.length}`)),
    );
  }

  /** Not while the terminal settles: it would count a payment that it does not know to stand. */
  #changeMind(): void {
    if (this.terminal.isSettling) this.terminal.process.clock.after(SETTLING_MS, () => this.#changeMind());
    else this.reverse();
  }

  #notify(
    kind: NoticeKind,
    message: TerminalMessage,
    remaining: number,
    { brokenMac = false, at = this.terminal, undoes }: NoticeManners = {},
  ): void {
    const { patienceMs, doubled } = this.order;
    const line = { patienceMs, doubled, brokenMac };
    const order = { kind, message, remaining, ...line, ...(undoes && { undoes }) };
    const notice = new Notice(at, order, this.random.stream(`notice ${this.notices.length}`));
    this.notices.find((other) => other.order.message === undoes)?.isUndoneBy(notice);
    this.notices.push(notice);
    notice.begin();
  }

  /** A repeat met a switch that cannot look up what became of the first; an advice is told until it is heard. */
  #doubt(): void {
    if (this.told.length > 0) this.#patience.end();
    else if (this.#isTold) this.#patience.later();
    else this.#giveUp();
  }

  #giveUp(): void {
    this.#patience.end();
    if (this.side) this.reverse();
    else this.#isGone = true;
  }

  #compare(): void {
    const [first] = this.told;
    const last = this.told.at(-1);
    if (!first || !last || isSame(first, last)) return;
    // Of a copy that the terminal does not know of: it was refused for another reason, and nothing stands.
    if (SAYS_NOTHING.has(first.code) && !isYes(this.order.kind, last.code)) return;
    const both = `${JSON.stringify(first)}, then ${JSON.stringify(last)}`;
    this.terminal.world.violate('I3 one effect', `${this.id} was told two things: ${both}`);
  }

  #again(times: number): void {
    const isUnheard = this.told.length === 0;
    if (this.order.isLost && isUnheard) {
      this.terminal.world.tell(
        this.terminal.settings.id,
        () => `is not heard of again about the ${this.order.kind} of ${this.order.amount}`,
      );
      this.#patience.end();
      this.#isGone = true;
      return;
    }
    const hasGivenUp = times > this.order.maxRepeats && !this.#isTold;
    if (hasGivenUp && isUnheard) this.#giveUp();
    else this.#ask();
  }

  #repeated(): TerminalMessage {
    const { terminal, order, message, random } = this;
    const repeat = { ...message, mti: `${order.mti.slice(0, 3)}1` };
    return terminal.sentAgain(repeat, this, ({ name, terminal: habit }, sent) =>
      habit.repeats?.(sent, terminal.moment(), random.stream(`${name} ${this.#asked}`)),
    );
  }

  #ask(): void {
    this.#patience.begin();
    this.#send();
  }

  #send(): void {
    const { terminal, order, random } = this;
    const message = this.#asked === 0 ? this.message : this.#repeated();
    const { mti } = message;
    this.#asked += 1;
    this.#sent = message;
    terminal.world.tell(terminal.settings.id, () => `→ ${askWords(order, this.#asked)} [${mti} ${this.id}]`);
    const { habits } = terminal.settings;
    const chance = random.stream(`line ${this.#asked}`);
    const send = () => terminal.send(message, this, order.brokenMac ? withBrokenMac : undefined);
    const holds = habits.map(({ terminal: { delays } }) => delays?.(chance)).find((ms) => ms !== undefined);
    if (holds !== undefined) {
      terminal.keepsStan(message);
      terminal.process.clock.after(holds, send);
      terminal.world.sometimes('habit late-by-the-line');
      // What is held back is not copied too: a copy that was refused says nothing of one that comes seconds later.
      return;
    }

    send();
    if (!habits.some(({ terminal: { doubles } }) => doubles?.(chance))) return;
    terminal.world.sometimes('habit doubled-by-the-line');
    terminal.process.clock.after(chance.between(0, COPY_WITHIN_MS), send);
  }
}

function askWords({ kind, amount, currency, refersTo, brokenMac }: PaymentOrder, times: number): string {
  const again = times > 1 ? 'again: ' : '';
  const of = refersTo ? ` for what ${refersTo.rrn} names` : '';
  const forged = brokenMac ? ', with a broken seal' : '';
  return `${again}${kind} of ${amount} in ${currency}${of}${forged}`;
}

function isSame(one: Told, other: Told): boolean {
  return (
    one.code === other.code &&
    one.approvalCode === other.approvalCode &&
    one.rrn === other.rrn &&
    one.amount === other.amount
  );
}
