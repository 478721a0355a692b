import { minorUnitDigits } from '../config/currency.ts';

/** An amount as people read it: 2500 of '978' is 25.00; of '392' (no decimals) 2500; negative ones with a minus. */
export function formatAmount(minorUnits: number, currency: string): string {
  const decimals = minorUnitDigits(currency) ?? 0;
  const digits = String(Math.abs(minorUnits)).padStart(decimals + 1, '0');
  const sign = minorUnits < 0 ? '-' : '';
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
