import { hash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Pan } from '../../messages/index.ts';
import { SimulatorError } from '../errors.ts';

const KEY_BYTES = 32;
const MAX_KNOWN = 20_000;

/** How a ledger names a card: enough to tell two apart, not enough to know one. */
export interface CardReference {
  /** First six and last four digits. */
  masked: string;
  /** SHA-256 of a key that only this simulator holds, and the PAN behind it: 16 hex digits. */
  reference: string;
}

/** Names cards under `key`; remembers the latest ones, since a test run uses few. */
export function cardNamer(key: Buffer): (pan: string) => CardReference {
  const known = new Map<string, CardReference>();
  // Of one length, so no PAN can continue it; an HMAC costs twenty times as much.
  const before = key.toString('hex');
  return (pan) => {
    const named = known.get(pan);
    if (named) return named;
    const reference = hash('sha256', before + pan).slice(0, 16);
    const card = { masked: Pan.fromWire(pan).masked(), reference };
    if (known.size >= MAX_KNOWN) known.clear();
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
