import type { SeededRandom } from '../world/seeded-random.ts';
import { envelope } from './messages.ts';
import { Notice } from './notice.ts';
import type { Payment } from './payment.ts';
import type { Terminal } from './terminal.ts';
import type { TerminalMessage } from './terminal-dialects.ts';

export interface SettlementOrder {
  readonly currency: string;
  /** DE60. */
  readonly number: number;
  /** What the batch holds, as the terminal remembers it. */
  readonly payments: readonly Payment[];
  /** Left out of the totals by mistake. */
  readonly forgotten: Payment | undefined;
  readonly patienceMs: number;
  readonly doubled: boolean;
}

const OUT_OF_BALANCE = '95';
const TOTALS = '920000';
const AFTER_UPLOAD = '960000';

/**
 * A terminal closes its batch (0500). Told that it is out of balance it uploads every payment (0320), then says its
 * totals again, which closes the batch in any case.
 */
export class Settlement {
  readonly order: SettlementOrder;
  readonly terminal: Terminal;
  /** What the totals were answered: before an upload, and after it where there was one. */
  readonly answers: string[] = [];
  readonly beganAt: number;
  endedAt = Number.POSITIVE_INFINITY;
  readonly #random: SeededRandom;
  readonly #whenOver: () => void;
  #isOver = false;

  constructor(terminal: Terminal, order: SettlementOrder, random: SeededRandom, whenOver: () => void) {
    this.terminal = terminal;
    this.beganAt = terminal.world.now;
    this.order = order;
    this.#random = random;
    this.#whenOver = whenOver;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  begin(): void {
    this.#sayTotals(TOTALS, (code) => {
      if (code === OUT_OF_BALANCE) this.#upload([...this.order.payments]);
      else this.#end();
    });
  }

  #upload(left: Payment[]): void {
    const next = left.pop();
    if (next) this.#say('upload', this.#uploadMessage(next), () => this.#upload(left));
    else this.#sayTotals(AFTER_UPLOAD, () => this.#end());
  }

  #sayTotals(de3: string, answered: (code: string) => void): void {
    const { currency, number, payments, forgotten } = this.order;
    const counted = payments.filter((payment) => payment !== forgotten);
    const side = (which: 'captured' | 'refunded') => {
      const amounts = counted.map(({ standing }) => (standing.side === which ? standing.minorUnits : 0));
      const taken = amounts.filter((minorUnits) => minorUnits > 0);
      return digits(taken.length, 3) + digits(sum(taken), 12);
    };
    const de63 = side('captured') + side('refunded');
    const message = { ...this.#envelope('0500'), de3, de49: currency, de60: digits(number, 6), de63 };
    this.#say('settlement', message, (code) => {
      this.answers.push(code);
      answered(code);
    });
  }

  #uploadMessage({ message, standing, rrn }: Payment): TerminalMessage {
    const { de3, de7 = '', de11 = '' } = message;
    const nobody = '0'.repeat(11);
    return {
      ...this.#envelope('0320'),
      de3,
      de37: rrn,
      de49: this.order.currency,
      de60: digits(this.order.number, 6),
      de4: digits(standing.minorUnits, 12),
      de90: { mti: message.mti, stan: de11, transmission: de7, acquirer: nobody, forwarder: nobody },
    };
  }

  #envelope(mti: string) {
    return { mti, ...envelope(this.terminal) };
  }

  #say(kind: 'settlement' | 'upload', message: TerminalMessage, whenOver: (code: string) => void): void {
    const { patienceMs, doubled } = this.order;
    const order = {
      kind,
      message,
      patienceMs,
      doubled,
      whenOver,
      brokenMac: false,
      remaining: Number(message.de4 ?? 0),
    };
    new Notice(this.terminal, order, this.#random.stream(`notice ${message.de11}`)).begin();
  }

  #end(): void {
    this.#isOver = true;
    this.endedAt = this.terminal.world.now;
    this.#whenOver();
  }
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, minorUnits) => total + minorUnits, 0);
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
