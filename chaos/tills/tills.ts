import { cardOf, terminalNames } from '../../bench/end-to-end/fleet.ts';
import { UNANSWERED } from '../../bench/end-to-end/generator/traffic.ts';
import { type Account, type LateReply, type TillOrder, UNSENT } from './account.ts';
import { Till, type TillTold } from './till.ts';

const LATE_MS = 2_000;
const BEAT_MS = 20;
const MOST_REFUSED = 100;
/** Every other card is the second network's. */
const RANGES = ['424242', '555555'] as const;

/**
 * All terminals of a run, and what they know. A reply counts from the moment its request was written, and where this
 * process stood still it may have lain there for as long: that much is taken off, since the machine is shared and it is
 * the switch that is judged.
 */
export class Tills implements TillTold {
  readonly #order: TillOrder;
  readonly #tills: readonly Till[];
  readonly #codes: Uint8Array;
  readonly #latencyMs: Float64Array;
  readonly #late: LateReply[] = [];
  /** Sent, and neither answered nor taken back yet. */
  readonly #waiting = new Set<number>();
  /** Being taken back, and not acknowledged yet. */
  readonly #uncertain = new Set<number>();
  readonly #takenBack = new Set<number>();
  readonly #beat: NodeJS.Timeout;
  readonly #offer: NodeJS.Timeout;
  readonly #refusedReversals: number[] = [];
  #count = 0;
  #reversed = 0;
  #unsealed = 0;
  #lastBeat = performance.now();
  #standstillMs = 0;

  constructor(order: TillOrder) {
    this.#order = order;
    this.#codes = new Uint8Array(order.most).fill(UNANSWERED);
    this.#latencyMs = new Float64Array(order.most);
    this.#tills = terminalNames(order.terminals).map((name) => new Till(name, order.address, this));
    this.#beat = setInterval(() => this.#live(), BEAT_MS);
    this.#offer = setInterval(() => this.#sell(), 1_000 / order.rate);
  }

  answered(purchase: number, code: number, sentAt: number): void {
    const now = performance.now();
    const stoodStillMs = Math.max(0, now - this.#lastBeat - BEAT_MS);
    const ms = Math.max(0, now - sentAt - stoodStillMs);
    this.#latencyMs[purchase] = ms;
    if (ms > LATE_MS) this.#late.push({ purchase, ms: Math.round(ms) });
    this.#waiting.delete(purchase);
    if (!this.#takenBack.has(purchase)) this.#codes[purchase] = code;
  }

  unsent(purchase: number): void {
    this.#codes[purchase] = UNSENT;
    this.#waiting.delete(purchase);
  }

  reversing(purchase: number): void {
    this.#waiting.delete(purchase);
    this.#takenBack.add(purchase);
    this.#uncertain.add(purchase);
  }

  reversed(purchase: number): void {
    this.#uncertain.delete(purchase);
    this.#reversed += 1;
  }

  reversalRefused(code: number): void {
    this.#refusedReversals.push(code);
    if (this.#refusedReversals.length > MOST_REFUSED) this.#refusedReversals.shift();
  }

  unsealed(): void {
    this.#unsealed += 1;
  }

  account(): Account {
    return {
      codes: this.#codes.slice(0, this.#count),
      latencyMs: this.#latencyMs.slice(0, this.#count),
      late: this.#late,
      reversed: this.#reversed,
      uncertain: this.#uncertain.size,
      refusedReversals: this.#refusedReversals,
      unsealed: this.#unsealed,
      standstillMs: Math.round(this.#standstillMs),
    };
  }

  /** Sells nothing more; resolves once everything is certain, or `withinMs` is over. */
  async settle(withinMs: number): Promise<Account> {
    clearInterval(this.#offer);
    const end = performance.now() + withinMs;
    while (performance.now() < end && !this.#isCertain()) {
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
    clearInterval(this.#beat);
    for (const till of this.#tills) till.close();
    return this.account();
  }

  #isCertain(): boolean {
    return this.#uncertain.size === 0 && this.#waiting.size === 0;
  }

  #sell(): void {
    const { most, seed, terminals } = this.#order;
    const number = this.#count;
    if (number >= most) return;
    this.#count += 1;
    this.#waiting.add(number);
    const card = cardOf(seed + (number >> 1), RANGES[number % RANGES.length]);
    this.#tills[number % terminals]?.sell(number, 1 + Math.floor(number / terminals), card);
  }

  #live(): void {
    const now = performance.now();
    this.#standstillMs = Math.max(this.#standstillMs, now - this.#lastBeat - BEAT_MS);
    this.#lastBeat = now;
  }
}
