import type { FraudScope } from '../config/fraud.ts';
import type { NetworkSettings } from '../config/settings.ts';
import type { FraudFacts } from './facts.ts';

/** Whether a rule is about a payment: it neither counts nor judges what is outside its scope. */
export type Fits = (facts: FraudFacts) => boolean;

/** @param profiles of the networks, by their names */
export function scopeOf(
  { kinds, merchants, ranges, profiles: wanted, card, untied }: FraudScope,
  profiles: ReadonlyMap<string, NetworkSettings['profile']>,
): Fits {
  const tests: Fits[] = [];

  if (kinds) tests.push(({ kind }) => kinds.some((each) => each === kind));
  if (merchants) {
    const named = new Set(merchants.map((each) => each.trimEnd()));
    tests.push(({ merchant }) => named.has(merchant));
  }
  if (ranges) tests.push(({ range }) => isWithin(ranges, range));
  if (wanted) {
    tests.push(({ network }) => {
      const profile = profiles.get(network);
      return profile !== undefined && wanted.includes(profile);
    });
  }
  if (card) tests.push(({ isCardPresent }) => isCardPresent === (card === 'present'));
  if (untied) tests.push(({ isUntied }) => isUntied);

  return (facts) => tests.every((test) => test(facts));
}

export interface DigitRange {
  readonly from: string;
  readonly to: string;
}

export function isWithin(ranges: readonly DigitRange[], digits: string): boolean {
  return ranges.some(({ from, to }) => {
    const leading = digits.slice(0, from.length);
    return leading >= from && leading <= to;
  });
}
