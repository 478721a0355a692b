import { SimulatorError } from '../errors.ts';

/** Decimals of the ISO 4217 currencies that do not have two, by numeric code. */
const decimalsOf: Readonly<Record<string, number>> = {
  '152': 0,
  '392': 0,
  '410': 0,
  '704': 0,
  '950': 0,
  '952': 0,
  '048': 3,
  '368': 3,
  '400': 3,
  '414': 3,
  '434': 3,
  '512': 3,
  '788': 3,
};

/**
 * `25.00` of 978 is 2500 minor units.
 * @throws {SimulatorError} SIM_TERMINAL_OPTION
 */
export function minorUnits(text: string, currency: string, option = '--amount'): number {
  const decimals = decimalsOf[currency] ?? 2;
  const [, whole = '', fraction = ''] = text.match(/^(\d{1,9})(?:\.(\d+))?$/) ?? [];
  if (whole === '' || fraction.length > decimals) {
    const expected = decimals === 0 ? 'a whole number' : `a number with at most ${decimals} decimals`;
    throw new SimulatorError('SIM_TERMINAL_OPTION', { option, expected });
  }
  return Number(whole + fraction.padEnd(decimals, '0'));
}

export function majorUnits(amount: number, currency: string): string {
  const decimals = decimalsOf[currency] ?? 2;
  const digits = String(amount).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
