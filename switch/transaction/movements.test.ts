import { expect, test } from 'vitest';
import { accountsOf, NOTHING } from './movements.ts';

test.each([
  ['a purchase is captured at once', 'purchase', 'approved', { captured: 500 }],
  ['a pre-authorisation is held', 'pre-authorisation', 'approved', { held: 500 }],
  ['a pre-authorisation that was completed is captured', 'pre-authorisation', 'captured', { captured: 500 }],
  ['a refund is refunded', 'refund', 'approved', { refunded: 500 }],
])('what stands of a payment lies on one account: %s', (_, kind, state, expected) => {
  expect(accountsOf(kind, state, 500)).toEqual({ ...NOTHING, ...expected });
});
