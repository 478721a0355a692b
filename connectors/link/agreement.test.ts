import { describe, expect, it } from 'vitest';
import { amountDisagreements } from './agreement.ts';

const ASKED = { amount: { minorUnits: 2_500, currency: '978' }, kind: 'purchase' } as const;
const told = (amountType: string, amount: string) => ({
  accountType: '00',
  amountType,
  currency: '978',
  sign: 'D' as const,
  amount: amount.padStart(12, '0'),
});

describe('the amount of an answer', () => {
  it.each([
    ['approved', '2500', []],
    ['approved', '2400', ['DE4']],
    ['approved-but-identify', '2501', ['DE4']],
    ['approved-in-part', '1000', []],
    ['approved-in-part', '2501', ['DE4']],
    ['approved-without-cash', '2000', []],
    ['refused', '0', []],
    ['refused', '2500', []],
    ['refused', '1', ['DE4']],
  ] as const)('of what is %s may be %s: %j contradicts', (meaning, amount, found) => {
    expect(amountDisagreements({ amount }, ASKED, meaning)).toEqual(found);
  });

  it.each(['approved-in-part', 'approved-without-cash'] as const)(
    'that was asked, where it is %s',
    (meaning) => {
      const of = (...amounts: ReturnType<typeof told>[]) =>
        amountDisagreements({ amount: '1000', amounts }, ASKED, meaning);
      expect(of(told('57', '2500'))).toEqual([]);
      expect(of(told('57', '2600'))).toEqual(['DE54']);
      expect(of(told('02', '9900'))).toEqual([]);
      expect(of(told('02', '9900'), told('57', '2600'))).toEqual(['DE54']);
    },
  );

  it('that was asked says nothing where all of it is approved', () => {
    expect(amountDisagreements({ amount: '2500', amounts: [told('57', '2600')] }, ASKED, 'approved')).toEqual(
      [],
    );
  });

  it('of a balance says what is there, and contradicts nothing', () => {
    expect(amountDisagreements({ amount: '9900' }, { ...ASKED, kind: 'balance' }, 'approved')).toEqual([]);
  });
});
