import { Pan, PinBlock } from '../../../messages/index.ts';
import { CARD_PIN } from './network-host.ts';
import { Patience } from './patience.ts';
import { Reversal } from './reversal.ts';
import { type Dialogue, isApproval, type Terminal } from './terminal.ts';
import { momentOf, type TerminalMessage } from './terminal-dialects.ts';

/** What a terminal was told, in the fields that mean business. */
export interface Told {
  readonly at: number;
  readonly code: string;
  readonly approvalCode: string | undefined;
  readonly rrn: string | undefined;
  readonly amount: number;
}

export interface PurchaseOrder {
  /** `offline`: the terminal has approved it by itself and tells of it (0220). */
  readonly kind: 'online' | 'offline';
  readonly pan: string;
  /** Minor units; no other purchase of the run has the same. */
  readonly amount: number;
  readonly currency: string;
  readonly withPin: boolean;
  /** The PIN entered is wrong. */
  readonly wrongPin: boolean;
  /** The seal is broken: nothing may come of it. */
  readonly brokenMac: boolean;
  /** Sent twice at once. */
  readonly doubled: boolean;
  /** How long the terminal waits for an answer. */
  readonly patienceMs: number;
  /** The terminal is never heard of again where its first question finds no answer: nobody repeats or reverses. */
  readonly isLost: boolean;
  /** Repeats in vain after which it reverses. */
  readonly maxRepeats: number;
  /** Reverses so long after it asked, whatever it heard; absent: it does not change its mind. */
  readonly reversesAfterMs: number | undefined;
}

/** Message types of a request and of its repeats. */
const TYPES = { online: ['0100', '0101'], offline: ['0220', '0221'] } as const;

/** The switch could not do its part, then: of a repeat this says nothing about the first time it was asked. */
const SYSTEM_MALFUNCTION = '96';

/**
 * One purchase as its terminal lives it: asked, asked again under the repeat MTI until answered, remembered. In doubt
 * it is reversed. Now and then the terminal asks once more afterwards, and must hear the same.
 */
export class Purchase implements Dialogue {
  readonly terminal: Terminal;
  readonly order: PurchaseOrder;
  readonly message: TerminalMessage;
  /** Answers that say what became of the purchase; the first is believed. */
  readonly told: Told[] = [];
  reversal: Reversal | undefined;
  readonly #patience: Patience;
  #asked = 0;
  #isGone = false;

  constructor(terminal: Terminal, order: PurchaseOrder) {
    this.terminal = terminal;
    this.order = order;
    this.message = messageOf(terminal, order);
    this.#patience = new Patience(terminal, order.patienceMs, (times) => this.#again(times));
    terminal.expect(this.message, this);
  }

  get belief(): 'approved' | 'declined' | 'reversed' | 'unknown' {
    if (this.reversal) return this.reversal.isAccepted ? 'reversed' : 'unknown';
    const [first] = this.told;
    if (!first) return 'unknown';
    return isApproval(first.code) ? 'approved' : 'declined';
  }

  get id(): string {
    return `${this.terminal.settings.id}/${this.message.de11}`;
  }

  get isOver(): boolean {
    if (this.#isGone) return true;
    return this.reversal ? this.reversal.isOver : this.told.length > 0 && !this.#patience.isWaiting;
  }

  begin(): void {
    this.#ask();
    if (this.order.doubled) this.#send();
    const { reversesAfterMs } = this.order;
    if (reversesAfterMs !== undefined) {
      this.terminal.process.clock.after(reversesAfterMs, () => this.reverse());
    }
  }

  /** Asks again although the answer is known. */
  askAgain(): void {
    const [first] = this.told;
    if (first && first.code !== SYSTEM_MALFUNCTION && !this.reversal) this.#ask();
  }

  /** The same numbers with another amount: it must be refused and have no effect. */
  alter(amount: number): void {
    if (this.belief !== 'approved') return;
    const message = { ...this.message, de4: String(amount).padStart(12, '0') };
    const { world } = this.terminal;
    const dialogue: Dialogue = {
      answered: ({ de39 }) => {
        if (isApproval(de39)) world.violate('I3 one effect', `${this.id} was approved again for ${amount}`);
      },
      cutOff() {},
    };
    this.terminal.expect(message, dialogue);
    world.tell(this.terminal.settings.id, () => `${message.mti} ${this.id} altered to ${amount}`);
    this.terminal.send(message, dialogue);
  }

  reverse(): void {
    if (this.reversal || this.#isGone || this.belief === 'declined') return;
    this.#patience.end();
    this.reversal = new Reversal(this.terminal, this.message, this.order.patienceMs);
    this.reversal.begin();
  }

  answered(reply: TerminalMessage, isTrusted: boolean): void {
    const { world, settings } = this.terminal;
    const { de39: code = '', de38: approvalCode, de37: rrn } = reply;
    const trust = isTrusted ? '' : ', without a seal';
    world.tell(settings.id, () => `is told ${code} for ${this.id} (${this.order.amount})${trust}`);
    if (!isTrusted || this.reversal) return;
    if (code === SYSTEM_MALFUNCTION && (this.#asked > 1 || this.order.kind === 'offline')) {
      this.#doubt();
      return;
    }
    this.#patience.end();
    this.told.push({ at: world.now, code, approvalCode, rrn, amount: Number(reply.de4) });
    this.#compare();
  }

  cutOff(): void {
    this.#patience.later();
  }

  /** A repeat met a switch that cannot look up what became of the first; an advice is told until it is heard. */
  #doubt(): void {
    if (this.told.length === 0 && this.order.kind === 'offline') this.#patience.later();
    else if (this.told.length === 0) this.reverse();
    else this.#patience.end();
  }

  #compare(): void {
    const [first] = this.told;
    const last = this.told.at(-1);
    if (!first || !last || isSame(first, last)) return;
    const both = `${JSON.stringify(first)}, then ${JSON.stringify(last)}`;
    this.terminal.world.violate('I3 one effect', `${this.id} was told two things: ${both}`);
  }

  #again(times: number): void {
    if (this.order.isLost && this.told.length === 0) {
      this.terminal.world.tell(this.terminal.settings.id, () => `is not heard of again about ${this.id}`);
      this.#patience.end();
      this.#isGone = true;
      return;
    }
    const hasGivenUp = times > this.order.maxRepeats && this.order.kind === 'online';
    if (hasGivenUp && this.told.length === 0) this.reverse();
    else this.#ask();
  }

  #ask(): void {
    this.#patience.begin();
    this.#send();
  }

  #send(): void {
    const { terminal, order, message } = this;
    const mti = TYPES[order.kind][this.#asked === 0 ? 0 : 1];
    this.#asked += 1;
    terminal.world.tell(terminal.settings.id, () => `${mti} ${this.id} ${order.amount} ${order.currency}`);
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

function withBrokenMac(frame: Buffer): Buffer {
  const last = frame.length - 1;
  frame[last] = (frame[last] ?? 0) ^ 1;
  return frame;
}

function messageOf(terminal: Terminal, order: PurchaseOrder): TerminalMessage {
  const { keys, settings, process } = terminal;
  const pin = order.wrongPin ? '0000' : CARD_PIN;
  return {
    mti: TYPES[order.kind][0],
    de2: Pan.of(order.pan),
    de3: '000000',
    de4: String(order.amount).padStart(12, '0'),
    ...momentOf(process.clock),
    de11: terminal.nextStan(),
    de22: order.withPin ? '051' : '011',
    de25: '00',
    de41: settings.id,
    de42: settings.merchant.padEnd(15),
    de49: order.currency,
    ...(order.kind === 'offline' && { de38: 'OFF001', de39: '00' }),
    ...(order.withPin && keys && { de52: PinBlock.of(keys.pins.encrypt(pin, order.pan)) }),
  };
}
