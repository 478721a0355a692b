import { completionMessage, paymentMessage, reversalMessage, voidMessage } from './messages.ts';
import { nameOfPayment } from './names.ts';
import { isBelieved, Notice, type NoticeKind, withBrokenMac } from './notice.ts';
import { Patience } from './patience.ts';
import type { PaymentOrder } from './payment-order.ts';
import { isYes, PAYMENTS, type Side } from './services.ts';
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

const SETTLING_MS = 500;

/** The switch could not do its part, or not verify a seal: of a repeat this says nothing about the first time. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['96', '63']);

/**
 * One payment as its terminal lives it: asked, asked again under the repeat MTI until answered, remembered. In doubt
 * it is reversed. Now and then the terminal asks once more afterwards, and must hear the same.
 */
export class Payment implements Dialogue {
  readonly terminal: Terminal;
  readonly order: PaymentOrder;
  readonly message: TerminalMessage;
  /** Answers that say what became of it; the first is believed. */
  readonly told: Told[] = [];
  /** What the terminal said about it afterwards. */
  readonly notices: Notice[] = [];
  /** Refunds that the terminal asked for, of this payment. */
  readonly refunds: Payment[] = [];
  readonly #patience: Patience;
  #asked = 0;
  #isGone = false;

  constructor(terminal: Terminal, order: PaymentOrder) {
    this.terminal = terminal;
    this.order = order;
    this.message = paymentMessage(terminal, order);
    this.#patience = new Patience(terminal, order.patienceMs, (times) => this.#again(times));
    terminal.expect(this.message, this);
  }

  get side(): Side | undefined {
    return PAYMENTS[this.order.kind].side;
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
  get standing(): { side: Side | undefined; minorUnits: number } {
    const { side } = this;
    if (this.belief !== 'approved' || !side) return { side, minorUnits: 0 };
    const accepted = this.notices.filter(({ isAccepted }) => isAccepted).map(({ order }) => order);
    const minorUnits = Math.min(this.amount, ...accepted.map(({ remaining }) => remaining));
    const isCompleted = accepted.some(({ kind }) => kind === 'completion');
    return { side: isCompleted ? 'captured' : side, minorUnits };
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

  /** By this name it is found in every ledger. */
  get name(): string {
    const { de12: localTime = '', de13: localDate = '' } = this.message;
    const [terminal = '', stan = ''] = this.id.split('/');
    return nameOfPayment({ terminal, stan, localDate, localTime, amount: this.order.amount });
  }

  get isOver(): boolean {
    if (this.#isGone) return true;
    if (!this.notices.every(({ isOver }) => isOver)) return false;
    return this.reversal !== undefined || (this.told.length > 0 && !this.#patience.isWaiting);
  }

  begin(): void {
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

  /** The same numbers with another amount: it must be refused and have no effect. */
  alter(amount: number): void {
    if (this.belief !== 'approved') return;
    const message = { ...this.message, de4: String(amount).padStart(12, '0') };
    const { world } = this.terminal;
    const dialogue: Dialogue = {
      answered: ({ de39 = '' }) => {
        if (isYes(this.order.kind, de39)) {
          world.violate('I3 one effect', `${this.id} was approved again for ${amount}`);
        }
      },
      cutOff() {},
    };
    this.terminal.expect(message, dialogue);
    world.tell(this.terminal.settings.id, () => `${message.mti} ${this.id} altered to ${amount}`);
    this.terminal.send(message, dialogue);
  }

  reverse(): void {
    if (this.reversal || this.#isGone || this.belief === 'declined' || !this.side) return;
    this.#patience.end();
    this.#notify('reversal', reversalMessage(this, 0), 0);
  }

  /** Of what it believes to stand, in whole thousands less. */
  takeBackPart(remaining: number): void {
    if (this.standing.minorUnits === 0) return;
    this.#notify('partial reversal', reversalMessage(this, remaining), remaining);
  }

  /** @param brokenMac then nothing may come of it */
  void(brokenMac: boolean): void {
    if (this.belief === 'approved' && this.side && this.rrn !== undefined) {
      this.#notify('void', voidMessage(this), 0, brokenMac);
    }
  }

  complete(amount: number): void {
    if (this.belief !== 'approved' || this.rrn === undefined) return;
    this.#notify('completion', completionMessage(this, amount), amount);
  }

  answered(reply: TerminalMessage, isTrusted: boolean): void {
    const { terminal, order } = this;
    const { world, settings } = terminal;
    const { de39: code = '', de38: approvalCode, de37: rrn } = reply;
    const trust = isTrusted ? '' : ', without a seal';
    world.tell(settings.id, () => `is told ${code} for ${this.id} (${Number(reply.de4)})${trust}`);
    if (!isBelieved(order, code, isTrusted, terminal) || this.reversal) return;
    const isCertain = !SAYS_NOTHING.has(code) || (code === '63' && order.brokenMac);
    if (!isCertain && (this.#asked > 1 || order.kind === 'offline')) {
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

  /** Not while the terminal settles: it would count a payment that it does not know to stand. */
  #changeMind(): void {
    if (this.terminal.isSettling) this.terminal.process.clock.after(SETTLING_MS, () => this.#changeMind());
    else this.reverse();
  }

  #notify(kind: NoticeKind, message: TerminalMessage, remaining: number, brokenMac = false): void {
    const { patienceMs, doubled } = this.order;
    const notice = new Notice(this.terminal, { kind, message, patienceMs, doubled, brokenMac, remaining });
    this.notices.push(notice);
    notice.begin();
  }

  /** A repeat met a switch that cannot look up what became of the first; an advice is told until it is heard. */
  #doubt(): void {
    if (this.told.length > 0) this.#patience.end();
    else if (this.order.kind === 'offline') this.#patience.later();
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
    const both = `${JSON.stringify(first)}, then ${JSON.stringify(last)}`;
    this.terminal.world.violate('I3 one effect', `${this.id} was told two things: ${both}`);
  }

  #again(times: number): void {
    const isUnheard = this.told.length === 0;
    if (this.order.isLost && isUnheard) {
      this.terminal.world.tell(this.terminal.settings.id, () => `is not heard of again about ${this.id}`);
      this.#patience.end();
      this.#isGone = true;
      return;
    }
    const hasGivenUp = times > this.order.maxRepeats && this.order.kind !== 'offline';
    if (hasGivenUp && isUnheard) this.#giveUp();
    else this.#ask();
  }

  #ask(): void {
    this.#patience.begin();
    this.#send();
  }

  #send(): void {
    const { terminal, order, message } = this;
    const mti = this.#asked === 0 ? order.mti : `${order.mti.slice(0, 3)}1`;
    this.#asked += 1;
    terminal.world.tell(
      terminal.settings.id,
      () => `${mti} ${order.kind} ${this.id} ${order.amount} ${order.currency}`,
    );
    terminal.send({ ...message, mti }, this, order.brokenMac ? withBrokenMac : undefined);
  }
}

function isSame(one: Told, other: Told): boolean {
  return (
    one.code === other.code &&
    one.approvalCode === other.approvalCode &&
    one.rrn === other.rrn &&
    one.amount === other.amount
  );
}
