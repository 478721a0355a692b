/**
 * One terminal that sells, as terminals do: what is not answered within three seconds it takes back, by a reversal that
 * is repeated until the switch acknowledges it. The bench's generator asks and counts, and leaves open what was not
 * answered; after a fault that is the money that has to be found.
 */

import { MERCHANT, PIN } from '../../bench/end-to-end/fleet.ts';
import { AMOUNT, keysOf, PROFILE } from '../../bench/end-to-end/generator/frames.ts';
import { type ScannedReply, scanReply } from '../../bench/end-to-end/generator/scan-reply.ts';
import { Pan } from '../../messages/index.ts';
import { type Address, type Clock, systemClock } from '../../runtime/index.ts';
import { cardMessage, frameOf, type Original, reversalMessage } from '../../simulators/terminal/messages.ts';
import { Line } from './line.ts';

const PATIENCE_MS = 3_000;
/** Between a reversal and its repeats: twice as long each time, up to this. */
const LONGEST_PAUSE_MS = 12_000;
const CURRENCY = '978';
/** Reversals are numbered from here, so that no purchase has their number. */
const FIRST_REVERSAL = 500_000;
const ACKNOWLEDGED: ReadonlySet<number> = new Set([0, 25]);
const APPROVALS: ReadonlySet<number> = new Set([0, 10]);

/** What a till tells of a purchase, by its number. */
export interface TillTold {
  answered(purchase: number, code: number, sentAt: number): void;
  unsent(purchase: number): void;
  reversing(purchase: number): void;
  reversed(purchase: number): void;
  reversalRefused(code: number): void;
  unsealed(purchase: number): void;
}

interface Sale {
  readonly number: number;
  readonly card: string;
  readonly original: Original;
  readonly sentAt: number;
  /** How often it was taken back so far; 0 while its reply is waited for. */
  attempts: number;
  timer: NodeJS.Timeout;
}

export class Till {
  readonly #terminal: string;
  readonly #told: TillTold;
  readonly #clock: Clock = systemClock;
  readonly #line: Line;
  readonly #open = new Map<number, Sale>();
  readonly #reversals = new Map<number, Sale>();
  readonly #scanned: ScannedReply = { stan: 0, code: 0 };
  #reversalStan = FIRST_REVERSAL;

  constructor(terminal: string, address: Address, told: TillTold) {
    this.#terminal = terminal;
    this.#told = told;
    this.#line = new Line(address, (body) => this.#onReply(body));
  }

  sell(number: number, stan: number, card: string): void {
    const order = { amount: AMOUNT, currency: CURRENCY, card, pin: PIN };
    const message = cardMessage('purchase', order, this.#sender(), this.#moment(stan));
    if (!this.#line.send(frameOf(message, this.#sender()))) {
      this.#told.unsent(number);
      return;
    }
    const { mti, de3 = '', de7 = '' } = message;
    const original = {
      mti,
      stan: digits(stan),
      time: de7,
      processingCode: de3,
      amount: AMOUNT,
      currency: CURRENCY,
    };
    const sale: Sale = {
      number,
      card,
      original,
      sentAt: performance.now(),
      attempts: 0,
      timer: setTimeout(() => this.#takeBack(sale), PATIENCE_MS),
    };
    this.#open.set(stan, sale);
  }

  close(): void {
    this.#line.close();
    for (const { timer } of [...this.#open.values(), ...this.#reversals.values()]) clearTimeout(timer);
  }

  /** A repeat is the same message again, under the type that says so, less and less often: many may be in this need. */
  #takeBack(sale: Sale): void {
    this.#told.reversing(sale.number);
    this.#reversalStan += 1;
    const stan = this.#reversalStan;
    this.#reversals.set(stan, sale);
    const message = reversalMessage(sale.original, undefined, this.#sender(), this.#moment(stan));
    const send = (mti: string) => {
      // With its card: without it every sale of the same price would be like it.
      this.#line.send(frameOf({ ...message, mti, de2: Pan.of(sale.card) }, this.#sender()));
      const pauseMs = Math.min(LONGEST_PAUSE_MS, PATIENCE_MS * 2 ** sale.attempts);
      sale.attempts += 1;
      sale.timer = setTimeout(() => send('0401'), pauseMs);
    };
    send('0400');
  }

  #onReply(body: Buffer): void {
    const reply = this.#scanned;
    if (!scanReply(body, 0, body.length, reply)) return;
    const reversed = this.#reversals.get(reply.stan);
    if (reversed) {
      if (!ACKNOWLEDGED.has(reply.code)) {
        this.#told.reversalRefused(reply.code);
        return;
      }
      clearTimeout(reversed.timer);
      this.#reversals.delete(reply.stan);
      this.#told.reversed(reversed.number);
      return;
    }

    const sale = this.#open.get(reply.stan);
    if (!sale) return;
    const isSealed = keysOf(this.#terminal).isSealed(PROFILE, body);
    if (APPROVALS.has(reply.code) && !isSealed) this.#told.unsealed(sale.number);
    this.#open.delete(reply.stan);
    if (sale.attempts === 0) clearTimeout(sale.timer);
    this.#told.answered(sale.number, reply.code, sale.sentAt);
  }

  #sender() {
    return { terminal: this.#terminal, merchant: MERCHANT, profile: PROFILE, keys: keysOf(this.#terminal) };
  }

  #moment(stan: number) {
    return { stan: digits(stan), clock: this.#clock };
  }
}

function digits(stan: number): string {
  return String(stan).padStart(6, '0');
}
