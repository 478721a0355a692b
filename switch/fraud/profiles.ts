import { HOUR_MS } from '../../runtime/index.ts';
import type { FraudFacts } from './facts.ts';
import { RecentValues } from './recent-keys.ts';

/** What is known of how a card is used, from what was approved: nobody teaches it by being declined. */
export interface Profile {
  readonly payments: number;
  /** Of the amounts, in minor units of the currency that it was used in last. */
  readonly mean: number;
  readonly currency: string;
  /** The latest, at most a few. */
  readonly merchants: readonly string[];
  readonly places: readonly string[];
  /** A bit for each hour of a UTC day. */
  readonly hours: number;
  readonly lastAt: number;
  readonly meanGapMs: number;
  readonly lastAmount: number;
  readonly sameAmounts: number;
  /** Where and when it was read last by a terminal. */
  readonly presentAt?: number;
  readonly presentIn?: string;
}

/** Profiles of cards, bounded: the card that was used longest ago gives way. */
export class Profiles {
  readonly #profiles: RecentValues<Profile>;

  constructor(maxCards: number) {
    this.#profiles = new RecentValues(maxCards);
  }

  of({ card }: Pick<FraudFacts, 'card'>): Profile | undefined {
    return this.#profiles.get(card);
  }

  /** @param place the region of its merchant, where that is known */
  learn(facts: FraudFacts, at: number, place: string | undefined): void {
    const before = this.#profiles.get(facts.card);
    this.#profiles.set(facts.card, before ? learned(before, facts, at, place) : first(facts, at, place));
  }

  get size(): number {
    return this.#profiles.size;
  }
}

/** How many merchants and places of a card are remembered. */
const REMEMBERED = 6;
/** How much the latest payment moves a mean that is settled: the last twenty count most. */
const SETTLED_AFTER = 20;

function first(facts: FraudFacts, at: number, place: string | undefined): Profile {
  return {
    payments: 1,
    mean: facts.minorUnits,
    currency: facts.currency,
    merchants: [facts.merchant],
    places: place === undefined ? [] : [place],
    hours: 1 << hourOf(at),
    lastAt: at,
    meanGapMs: 0,
    lastAmount: facts.minorUnits,
    sameAmounts: 1,
    ...presence(facts, at, place),
  };
}

function learned(before: Profile, facts: FraudFacts, at: number, place: string | undefined): Profile {
  const payments = before.payments + 1;
  const weight = 1 / Math.min(payments, SETTLED_AFTER);
  const isSameMoney = before.currency === facts.currency;
  const gap = Math.max(0, at - before.lastAt);
  return {
    payments,
    mean: isSameMoney ? before.mean + (facts.minorUnits - before.mean) * weight : facts.minorUnits,
    currency: facts.currency,
    merchants: latest(before.merchants, facts.merchant),
    places: place === undefined ? before.places : latest(before.places, place),
    hours: before.hours | (1 << hourOf(at)),
    lastAt: Math.max(at, before.lastAt),
    meanGapMs: before.payments === 1 ? gap : before.meanGapMs + (gap - before.meanGapMs) * weight,
    lastAmount: facts.minorUnits,
    sameAmounts: before.lastAmount === facts.minorUnits ? before.sameAmounts + 1 : 1,
    ...(before.presentIn !== undefined && {
      presentAt: before.presentAt ?? 0,
      presentIn: before.presentIn,
    }),
    ...presence(facts, at, place),
  };
}

function presence({ isCardPresent }: FraudFacts, at: number, place: string | undefined) {
  return isCardPresent && place !== undefined ? { presentAt: at, presentIn: place } : undefined;
}

function latest(values: readonly string[], value: string): readonly string[] {
  if (values.at(-1) === value) return values;
  return [...values.filter((each) => each !== value), value].slice(-REMEMBERED);
}

export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) % 24;
}
