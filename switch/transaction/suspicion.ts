// What rules of fraud said of a payment before its legs were opened, as the journal keeps it. It is short, and there
// only where a rule fired: a payment that nobody suspects costs no byte for it.

/** What is done; each does what those before it do, too. */
export type FraudDeed = 'monitor' | 'flag' | 'review' | 'block';

export interface Suspicion {
  /** What was done. `monitor` where rules are only watched, whatever they ask for. */
  readonly did: FraudDeed;
  /** The rules that fired, in the order of the rules. */
  readonly found: readonly FoundRule[];
  /** Under which rules it was judged: the first digits of their hash. */
  readonly rules: string;
}

/** What a payment is opened with, where rules of fraud are asked. */
export interface Judged {
  /** Absent where no rule fired. */
  readonly fraud?: Suspicion;
  /** A refund that names no original. */
  readonly untied?: true;
}

export interface FoundRule {
  readonly id: string;
  /** What the rule asks for; absent of one in the shadow. */
  readonly action?: FraudDeed;
  /** What its checks saw, one for each. */
  readonly seen: readonly number[];
}
