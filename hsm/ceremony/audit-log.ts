import { createHash, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { HsmError } from '../errors.ts';

/** What happened in a ceremony. No value of any key, ever. */
export interface AuditEntry {
  /** ISO 8601. */
  time: string;
  action: string;
  outcome: 'completed' | 'refused' | 'aborted';
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

/** Appends an entry to the log and waits until it is on disk. The log is checked first: one broken is not continued. */
export function appendEntry(path: string, entry: AuditEntry, seal: Seal): void {
  const lines = linesOf(path);
  verifyLines(lines, seal);
  const sealed = {
    sequence: lines.length + 1,
    entry,
    previous: hashOf(lines.at(-1)),
  };
  const line = JSON.stringify({
    ...sealed,
    seal: sealOf(sealed, seal).toString('hex'),
  } satisfies SealedEntry);
  const descriptor = openSync(path, 'a', 0o600);
  try {
    writeSync(descriptor, `${line}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** @returns how many entries there are. @throws HSM_AUDIT_LOG_BROKEN naming the line */
export function verifyLog(path: string, seal: Seal): number {
  const lines = linesOf(path);
  verifyLines(lines, seal);
  return lines.length;
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
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
