import type { Address } from '../../../runtime/index.ts';

/** Purchases at a steady rate, each begun at its time whether or not the ones before were answered. */
export interface Traffic {
  readonly address: Address;
  /** A second. */
  readonly rate: number;
  readonly total: number;
  /** Each has a connection of its own. */
  readonly terminals: number;
  readonly firstStan: number;
  /** How long after the last purchase was due its answer is still waited for. */
  readonly patienceMs: number;
}

/** In `codes`: there was no reply. Any reply without two digits in DE39 is `NO_CODE`. */
export const UNANSWERED = 255;
export const NO_CODE = 254;

/** What became of each purchase, by its number, as the terminals saw it. */
export interface Answers {
  /** DE39 as a number, or `UNANSWERED`. */
  readonly codes: Uint8Array;
  /** From the moment a purchase was due to its reply. */
  readonly latencyMs: Float64Array;
  /** By how much the generator itself was late at worst. */
  readonly behindMs: number;
  /** Of the generator, from the first purchase to the last reply, in microseconds. */
  readonly cpuUs: number;
  /** Replies nobody waited for, and bytes that are no reply. */
  readonly unexpected: number;
  /** Connections that the other side closed. */
  readonly closed: number;
  /** Of every 64th reply: whether its MAC was right. */
  readonly macs: { readonly right: number; readonly wrong: number; readonly absent: number };
}
