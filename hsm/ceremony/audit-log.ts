import { createHash, timingSafeEqual } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { systemClock } from '../../runtime/index.ts';
import { HsmError } from '../errors.ts';
import type { LogHead } from './anchor.ts';

/** What happened in a ceremony. No value of any key, ever. */
export interface AuditEntry {
  /** ISO 8601. */
  time: string;
  action: string;
  /** `agreed`: what is to be done next, written before it is done. */
  outcome: 'agreed' | 'completed' | 'refused' | 'aborted';
  custodians: string[];
  [fact: string]: unknown;
}

interface SealedEntry {
  sequence: number;
  entry: AuditEntry;
  /** Hex SHA-256 of the line before; zeroes for the first. */
  previous: string;
  /** Hex HMAC-SHA256 under the token's sealing key over all of the above. */
  seal: string;
}

export type Seal = (data: Buffer) => Buffer;

const FIRST = '0'.repeat(64);

/** How often another ceremony may come between. */
const TRIES = 10;
/** A lock older than this is of a process that died while it wrote. */
const STALE_LOCK_MS = 10_000;

/**
 * Appends an entry to the log and waits until it is on disk. The log is checked first: one broken is not continued. Of
 * two who append at once one begins anew, behind the other. A line that was cut short while it was written (the power
 * went) is taken away: it tells of nothing that was done, since a deed waits for its line. @returns the new head
 */
export function appendEntry(path: string, entry: AuditEntry, seal: Seal): LogHead {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const text = textOf(path);
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = linesIn(whole);
    verifyLines(lines, seal);
    const sealed = { sequence: lines.length + 1, entry, previous: hashOf(lines.at(-1)) };
    const line = JSON.stringify({
      ...sealed,
      seal: sealOf(sealed, seal).toString('hex'),
    } satisfies SealedEntry);
    if (locked(path, () => wroteBehind(path, text, whole, line))) {
      return { entries: sealed.sequence, hash: hashOf(line) };
    }
  }
  throw new HsmError('HSM_CEREMONY_REFUSED', 'another ceremony writes the audit log without end');
}

/** @returns whether nobody had written since `text` was read, and the line is on disk */
function wroteBehind(path: string, text: string, whole: string, line: string): boolean {
  if (textOf(path) !== text) return false;
  const descriptor = openSync(path, 'a', 0o600);
  try {
    if (whole !== text) ftruncateSync(descriptor, Buffer.byteLength(whole));
    writeSync(descriptor, `${line}\n`);
    fsyncSync(descriptor);
    return true;
  } finally {
    closeSync(descriptor);
  }
}

/** @returns nothing where another holds the lock */
function locked<T>(path: string, work: () => T): T | undefined {
  const lock = `${path}.lock`;
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
    const age = systemClock.wall() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age > STALE_LOCK_MS) rmSync(lock, { force: true });
    return undefined;
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @returns how many entries there are. @throws HSM_AUDIT_LOG_BROKEN naming the line */
export function verifyLog(path: string, seal: Seal): number {
  const lines = linesOf(path);
  verifyLines(lines, seal);
  return lines.length;
}

/** Of each line, hex SHA-256. */
export function hashesOf(path: string): string[] {
  return linesOf(path).map(hashOf);
}

function linesOf(path: string): string[] {
  const text = textOf(path);
  return linesIn(text.slice(0, text.lastIndexOf('\n') + 1));
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function linesIn(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function verifyLines(lines: readonly string[], seal: Seal): void {
  for (const [index, line] of lines.entries()) {
    if (!isSound(line, index + 1, hashOf(lines[index - 1]), seal)) {
      throw new HsmError('HSM_AUDIT_LOG_BROKEN', `line ${index + 1}`);
    }
  }
}

function isSound(line: string, sequence: number, previous: string, seal: Seal): boolean {
  try {
    const { seal: given, ...sealed } = JSON.parse(line) as SealedEntry;
    const bound = sealed.sequence === sequence && sealed.previous === previous;
    return bound && timingSafeEqual(Buffer.from(given, 'hex'), sealOf(sealed, seal));
  } catch {
    return false;
  }
}

function sealOf(sealed: Omit<SealedEntry, 'seal'>, seal: Seal): Buffer {
  return seal(Buffer.from(JSON.stringify(sealed), 'utf8'));
}

function hashOf(line: string | undefined): string {
  return line === undefined ? FIRST : createHash('sha256').update(line).digest('hex');
}
