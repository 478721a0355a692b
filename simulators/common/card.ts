import { createHmac, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Pan } from '../../messages/index.ts';
import { SimulatorError } from '../errors.ts';

const KEY_BYTES = 32;

/** How a ledger names a card: enough to tell two apart, not enough to know one. */
export interface CardReference {
  /** First six and last four digits. */
  masked: string;
  /** Keyed hash (HMAC-SHA-256, 16 hex digits) under a key that only this simulator holds. */
  reference: string;
}

/** Names cards under `key`; remembers the latest ones, since a test run uses few. */
export function cardNamer(key: Buffer): (pan: string) => CardReference {
  const known = new Map<string, CardReference>();
  return (pan) => {
    const named = known.get(pan);
    if (named) return named;
    const reference = createHmac('sha256', key).update(pan).digest('hex').slice(0, 16);
    const card = { masked: Pan.fromWire(pan).masked(), reference };
    if (known.size >= 1_000) known.clear();
    known.set(pan, card);
    return card;
  };
}

/** Reads the reference key, or creates it on the first start, readable by its owner only. */
export async function referenceKey(file: string): Promise<Buffer> {
  try {
    await writeFile(file, randomBytes(KEY_BYTES), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = await readFile(file);
  if (key.length !== KEY_BYTES) throw new SimulatorError('SIM_KEY_UNREADABLE', { file, expected: KEY_BYTES });
  return key;
}
