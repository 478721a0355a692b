import { expect, it } from 'vitest';
import { DAY_MS } from '../runtime/index.ts';
import { type HoldCase, holdLife } from './hold-rules.ts';
import {
  completable,
  MASTERCARD_RULES,
  PLAIN_RULES,
  type SchemeRules,
  VISA_RULES,
  withTip,
} from './scheme-rules.ts';

it.each([
  [VISA_RULES, '5812', 10_000, 12_000],
  [VISA_RULES, '5812', 1, 1],
  [VISA_RULES, '7011', 9_999, 11_498],
  [VISA_RULES, '5411', 10_000, 10_000],
  [PLAIN_RULES, '5812', 10_000, 10_000],
  [MASTERCARD_RULES, '5812', 10_000, 12_000],
  [MASTERCARD_RULES, '7011', 10_000, 10_000],
])(
  'what may be completed is what was authorised and the share of its category, rounded down',
  (rules, category, authorised, most) => {
    expect(completable(rules, category, authorised)).toBe(most);
  },
);

it.each([VISA_RULES, MASTERCARD_RULES])('nothing is exceeded in the EEA, nor what is exact', (rules) => {
  const meal = { merchantCategory: '5812', region: 'other', isExact: false } as const;
  expect(completable(rules, '5812', 10_000, { region: 'eea' })).toBe(10_000);
  expect(completable(rules, '5812', 10_000, { isExact: true })).toBe(10_000);
  expect(withTip(rules, meal, 10_000)).toBe(12_000);
  expect(withTip(rules, { ...meal, region: 'eea' }, 10_000)).toBe(10_000);
  expect(withTip(rules, { ...meal, isExact: true }, 10_000)).toBe(10_000);
});

const AT_COUNTER: HoldCase = {
  region: 'eea',
  category: '5812',
  isCardPresent: true,
  initiator: 'cardholder',
  isFinal: false,
};

it.each<[string, SchemeRules, Partial<HoldCase>, number, true | undefined]>([
  ['Visa: a table', VISA_RULES, {}, 5, undefined],
  ['Visa: a room', VISA_RULES, { category: '7011' }, 30, undefined],
  ['Visa: a room that is final', VISA_RULES, { category: '7011', isFinal: true }, 5, undefined],
  ['Visa: an order without the card', VISA_RULES, { isCardPresent: false }, 10, undefined],
  ['Visa: a card on file', VISA_RULES, { isCardPresent: false, initiator: 'merchant' }, 5, undefined],
  ['Mastercard: a table', MASTERCARD_RULES, {}, 30, true],
  ['Mastercard: a final amount', MASTERCARD_RULES, { isFinal: true }, 7, true],
])('a hold lives: %s', (_, { holds }, change, days, isExtended) => {
  const life = holdLife(holds, { ...AT_COUNTER, ...change }, 0);
  expect([life.until / DAY_MS, life.isExtended]).toEqual([days, isExtended]);
});
