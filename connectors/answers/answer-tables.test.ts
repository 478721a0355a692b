import { describe, expect, it } from 'vitest';
import type { TransactionKind } from '../authorisation.ts';
import { adviceOutcome, authorisationOutcome, reversalOutcome } from '../link/outcomes.ts';
import { factsOf } from '../link/testing.ts';
import { codeMeaning, mayHoldMoney, notFoundRules, reversalMeaning } from './answer-meaning.ts';
import { MASTERCARD_ANSWERS } from './mastercard-answers.ts';
import { answersOf } from './of-network.ts';
import { PLAIN_ANSWERS } from './plain-answers.ts';
import { VISA_ANSWERS } from './visa-answers.ts';

const TABLES = { plain: PLAIN_ANSWERS, visa: VISA_ANSWERS, mastercard: MASTERCARD_ANSWERS };
type Name = keyof typeof TABLES;
const NAMES: readonly Name[] = ['plain', 'visa', 'mastercard'];

const answered = (name: Name, code: string, kind: TransactionKind = 'purchase', amount?: string) =>
  authorisationOutcome({ code, amount }, factsOf({ kind, cashbackMinorUnits: 1_000 }), TABLES[name]);

describe('an authorisation answered', () => {
  it.each([
    ['08', { plain: 'approved', visa: 'unknown', mastercard: 'approved' }],
    ['11', { plain: 'approved', visa: 'approved', mastercard: 'unknown' }],
    ['16', { plain: 'approved', visa: 'unknown', mastercard: 'unknown' }],
    ['09', { plain: 'unknown', visa: 'unknown', mastercard: 'unknown' }],
    ['1A', { plain: 'refused', visa: 'refused', mastercard: 'unknown' }],
    ['65', { plain: 'refused', visa: 'refused', mastercard: 'refused' }],
    ['Z9', { plain: 'unknown', visa: 'unknown', mastercard: 'unknown' }],
  ] as const)('%s is what its network has it mean', (code, meant) => {
    for (const name of NAMES) expect(answered(name, code), name).toMatchObject({ status: meant[name] });
  });

  it.each(NAMES)('85 at %s approves a refund or a verification and nothing else', (name) => {
    const kinds = [
      'refund',
      'account-verification',
      'purchase',
      'cash',
      'pre-authorisation',
      'balance',
    ] as const;
    expect(kinds.map((kind) => answered(name, '85', kind).status)).toEqual([
      'approved',
      'approved',
      'refused',
      'refused',
      'refused',
      'refused',
    ]);
  });

  it('87 is an approval of a cashback without its cash, and means nothing for anything else', () => {
    expect(answered('mastercard', '87', 'cashback')).toMatchObject({ approvedMinorUnits: 1_500 });
    const whole = answered('mastercard', '87', 'cashback', '000000002500');
    expect(whole).toMatchObject({ status: 'approved', code: '87', approvedMinorUnits: 1_500 });
    const more = answered('mastercard', '87', 'cashback', '000000002000');
    expect(more).toMatchObject({ status: 'unknown' });
    expect(answered('mastercard', '87', 'purchase')).toMatchObject({ status: 'unknown' });
  });

  it('by what nobody can read is not silent', () => {
    expect(answered('visa', '08')).toMatchObject({ status: 'unknown', hasAnswered: true });
  });

  it('names no amount where it declines, or that of the request', () => {
    for (const amount of [undefined, '000000000000', '000000002500']) {
      expect(answered('plain', '51', 'purchase', amount)).toMatchObject({ status: 'refused' });
    }
    expect(answered('plain', '51', 'purchase', '000000009900')).toMatchObject({ status: 'unknown' });
    expect(answered('plain', '00', 'purchase', '000000000000')).toMatchObject({ status: 'unknown' });
  });
});

describe('a code that comes late', () => {
  it.each(['00', '08', '10', '11', '16', '85', '87', 'Z9'])('%s may hold money', (code) => {
    expect(mayHoldMoney(code)).toBe(true);
  });

  it.each(['51', '05', '91', '12', '09'])('%s holds none', (code) => {
    expect(mayHoldMoney(code)).toBe(false);
  });

  it('85 holds none of a purchase', () => {
    expect(mayHoldMoney('85', 'purchase')).toBe(false);
    expect(mayHoldMoney('85', 'refund', VISA_ANSWERS)).toBe(true);
  });
});

describe('a reversal answered', () => {
  it.each([
    ['plain', '25', 'not-found'],
    ['visa', '25', 'not-found'],
    ['visa', '21', 'not-found'],
    ['visa', '76', 'not-found'],
    ['visa', '77', 'not-found'],
    ['mastercard', '25', undefined],
    ['visa', '12', undefined],
    ['visa', '00', 'reversed'],
    ['plain', '96', 'try-again'],
  ] as const)('at %s with %s is %s', (name, code, meaning) => {
    expect(reversalMeaning(code, TABLES[name])).toBe(meaning);
  });

  it('94 is acknowledged where it said that it was a repeat, and refused where it was the first', () => {
    expect(reversalOutcome({ code: '94' }, VISA_ANSWERS, true)).toMatchObject({ status: 'acknowledged' });
    expect(reversalOutcome({ code: '94' }, VISA_ANSWERS, false)).toMatchObject({ status: 'refused' });
  });

  it('25 at Mastercard is a refusal: people look', () => {
    expect(reversalOutcome({ code: '25' }, MASTERCARD_ANSWERS)).toMatchObject({ status: 'refused' });
  });
});

describe('an advice answered', () => {
  it('"not found" has told nobody anything', () => {
    expect(adviceOutcome({ code: '25' }, VISA_ANSWERS)).toMatchObject({ status: 'refused' });
    expect(adviceOutcome({ code: '96' }, VISA_ANSWERS)).toMatchObject({ status: 'unknown' });
  });
});

describe('what an operator knows better', () => {
  it('goes before the table of the profile, and leaves the rest as it is', () => {
    const own = answersOf('visa', {
      authorisation: { '08': 'approved-but-identify', '11': 'refused' },
      reversal: { '21': 'already-reversed' },
      timeOutMs: 30_000,
      notFoundRepeats: 5,
    });
    expect(codeMeaning('08', 'purchase', own)).toBe('approved-but-identify');
    expect(codeMeaning('11', 'purchase', own)).toBe('refused');
    expect(codeMeaning('10', 'purchase', own)).toBe('approved-in-part');
    expect(reversalMeaning('21', own)).toBe('already-reversed');
    expect(notFoundRules(own)).toEqual({ timeOutMs: 30_000, repeats: 5, repeatsOfSeen: 1 });
  });

  it('may be that its network follows the codes of another', () => {
    expect(codeMeaning('16', 'purchase', answersOf('plain', { codes: 'mastercard' }))).toBeUndefined();
  });
});
