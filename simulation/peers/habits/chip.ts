import { Bytes } from '../../../messages/index.ts';
import type { PaymentOrder } from '../payment-order.ts';
import { PAYMENTS } from '../services.ts';
import type { TerminalMessage } from '../terminal-dialects.ts';
import type { Habit } from './habit.ts';

// What terminals put into DE55 besides what a card said.

/** TLV whose length goes beyond its end. */
const NO_CHIP_DATA = Bytes.of(Buffer.from('9f2608aabb', 'hex'));

export const GARBLED_CHIP = {
  name: 'garbled-chip',
  says: 'sends chip data that is none: it must be refused for its form',
  share: 0.1,
  terminal: {
    opens: (message, order, random) =>
      isAsked(order) && random.chance(0.15) ? { ...message, de55: NO_CHIP_DATA } : message,
  },
} as const satisfies Habit;

/**
 * One data object of 249 bytes behind a tag and a length of two bytes each: DE55 of a terminal has room for it, and
 * Visa's has not, where a dataset is named before it.
 */
const LONG_CHIP_DATA = Bytes.of(
  Buffer.concat([Buffer.from('df0181f9', 'hex'), Buffer.alloc(249, 'chip data')]),
);

/** It has no form that Visa would understand. That is nobody's absence: it is refused, and nobody stands in. */
export const LONG_CHIP = {
  name: 'long-chip',
  says: 'sends more chip data than Visa has room for',
  share: 0.12,
  terminal: {
    opens: (message, order, random) =>
      isAsked(order) && random.chance(0.3) ? { ...message, de55: LONG_CHIP_DATA } : message,
  },
} as const satisfies Habit;

export function isNoChipData({ de55 }: Pick<TerminalMessage, 'de55'>): boolean {
  return de55 === NO_CHIP_DATA;
}

function isAsked({ kind }: Pick<PaymentOrder, 'kind'>): boolean {
  return !PAYMENTS[kind].isTold;
}
