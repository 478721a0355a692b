import type { SeededRandom } from '../../world/seeded-random.ts';
import type { Payment } from '../payment.ts';
import type { Terminal } from '../terminal.ts';

/** What terminals do about a payment some time after it. */
export interface LaterHabit {
  readonly name: string;
  /** As part of a sentence about a terminal. */
  readonly says: string;
  /** Of all seeds, in how many it is on. */
  readonly share: number;
  /** Looks at a payment that has just begun, and plans what will come of it. */
  plan(payment: Payment, till: Till, random: SeededRandom): void;
}

/** Where a payment was taken, and who else is there. */
export interface Till {
  /** Other terminals of the same merchant. */
  readonly beside: readonly Terminal[];
  /** Terminals of other merchants on the same line. */
  readonly elsewhere: readonly Terminal[];
  /** Does something later, while the terminal does not settle. @param action says whether anything was done */
  later(label: string, fromMs: number, toMs: number, action: () => boolean): void;
  /** Refunds the payment at this terminal. */
  refund(payment: Payment, at: Terminal): boolean;
}
