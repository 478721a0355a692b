import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AuditError } from './errors.ts';
import type { HeadLine } from './head-series.ts';

const MAX_FILE = 1024 ** 3;

/** The lines of files of heads; of a folder, of all its `.jsonl`. @throws AuditError SW_AUDIT_HEADS */
export function* headLines(paths: readonly string[]): Generator<HeadLine> {
  for (const path of paths) for (const file of filesOf(path, '.jsonl')) yield* linesOf(file);
}

/** What is not ended by a line feed is still being written. */
function linesOf(file: string): HeadLine[] {
  const whole = read(file, 'SW_AUDIT_HEADS').split('\n').slice(0, -1);
  return whole.map((line, index) => ({ line, place: `${basename(file)}:${index + 1}` }));
}

/** By their fingerprints; of a folder, of all its `.pem`. @throws AuditError SW_AUDIT_KEY */
export function publicKeys(paths: readonly string[]): Map<string, KeyObject> {
  const files = paths.flatMap((path) => filesOf(path, '.pem'));
  return new Map(files.map((file) => publicKey(read(file, 'SW_AUDIT_KEY'), basename(file))));
}

function publicKey(pem: string, place: string): [fingerprint: string, key: KeyObject] {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not on P-256');
    return [fingerprintOf(key), key];
  } catch (cause) {
    throw new AuditError('SW_AUDIT_KEY', place, { cause });
  }
}

function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

function filesOf(path: string, suffix: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith(suffix));
  return names.sort().map((name) => join(path, name));
}

function read(file: string, code: 'SW_AUDIT_HEADS' | 'SW_AUDIT_KEY'): string {
  try {
    if (statSync(file).size > MAX_FILE) throw new Error(`more than ${MAX_FILE} bytes`);
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AuditError(code, file, { cause });
  }
}
