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
