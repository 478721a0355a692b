import type { HoldRow, Region } from './hold-rules.ts';
import type { ReversalTable } from './reversal-words.ts';

// What a network allows beyond the plain course of a transaction. The schemes' rule books are not public: these are
// what acquirers commonly work by, and are data so that licensed ones can take their place.

/** A share by merchant category (DE18), in percent; others: none. */
type PercentByCategory = Readonly<Record<string, number>>;

export interface SchemeRules {
  /** Authorisations that may add to one pre-authorisation. */
  readonly maxIncrements: number;
  /** By how many percent a completion may exceed what was authorised. */
  readonly overCompletionPercent: PercentByCategory;
  /** The same where the merchant's region has a rule of its own. */
  readonly overCompletionIn?: Readonly<Partial<Record<Region, PercentByCategory>>>;
  /** By how many percent a tip may exceed what was authorised; twenty where a scheme says nothing of it. */
  readonly tipPercent?: PercentByCategory;
  readonly tipIn?: Readonly<Partial<Record<Region, PercentByCategory>>>;
  /** Completions of one pre-authorisation; one where absent. */
  readonly maxCompletions?: number;
  /** How long pre-authorisations live, by the first row that fits; thirty days where absent. */
  readonly holds?: readonly HoldRow[];
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

/** What decides how much may be taken beyond what was authorised. */
export interface Allowance {
  readonly merchantCategory: string;
  readonly region: Region;
  /** A partial approval is all that is there, and a final authorisation is what will be taken: neither is exceeded. */
  readonly isExact: boolean;
}

/** Of a scheme whose data says nothing of tips. */
const USUAL_TIP_PERCENT = 20;

/** How much may be completed of what was authorised, in minor units. */
export function completable(
  { overCompletionPercent, overCompletionIn }: SchemeRules,
  merchantCategory: string,
  authorisedMinorUnits: number,
  { region = 'other', isExact = false }: Partial<Omit<Allowance, 'merchantCategory'>> = {},
): number {
  const shares = overCompletionIn?.[region] ?? overCompletionPercent;
  return withShare(authorisedMinorUnits, isExact ? 0 : (shares[merchantCategory] ?? 0));
}

/** How much a sale may be with its tip, of what was authorised, in minor units. */
export function withTip(
  { tipPercent, tipIn }: SchemeRules,
  { merchantCategory, region, isExact }: Allowance,
  authorisedMinorUnits: number,
): number {
  const shares = tipIn?.[region] ?? tipPercent;
  const percent = shares ? (shares[merchantCategory] ?? 0) : USUAL_TIP_PERCENT;
  return withShare(authorisedMinorUnits, isExact ? 0 : percent);
}

function withShare(minorUnits: number, percent: number): number {
  return minorUnits + Math.floor((minorUnits * percent) / 100);
}

/** Lodging, vehicle rental, cruises: they end later than they begin. */
const STAYS = ['3351', '3501', '4411', '7011', '7512', '7513', '7519'] as const;

/**
 * Tips are written on the slip, and a stay or a hire ends dearer than it began; not so in the EEA, where the customer
 * has agreed to an amount. An increment leaves a hold's end where it was.
 */
export const VISA_RULES: SchemeRules = {
  maxIncrements: 99,
  overCompletionPercent: { '4411': 15, '7011': 15, '7512': 15, '5812': 20, '5813': 20, '4121': 20 },
  overCompletionIn: { eea: {} },
  tipPercent: { '4121': 20, '5812': 20, '5813': 20, '5814': 20, '7011': 20, '7230': 20, '7298': 20 },
  tipIn: { eea: {} },
  maxCompletions: 99,
  holds: [
    { initiator: 'merchant', days: 5, isExtended: false },
    { isFinal: true, days: 5, isExtended: false },
    { categories: STAYS, days: 30, isExtended: false },
    { isCardPresent: false, days: 10, isExtended: false },
    { days: 5, isExtended: false },
  ],
};

/** An increment begins a hold's days anew, and what was asked for as final is taken as it was asked. */
export const MASTERCARD_RULES: SchemeRules = {
  maxIncrements: 99,
  overCompletionPercent: { '4121': 20, '5812': 20, '5813': 20, '5814': 20 },
  overCompletionIn: { eea: {} },
  tipPercent: { '4121': 20, '5812': 20, '5813': 20, '5814': 20, '7230': 20, '7298': 20 },
  tipIn: { eea: {} },
  holds: [
    { isFinal: true, days: 7, isExtended: true },
    { days: 30, isExtended: true },
  ],
};

/** Plain ISO 8583:1987 says nothing of it: what was not authorised is not taken. */
export const PLAIN_RULES: SchemeRules = {
  maxIncrements: 99,
  overCompletionPercent: {},
  tipPercent: {},
  holds: [
    { isFinal: true, days: 7, isExtended: true },
    { days: 30, isExtended: true },
  ],
};
