import { data } from 'currency-codes';

// Which currencies there are, and how many digits their minor unit has: all of ISO 4217, from a package that follows
// its list, or those that the operator names. A list of our own was rejected: ours lacked nine of ten.

/** An operator's own list: numeric code → digits of the minor unit. */
export type CurrencyList = Readonly<Record<string, number>>;

/** Metals, bond units, special drawing rights, codes for tests and for none: ISO 4217 gives them no minor unit. */
const NOT_PAYABLE: ReadonlySet<string> = new Set([
  '955',
  '956',
  '957',
  '958',
  '959',
  '960',
  '961',
  '962',
  '963',
  '964',
  '965',
  '994',
  '999',
]);

const MINOR_UNIT_DIGITS: ReadonlyMap<string, number> = new Map(
  data
    .filter(({ number }) => /^\d{3}$/.test(number) && !NOT_PAYABLE.has(number))
    .map(({ number, digits }) => [number, digits]),
);

/** @param list the operator's, in place of all others */
export function isKnownCurrency(numericCode: string, list?: CurrencyList): boolean {
  return minorUnitDigits(numericCode, list) !== undefined;
}

/** How many digits follow the decimal point: 2 for '978', 0 for '392'. */
export function minorUnitDigits(numericCode: string, list?: CurrencyList): number | undefined {
  if (!list) return MINOR_UNIT_DIGITS.get(numericCode);
  return Object.hasOwn(list, numericCode) ? list[numericCode] : undefined;
}

const BY_NAME: ReadonlyMap<string, string> = new Map(data.map(({ code, number }) => [code, number]));
const NAMES: ReadonlyMap<string, string> = new Map(data.map(({ code, number }) => [number, code]));

/** '978' of 'EUR'. */
export function numericCurrency(name: string): string | undefined {
  return BY_NAME.get(name);
}

/** 'EUR' of '978'; a code that has no name stays as it is. */
export function currencyName(numericCode: string): string {
  return NAMES.get(numericCode) ?? numericCode;
}
