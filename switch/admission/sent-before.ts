import type { Clock, Monotonic } from '../../runtime/index.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

const KEEP_MS = 60_000;
const MOST_OF_A_GENERATION = 65_536;

/**
 * The numbers of requests that were not refused during the last minute or two. A terminal that sends the same request
 * again without the repeat digit must not be refused for load: its first may be approved. Two generations, each
 * bounded: the older one is dropped when the younger is full or a minute old. Asking the journal was rejected: that
 * is the work which is to be spared.
 */
export class SentBefore {
  readonly #clock: Clock;
  #young = new Set<string>();
  #old = new Set<string>();
  #bornAt: Monotonic;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bornAt = clock.monotonic();
  }

  has(listener: string, message: TerminalMessage): boolean {
    const numbers = numbersOf(listener, message);
    return this.#young.has(numbers) || this.#old.has(numbers);
  }

  add(listener: string, message: TerminalMessage): void {
    const now = this.#clock.monotonic();
    if (this.#young.size >= MOST_OF_A_GENERATION || now - this.#bornAt >= KEEP_MS) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#bornAt = now;
    }
    this.#young.add(numbersOf(listener, message));
  }

  /** It was refused: nothing can come of it. */
  forget(listener: string, message: TerminalMessage): void {
    const numbers = numbersOf(listener, message);
    this.#young.delete(numbers);
    this.#old.delete(numbers);
  }
}

function numbersOf(
  listener: string,
  { de41 = '', de11 = '', de7 = '', de12, de13 }: TerminalMessage,
): string {
  return `${listener} ${de41} ${de11} ${de12 === undefined || de13 === undefined ? de7 : de13 + de12}`;
}
