import { expect, it } from 'vitest';
import { isKnownCurrency, minorUnitDigits } from './currency.ts';

it.each([
  ['978', 2],
  ['840', 2],
  ['392', 0],
  ['414', 3],
])('%s is paid in, with %s digits', (code, digits) => {
  expect(isKnownCurrency(code)).toBe(true);
  expect(minorUnitDigits(code)).toBe(digits);
});

it.each([
  ['bond units', ['955', '956', '957', '958']],
  ['metals', ['959', '961', '962', '964']],
  ['drawing rights and units of account', ['960', '965', '994']],
  ['codes for tests and for none', ['963', '999']],
  ['what ISO 4217 does not have', ['000', '001', '97', '', 'EUR']],
])('nobody pays in %s', (_, codes) => {
  expect(codes.filter((code) => isKnownCurrency(code))).toEqual([]);
});

it('an operator’s own list stands in place of all others', () => {
  const list = { '978': 3 };
  expect(minorUnitDigits('978', list)).toBe(3);
  expect(isKnownCurrency('840', list)).toBe(false);
  expect(isKnownCurrency('toString', list)).toBe(false);
});
