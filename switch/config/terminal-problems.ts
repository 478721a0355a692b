import { isKnownCurrency } from './currency.ts';
import type { Settings, TerminalSettings } from './settings.ts';

// What is wrong with the records of terminals that a schema cannot say.

/** Each by its path. */
export function* unfitTerminals({
  terminals,
  merchants,
  currencies,
}: Pick<Settings, 'terminals' | 'merchants' | 'currencies'>): Generator<string> {
  const known = new Set(merchants.map(({ id }) => id));
  for (const [index, terminal] of terminals.entries()) {
    const { merchant, currency } = terminal;
    const path = `/terminals/${index}`;
    yield* unfitPins(terminal, path);
    if (!known.has(merchant)) yield `${path}/merchant: no such merchant: "${merchant}"`;
    if (currency !== undefined && !isKnownCurrency(currency, currencies)) {
      yield `${path}/currency: a currency that this switch takes is expected, found "${currency}"`;
    }
  }
}

function* unfitPins(
  { pinKey, dukpt, pinFormat, masterKey, keyBlock = 'B' }: TerminalSettings,
  path: string,
): Generator<string> {
  if (pinKey === undefined && !dukpt) {
    yield `${path}/pinKey: the name of a key is expected where there is no dukpt, found nothing`;
  }
  if (dukpt?.serialNumber === 'de53' && (dukpt.offset ?? 0) > 0) {
    yield `${path}/dukpt/offset: DE53 has room for the serial number alone, so 0 is expected, found ${dukpt.offset}`;
  }
  if (dukpt?.serialNumber === 'de53' && dukpt.bytes !== undefined && dukpt.bytes !== 8) {
    yield `${path}/dukpt/bytes: DE53 has room for 8, found ${dukpt.bytes}`;
  }
  // A key is not wrapped under a weaker one (PCI PIN, requirement 18): AES needs AES above it.
  if (pinFormat === 4 && !dukpt && masterKey !== undefined && keyBlock !== 'D') {
    yield `${path}/keyBlock: "D" is expected, since keys for format 4 are AES, found "${keyBlock}"`;
  }
}
