import { HOUR_MS, utcCalendar } from '../../runtime/index.ts';
import type { CheckName, CheckOf, FraudCheck, FraudEvent } from '../config/fraud.ts';
import { hasExpired } from '../stand-in/rules.ts';
import { behaviourScore } from './behaviour.ts';
import { type FraudFacts, keyOf, type Presented, SUBJECT_OF } from './facts.ts';
import type { FraudMemory } from './memory.ts';
import { type DigitRange, type Fits, isWithin } from './scope.ts';

// What each check looks at, as one table. A check that is looked at says what it saw where that is too much, and
// nothing where it is not, or where the payment does not say what the check asks for: what is not known is no reason.

export type Look = (facts: FraudFacts, at: number, presented?: Presented) => number | undefined;

/** What a rule gives its checks when it is compiled. */
export interface LookParts {
  readonly memory: FraudMemory;
  readonly fits: Fits;
  /** The scope in words. */
  readonly scope: string;
  /** Leading digits that are tokens. */
  readonly tokens: readonly DigitRange[];
}

/** The payment that is judged counts as asked for; how it will end is not known yet. */
const ownShare = (event: FraudEvent) => (event === 'asked' ? 1 : 0);
const FIRED = 1;
const ANY = Number.POSITIVE_INFINITY;

const LOOKS: { readonly [Name in CheckName]: (check: CheckOf<Name>, parts: LookParts) => Look } = {
  velocity: (check, { memory, fits, scope }) => {
    const { by, of, withinMs, moreThan, codes, minorUnitsAtMost } = check;
    const counts = memory.counts({ by, of, withinMs, codes, minorUnitsAtMost, fits, scope });
    return (facts, at) => {
      const key = keyOf(by, facts);
      if (key === undefined || facts.minorUnits > (minorUnitsAtMost ?? ANY)) return undefined;
      return above(counts.total(key, at) + ownShare(of), moreThan);
    };
  },
  total: (check, { memory, fits, scope }) => {
    const { by, of, currency, moreThanMinorUnits } = check;
    const counts = memory.counts({ by, of, currency, withinMs: check.withinMs, fits, scope });
    return (facts, at) => {
      const key = keyOf(by, facts);
      if (key === undefined || facts.currency !== currency) return undefined;
      return above(counts.total(key, at) + ownShare(of) * facts.minorUnits, moreThanMinorUnits);
    };
  },
  distinct: (check, { memory, fits, scope }) => {
    const { by, what, of, withinMs, moreThan } = check;
    const values = memory.values({ by: [by], what, of, withinMs, fits, scope });
    return (facts, at) => {
      const [key, value] = [SUBJECT_OF[by](facts), SUBJECT_OF[what](facts)];
      if (key === undefined || value === undefined) return undefined;
      return above(values.countWith(key, value, at), moreThan);
    };
  },
  amount:
    ({ currency, moreThanMinorUnits }) =>
    (facts) =>
      facts.currency === currency ? above(facts.minorUnits, moreThanMinorUnits) : undefined,
  outlier:
    ({ times, from }, { memory }) =>
    (facts) => {
      const profile = memory.profiles.of(facts);
      if (!profile || profile.payments < from || profile.currency !== facts.currency) return undefined;
      return above(Math.round((facts.minorUnits / profile.mean) * 10) / 10, times);
    },
  travel:
    ({ withinMs }, { memory }) =>
    (facts, at) => {
      const { presentAt, presentIn } = memory.profiles.of(facts) ?? {};
      const place = memory.placeOf(facts);
      if (!facts.isCardPresent || presentAt === undefined || place === undefined) return undefined;
      return place !== presentIn && at - presentAt < withinMs ? FIRED : undefined;
    },
  behaviour:
    ({ moreThan }, { memory }) =>
    (facts, at) => {
      const seen = { at, inADay: memory.inADay(facts, at) + 1, place: memory.placeOf(facts) };
      return above(behaviourScore(facts, seen, memory.profiles.of(facts)), moreThan);
    },
  collusion: (check, { memory, fits, scope }) => {
    const { withinMs, from, moreThan } = check;
    const proven = { of: 'proven', withinMs, fits, scope } as const;
    const ofMerchant = memory.counts({ ...proven, by: ['merchant'] });
    const ofPair = memory.counts({ ...proven, by: ['merchant', 'supplier'] });
    const consumers = memory.values({ ...proven, by: ['merchant', 'supplier'], what: 'consumer' });
    return (facts, at) => {
      const pair = keyOf(['merchant', 'supplier'], facts);
      if (pair === undefined || facts.consumer === undefined) return undefined;
      const [all, both] = [ofMerchant.total(facts.merchant, at), ofPair.total(pair, at)];
      if (all < from) return undefined;
      return above(collusionScore(all, both, consumers.countWith(pair, facts.consumer, at)), moreThan);
    };
  },
  luhn:
    (_, { tokens }) =>
    (facts, _at, presented) => {
      if (!presented || !isCardsOwn(facts, presented, tokens)) return undefined;
      return presented.pan.hasCheckDigit() ? undefined : FIRED;
    },
  expiry:
    (_, { tokens }) =>
    (facts, at, presented) => {
      if (presented?.expiry === undefined || !isCardsOwn(facts, presented, tokens)) return undefined;
      return hasExpired(presented.expiry, monthOf(at)) ? FIRED : undefined;
    },
};

export function lookOf(check: FraudCheck, parts: LookParts): Look {
  return (LOOKS[check.check] as (check: FraudCheck, parts: LookParts) => Look)(check, parts);
}

function above(seen: number, most: number): number | undefined {
  return seen > most ? seen : undefined;
}

/** So many are not few: little more than that is counted (distinct-values.ts). */
const MANY_CONSUMERS = 60;

function collusionScore(all: number, withSupplier: number, consumers: number): number {
  if (withSupplier === 0 || consumers >= MANY_CONSUMERS) return 0;
  const few = Math.max(0, 1 - consumers / withSupplier);
  return Math.round((withSupplier / all) * few * 1_000) / 1_000;
}

/**
 * Number and date are the card's own: not of a token, not of what a merchant has on file and whose card was renewed
 * since, and not of a refund, which goes to whoever paid.
 */
function isCardsOwn(facts: FraudFacts, { pan }: Presented, tokens: readonly DigitRange[]): boolean {
  return facts.kind !== 'refund' && !facts.isRecurring && !isWithin(tokens, pan.iin(8));
}

/** A card is good until its month is over everywhere. */
const BEHIND_UTC_MS = 12 * HOUR_MS;

function monthOf(at: number): string {
  const { year, month } = utcCalendar(at - BEHIND_UTC_MS);
  return String(year % 100).padStart(2, '0') + String(month).padStart(2, '0');
}
