import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { toldTotals } from './told-totals.ts';

const side = (count: number, minorUnits: number) =>
  String(count).padStart(3, '0') + String(minorUnits).padStart(12, '0');
const closing = (change: Partial<TerminalMessage>): TerminalMessage => ({ mti: '0500', ...change });
const STANDARD = {
  de74: '0000000002',
  de86: '0000000000000700',
  de75: '0000000001',
  de87: '0000000000000200',
  de76: '0000000005',
  de88: '0000000000009000',
  de77: '0000000002',
  de89: '0000000000001500',
};

describe('the totals that a terminal tells', () => {
  it('are sales and refunds in DE63, and of several kinds they are added up', () => {
    const totals = side(3, 7_500) + side(1, 2_000);
    expect(toldTotals(closing({ de63: totals }))).toEqual({
      sales: { count: 3, minorUnits: 7_500 },
      refunds: { count: 1, minorUnits: 2_000 },
    });
    expect(toldTotals(closing({ de63: `${totals}${totals}${side(1, 1)}${side(0, 0)}  ` }))).toEqual({
      sales: { count: 7, minorUnits: 15_001 },
      refunds: { count: 2, minorUnits: 4_000 },
    });
  });

  it('are what was debited and credited without what was reversed, by the elements of the standard', () => {
    expect(toldTotals(closing(STANDARD))).toEqual({
      sales: { count: 3, minorUnits: 7_500 },
      refunds: { count: 1, minorUnits: 500 },
    });
    expect(toldTotals(closing({ de76: '0000000001', de88: '0000000000000100' }))).toEqual({
      sales: { count: 1, minorUnits: 100 },
      refunds: { count: 0, minorUnits: 0 },
    });
  });

  it('are those of DE63 where there are both', () => {
    const both = closing({ ...STANDARD, de63: side(1, 100) + side(0, 0) });
    expect(toldTotals(both).sales).toEqual({ count: 1, minorUnits: 100 });
  });

  it.each([
    ['none', {}, 'DE63'],
    ['of one side', { de63: side(1, 100) }, 'DE63'],
    ['of four times two sides', { de63: side(1, 100).repeat(8) }, 'DE63'],
    ['with a letter', { de63: `${side(1, 100).slice(1)}A${side(0, 0)}` }, 'DE63'],
    ['with more sales reversed than made', { ...STANDARD, de77: '0000000006' }, 'DE88'],
    ['with more money of sales reversed than made', { ...STANDARD, de89: '0000000000009001' }, 'DE88'],
    ['with more refunds reversed than given', { ...STANDARD, de87: '0000000000000701' }, 'DE86'],
    ['with half of the standard’s', { de76: '0000000001' }, 'DE63'],
  ])('are refused for their form where they are %s', (_, change, element) => {
    expect(() => toldTotals(closing(change))).toThrow(
      expect.objectContaining({ code: 'SW_FORMAT', detail: { element } }),
    );
  });
});
