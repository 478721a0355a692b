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
