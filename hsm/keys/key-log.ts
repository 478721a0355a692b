import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

/**
 * The signed log of the process in service: each key that was made, that came or left, or whose state changed, who
 * asked, and for a while who was refused. It lies in the ledger, so that it is on disk when the reply leaves, and all
 * processes of a pool write one. Each entry is chained to the one before and signed by the token's audit key: whoever
 * has the public half verifies it (`etika-switch hsm key-log`).
 *
 * No value of any key is in it.
 */
export const KEY_LOG_SCHEMA = `
  CREATE TABLE IF NOT EXISTS key_log (
    sequence INTEGER PRIMARY KEY, line TEXT NOT NULL, signature BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS authorised (
    one INTEGER PRIMARY KEY CHECK (one = 1), until INTEGER NOT NULL, seal BLOB NOT NULL
  ) STRICT;`;

const FORMAT = 'etika-key-log/1';
const FIRST = '0'.repeat(64);
/** Some five hundred bytes each. Beyond it nothing more is exchanged until the log was taken away. */
const MOST_ENTRIES = 1_000_000;

export interface KeyLogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly peer: string;
  readonly operation: string;
  /** `done`, or the code of the refusal. */
  readonly outcome: string;
  readonly [fact: string]: string | number;
}

export interface KeyLogLine {
  readonly sequence: number;
  readonly line: string;
  readonly signature: Buffer;
}

/** Atomic over all processes: called in a transaction. */
export function appendKeyLog(
  database: DatabaseSync,
  entry: KeyLogEntry,
  sign: (text: Buffer) => Buffer,
): void {
  const last = database.prepare('SELECT sequence, line FROM key_log ORDER BY sequence DESC LIMIT 1').get();
  const sequence = Number(last?.['sequence'] ?? 0) + 1;
  if (sequence > MOST_ENTRIES) throw new Error(`the key log has ${MOST_ENTRIES} entries, the most`);
  const previous = last ? hashOf(String(last['line'])) : FIRST;
  const line = JSON.stringify({ format: FORMAT, sequence, previous, ...entry });
  database
    .prepare('INSERT INTO key_log (sequence, line, signature) VALUES (?, ?, ?)')
    .run(sequence, line, sign(Buffer.from(line, 'utf8')));
}

/** What the newest entry says of this operation; nothing where there is none. */
export function newestOf(database: DatabaseSync, operation: string): KeyLogEntry | undefined {
  const row = database
    .prepare(`SELECT line FROM key_log WHERE line ->> 'operation' = ? ORDER BY sequence DESC LIMIT 1`)
    .get(operation);
  return row && JSON.parse(String(row['line']));
}

/** All of it, from the ledger's file. */
export function openKeyLog(path: string): KeyLogLine[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return readKeyLog(database);
  } finally {
    database.close();
  }
}

function readKeyLog(database: DatabaseSync): KeyLogLine[] {
  return database
    .prepare('SELECT sequence, line, signature FROM key_log ORDER BY sequence')
    .all()
    .map((row) => ({
      sequence: Number(row['sequence']),
      line: String(row['line']),
      signature: Buffer.from(row['signature'] as Uint8Array),
    }));
}

/** @returns the number of the first line that is altered, or missing; nothing where all are sound */
export function firstFault(
  lines: readonly KeyLogLine[],
  isSigned: (text: Buffer, signature: Buffer) => boolean,
): number | undefined {
  let previous = FIRST;
  for (const [index, { sequence, line, signature }] of lines.entries()) {
    const said = JSON.parse(line) as { sequence: number; previous: string };
    const bound = sequence === index + 1 && said.sequence === sequence && said.previous === previous;
    if (!bound || !isSigned(Buffer.from(line, 'utf8'), signature)) return index + 1;
    previous = hashOf(line);
  }
  return undefined;
}

function hashOf(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}
