import type { FraudFacts } from './facts.ts';
import { hourOf, type Profile } from './profiles.ts';

// How unlike its earlier payments a payment is, as one number from 0 to 1. Each factor that is there takes its share of
// what the others leave, so that no two of them come to more than 1, and one alone never to more than its weight. The
// weights of location, amount and merchant, twice the mean and ten a day are Étika's; the others are ours.

export type Factor =
  | 'unusual-amount'
  | 'unusual-merchant'
  | 'unusual-frequency'
  | 'unusual-location'
  | 'unusual-time'
  | 'velocity'
  | 'pattern';

/** What a factor may look at beside the payment. */
export interface Seen {
  readonly profile: Profile;
  readonly at: number;
  /** Of this card in the last day, this one among them. */
  readonly inADay: number;
  readonly place: string | undefined;
}

interface FactorRow {
  readonly weight: number;
  readonly isThere: (facts: FraudFacts, seen: Seen) => boolean;
}

const TIMES_THE_MEAN = 2;
const MOST_A_DAY = 10;
/** Of the usual time between two payments. */
const UNUSUALLY_SOON = 0.05;
const SAME_AMOUNTS = 3;

const FACTORS: Readonly<Record<Factor, FactorRow>> = {
  'unusual-location': {
    weight: 0.6,
    isThere: (_, { profile, place }) =>
      place !== undefined && profile.places.length > 0 && !profile.places.includes(place),
  },
  'unusual-amount': {
    weight: 0.5,
    isThere: ({ minorUnits, currency }, { profile }) =>
      currency === profile.currency && minorUnits > TIMES_THE_MEAN * profile.mean,
  },
  velocity: { weight: 0.5, isThere: (_, { inADay }) => inADay > MOST_A_DAY },
  'unusual-merchant': {
    weight: 0.4,
    isThere: ({ merchant }, { profile }) => !profile.merchants.includes(merchant),
  },
  'unusual-frequency': {
    weight: 0.3,
    isThere: (_, { profile, at }) => at - profile.lastAt < UNUSUALLY_SOON * profile.meanGapMs,
  },
  pattern: {
    weight: 0.3,
    isThere: ({ minorUnits }, { profile }) =>
      profile.sameAmounts >= SAME_AMOUNTS && minorUnits === profile.lastAmount,
  },
  'unusual-time': {
    weight: 0.2,
    isThere: (_, { profile, at }) => (profile.hours & (1 << hourOf(at))) === 0,
  },
};
const ROWS = Object.values(FACTORS);

/** Before so many payments of a card nothing of it is unusual. */
const KNOWN_FROM = 5;

export function behaviourScore(facts: FraudFacts, seen: Omit<Seen, 'profile'>, profile?: Profile): number {
  if (!profile || profile.payments < KNOWN_FROM) return 0;
  let usual = 1;
  for (const { weight, isThere } of ROWS) if (isThere(facts, { ...seen, profile })) usual *= 1 - weight;
  return Math.round((1 - usual) * 1_000) / 1_000;
}
