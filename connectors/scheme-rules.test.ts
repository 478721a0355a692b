import { expect, it } from 'vitest';
import { completable, PLAIN_RULES, VISA_RULES } from './scheme-rules.ts';

it.each([
  [VISA_RULES, '5812', 10_000, 12_000],
  [VISA_RULES, '5812', 1, 1],
  [VISA_RULES, '7011', 9_999, 11_498],
  [VISA_RULES, '5411', 10_000, 10_000],
  [PLAIN_RULES, '5812', 10_000, 10_000],
])(
  'what may be completed is what was authorised and the share of its category, rounded down',
  (rules, category, authorised, most) => {
    expect(completable(rules, category, authorised)).toBe(most);
  },
);
