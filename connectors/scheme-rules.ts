import type { ReversalTable } from './reversal-words.ts';

/**
 * What a network allows beyond the plain course of a transaction. The schemes' rule books are not public: these are
 * what acquirers commonly work by, and are data so that licensed ones can take their place.
 */
export interface SchemeRules {
  /** Authorisations that may add to one pre-authorisation. */
  readonly maxIncrements: number;
  /**
   * By how many percent a completion may exceed what was authorised, by merchant category (DE18); others: not at all.
   */
  readonly overCompletionPercent: Readonly<Record<string, number>>;
  /** What a reversal says, by what the payment went through; absent: as plain ISO 8583:1987 has it. */
  readonly reversals?: ReversalTable;
  /** DE11 and DE7 of a reversal: numbers of its own, which is the default, or those of what it takes back. */
  readonly reversalNumbers?: 'own' | 'original';
  /**
   * How it hears of what was approved in an issuer's stead: by an advice, which is the default, or by an authorisation
   * that is marked as deferred, which the issuer may still decline.
   */
  readonly standInIsTold?: 'advice' | 'deferred';
  /** Whether it takes back a part (DE95); it does where this is absent. */
  readonly partialReversal?: boolean;
  /**
   * Whether a reversal whose DE95 is the whole amount makes stand again what was reversed; it does not where absent.
   */
  readonly reinstatement?: boolean;
}

/** How much may be completed of what was authorised, in minor units. */
export function completable(
  { overCompletionPercent }: SchemeRules,
  merchantCategory: string,
  authorisedMinorUnits: number,
): number {
  const percent = overCompletionPercent[merchantCategory] ?? 0;
  return authorisedMinorUnits + Math.floor((authorisedMinorUnits * percent) / 100);
}

/** Tips are written on the slip, and a stay or a hire ends dearer than it began. */
export const VISA_RULES: SchemeRules = {
  maxIncrements: 99,
  overCompletionPercent: { '4411': 15, '7011': 15, '7512': 15, '5812': 20, '5813': 20, '4121': 20 },
};

/** Plain ISO 8583:1987 says nothing of it: what was not authorised is not taken. */
export const PLAIN_RULES: SchemeRules = { maxIncrements: 99, overCompletionPercent: {} };
