import { DAY_MS, HOUR_MS } from '../../runtime/index.ts';
import type { FraudRule } from '../config/fraud.ts';

// The rules that hold where the settings give none. ETIKA-001 to 006 and the behaviour score are Étika's own; what it
// leaves open (over how long, by whom) is set here, and docs/fraud.md says so. ETIKA-003 compares an amount with the
// value of tokens, which no message to this switch has: it is in no list here, since a rule that can never fire would
// be a promise. Retry limits are those of the schemes.

const MINUTE_MS = 60_000;
const MONTH_MS = 30 * DAY_MS;

/** Codes after which Visa wants no other attempt (its first category), as far as an issuer says them to a terminal. */
const NEVER_AGAIN = ['04', '07', '12', '14', '15', '41', '43', '46', '57', 'R0', 'R1', 'R3'];

export const CATALOGUE: readonly FraudRule[] = [
  {
    id: 'ETIKA-001',
    description: 'more than five proofs activated tokens of one consumer within a day',
    severity: 'high',
    action: 'review',
    checks: [{ check: 'velocity', by: ['consumer'], of: 'proven', withinMs: DAY_MS, moreThan: 5 }],
  },
  {
    id: 'ETIKA-002',
    description: 'one address proved purchases of more than three consumers in an hour, without their cards',
    severity: 'medium',
    action: 'flag',
    scope: { card: 'absent' },
    checks: [
      { check: 'distinct', by: 'address', what: 'consumer', of: 'proven', withinMs: HOUR_MS, moreThan: 3 },
    ],
  },
  {
    id: 'ETIKA-004',
    description: 'more than two proofs of this card failed within an hour',
    severity: 'high',
    action: 'review',
    checks: [{ check: 'velocity', by: ['card'], of: 'proof-failed', withinMs: HOUR_MS, moreThan: 2 }],
  },
  {
    id: 'ETIKA-005',
    description: 'a merchant sells for one supplier to few consumers',
    severity: 'critical',
    action: 'block',
    checks: [{ check: 'collusion', withinMs: DAY_MS, from: 20, moreThan: 0.8 }],
  },
  {
    id: 'ETIKA-006',
    description: 'a receipt was paid for already',
    severity: 'critical',
    action: 'block',
    checks: [{ check: 'velocity', by: ['receipt'], of: 'approved', withinMs: MONTH_MS, moreThan: 0 }],
  },
  {
    id: 'BEHAVIOUR-REVIEW',
    description: 'unlike what the card did before',
    severity: 'medium',
    action: 'review',
    checks: [{ check: 'behaviour', moreThan: 0.4 }],
  },
  {
    id: 'BEHAVIOUR-BLOCK',
    description: 'very unlike what the card did before',
    severity: 'high',
    action: 'block',
    checks: [{ check: 'behaviour', moreThan: 0.7 }],
  },
  {
    id: 'CARD-VELOCITY',
    description: 'a card asks more than ten times in ten minutes',
    severity: 'medium',
    action: 'review',
    checks: [{ check: 'velocity', by: ['card'], of: 'asked', withinMs: 10 * MINUTE_MS, moreThan: 10 }],
  },
  {
    id: 'CARD-PROBING',
    description: 'a terminal tries many cards that their issuers decline',
    severity: 'high',
    action: 'review',
    checks: [
      { check: 'distinct', by: 'terminal', what: 'card', of: 'declined', withinMs: HOUR_MS, moreThan: 20 },
    ],
  },
  {
    id: 'BIN-ATTACK',
    description: 'many cards of one range are declined at one merchant as unknown or wrongly dated',
    severity: 'critical',
    action: 'block',
    scope: { card: 'absent' },
    checks: [
      {
        check: 'velocity',
        by: ['range', 'merchant'],
        of: 'declined',
        codes: ['14', '15', '54', '82', 'N7'],
        withinMs: HOUR_MS,
        moreThan: 30,
      },
    ],
  },
  {
    id: 'WRONG-PINS-CARD',
    description: 'five wrong PINs of a card in a day',
    severity: 'medium',
    action: 'flag',
    checks: [{ check: 'velocity', by: ['card'], of: 'wrong-pin', withinMs: DAY_MS, moreThan: 4 }],
  },
  {
    id: 'WRONG-PINS-TERMINAL',
    description: 'twenty wrong PINs at a terminal in an hour',
    severity: 'high',
    action: 'review',
    checks: [{ check: 'velocity', by: ['terminal'], of: 'wrong-pin', withinMs: HOUR_MS, moreThan: 19 }],
  },
  {
    id: 'REFUND-WITHOUT-ORIGINAL',
    description: 'a merchant gives back without an original more than ten times a day',
    severity: 'high',
    action: 'review',
    scope: { kinds: ['refund'], untied: true },
    checks: [{ check: 'velocity', by: ['merchant'], of: 'asked', withinMs: DAY_MS, moreThan: 10 }],
  },
  {
    id: 'SAME-AGAIN',
    description: 'the same card, merchant and amount were approved within five minutes',
    severity: 'low',
    action: 'flag',
    scope: { kinds: ['purchase', 'cash', 'cashback', 'pre-authorisation'] },
    checks: [
      {
        check: 'velocity',
        by: ['card', 'merchant', 'amount'],
        of: 'approved',
        withinMs: 5 * MINUTE_MS,
        moreThan: 0,
      },
    ],
  },
  {
    id: 'TRAVEL',
    description: 'a card is read in another region within an hour',
    severity: 'high',
    action: 'review',
    scope: { card: 'present' },
    checks: [{ check: 'travel', withinMs: HOUR_MS }],
  },
  retries('VISA-RETRIES', 'visa', 20, MONTH_MS),
  {
    id: 'VISA-NEVER-AGAIN',
    description: 'the issuer said that it will never approve this card here',
    severity: 'low',
    action: 'flag',
    scope: { profiles: ['visa'] },
    checks: [
      {
        check: 'velocity',
        by: ['card', 'merchant'],
        of: 'declined',
        codes: NEVER_AGAIN,
        withinMs: MONTH_MS,
        moreThan: 0,
      },
    ],
  },
  retries('MASTERCARD-RETRIES-DAY', 'mastercard', 10, DAY_MS),
  retries('MASTERCARD-RETRIES-MONTH', 'mastercard', 35, MONTH_MS),
];

/** So many declines of one card at one merchant, and none is asked for any more. */
function retries(id: string, profile: 'visa' | 'mastercard', count: number, withinMs: number): FraudRule {
  return {
    id,
    description: `${count} declines of a card at a merchant in ${withinMs / DAY_MS} days: the scheme wants no more`,
    severity: 'medium',
    action: 'block',
    scope: { profiles: [profile] },
    checks: [{ check: 'velocity', by: ['card', 'merchant'], of: 'declined', withinMs, moreThan: count - 1 }],
  };
}
