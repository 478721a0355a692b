import { isKnownCurrency } from './currency.ts';
import type { Settings } from './settings.ts';

// What is wrong with the records of terminals that a schema cannot say.

/** Each by its path. */
export function* unfitTerminals({
  terminals,
  merchants,
  currencies,
}: Pick<Settings, 'terminals' | 'merchants' | 'currencies'>): Generator<string> {
  const known = new Set(merchants.map(({ id }) => id));
  for (const [index, { merchant, currency }] of terminals.entries()) {
    const path = `/terminals/${index}`;
    if (!known.has(merchant)) yield `${path}/merchant: no such merchant: "${merchant}"`;
    if (currency !== undefined && !isKnownCurrency(currency, currencies)) {
      yield `${path}/currency: a currency that this switch takes is expected, found "${currency}"`;
    }
  }
}
