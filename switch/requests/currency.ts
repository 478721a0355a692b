/** ISO 4217 numeric codes with the number of digits of their minor unit. */
const MINOR_UNIT_DIGITS: ReadonlyMap<string, number> = new Map([
  ['036', 2], // AUD
  ['124', 2], // CAD
  ['156', 2], // CNY
  ['203', 2], // CZK
  ['208', 2], // DKK
  ['348', 2], // HUF
  ['356', 2], // INR
  ['392', 0], // JPY
  ['410', 0], // KRW
  ['414', 3], // KWD
  ['048', 3], // BHD
  ['504', 2], // MAD
  ['512', 3], // OMR
  ['578', 2], // NOK
  ['752', 2], // SEK
  ['756', 2], // CHF
  ['788', 3], // TND
  ['012', 2], // DZD
  ['826', 2], // GBP
  ['840', 2], // USD
  ['946', 2], // RON
  ['949', 2], // TRY
  ['950', 0], // XAF
  ['952', 0], // XOF
  ['975', 2], // BGN
  ['978', 2], // EUR
  ['985', 2], // PLN
]);

export function isKnownCurrency(numericCode: string): boolean {
  return MINOR_UNIT_DIGITS.has(numericCode);
}

/** How many digits follow the decimal point: 2 for '978', 0 for '392'. */
export function minorUnitDigits(numericCode: string): number | undefined {
  return MINOR_UNIT_DIGITS.get(numericCode);
}
