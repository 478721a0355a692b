import fc from 'fast-check';
import { expect, test } from 'vitest';
import { majorUnits, minorUnits } from './money.ts';

test.each([
  ['25.00', '978', 2_500],
  ['25', '978', 2_500],
  ['0.5', '978', 50],
  ['1200', '392', 1_200],
  ['1.234', '414', 1_234],
])('%s of %s is %i minor units', (text, currency, minor) => {
  expect(minorUnits(text, currency)).toBe(minor);
});

test.each([
  ['25.001', '978'],
  ['25,00', '978'],
  ['-1', '978'],
  ['1e3', '978'],
  ['', '978'],
  ['1.5', '392'],
])('%j of %s is refused', (text, currency) => {
  expect(() => minorUnits(text, currency)).toThrow(expect.objectContaining({ code: 'SIM_TERMINAL_OPTION' }));
});

test('what is shown reads back as the same amount', () => {
  fc.assert(
    fc.property(fc.nat(999_999_999), fc.constantFrom('978', '392', '414'), (amount, currency) => {
      expect(minorUnits(majorUnits(amount, currency), currency)).toBe(amount);
    }),
  );
});
