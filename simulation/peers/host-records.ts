import type { FaultPlan } from '../faults.ts';
import type { HabitOfNetworks } from './habits/habit.ts';

// What a network notes of what it sent and heard, for those who check it.

/** An approval that went out, for those who check what became of it. */
export interface SentApproval {
  readonly at: number;
  readonly terminal: string;
  /** The last three digits of its amount. */
  readonly number: number;
  /** When the switch stops waiting for it. */
  readonly deadline: number;
}

/** DE4 of a reversal: the amount under which it looks for its payment. */
export interface HeardReversal {
  readonly at: number;
  readonly terminal: string;
  /** The last three digits of its amount. */
  readonly number: number;
  readonly minorUnits: number;
}

/** What a network says of itself. */
export interface OwnWord {
  /** DE70; absent: that of a key. */
  readonly code?: string;
  readonly key?: string;
  readonly mti?: string;
}

/** What a network does, besides answering. */
export interface HostManners {
  readonly faults: FaultPlan;
  readonly habits: readonly HabitOfNetworks[];
}
