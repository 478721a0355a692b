import type { Address } from '../../runtime/index.ts';

/** What the tills are told to do: so many purchases a second, spread over so many terminals. */
export interface TillOrder {
  readonly address: Address;
  /** A second. */
  readonly rate: number;
  readonly terminals: number;
  /** So many at most, and then no more: a run that nobody ends ends. */
  readonly most: number;
  /** Which cards come first. */
  readonly seed: number;
}

/** DE39 is no such number: the frame of a purchase never left its till, since there was no connection. */
export const UNSENT = 253;

/** A reply that came more than two seconds after its request had left. */
export interface LateReply {
  readonly purchase: number;
  readonly ms: number;
}

/** What the terminals know of all purchases so far, by number. */
export interface Account {
  /** DE39 as a number; `UNANSWERED`, `NO_CODE` or `UNSENT`. */
  readonly codes: Uint8Array;
  /** From the moment a request left to its reply; 0 where there is none. */
  readonly latencyMs: Float64Array;
  readonly late: readonly LateReply[];
  /** Unanswered, reversed, and acknowledged by the switch. */
  readonly reversed: number;
  /** Unanswered, and the switch has not acknowledged its reversal yet. */
  readonly uncertain: number;
  /** DE39 of reversals that were answered and not acknowledged, the latest last; at most a hundred. */
  readonly refusedReversals: readonly number[];
  /** Approvals whose MAC was wrong or absent. */
  readonly unsealed: number;
  /** By how much this process stood still at worst: where it is long, the machine is busy. */
  readonly standstillMs: number;
}

export type ToTills =
  | { readonly open: TillOrder }
  | { readonly account: true }
  /** Begins nothing more, and waits until everything is certain. */
  | { readonly settleWithinMs: number };
export type FromTills =
  | { readonly opened: true }
  | { readonly account: Account }
  | { readonly failed: string };
