import { HsmError } from '../errors.ts';
import type { KeyLogEntry } from '../keys/key-log.ts';
import { UseLedger } from '../keys/use-ledger.ts';

const OPERATION = 'ceremony';

/** The audit log of ceremonies, as far as it goes. */
export interface LogHead {
  readonly entries: number;
  /** Hex SHA-256 of its last line. */
  readonly hash: string;
}

/**
 * The head of the ceremonies' log, written down elsewhere: in the key log of the processes in service, which is signed
 * by the token's audit key and lies in the ledger, with other readers and another owner than a file on the ceremony's
 * machine. A chain proves what is in it, and says nothing of lines that were cut off its end; this does.
 *
 * Without `HSM_USE_LEDGER` nothing is anchored: a ceremony in production is not held then.
 */
export function anchor(
  ledgerPath: string,
  head: LogHead,
  time: string,
  sign: (text: Buffer) => Buffer,
): void {
  const entry: KeyLogEntry = { time, peer: 'ceremony', operation: OPERATION, outcome: 'recorded', ...head };
  using(ledgerPath, (ledger) => ledger.log(entry, sign));
}

/**
 * @returns how many of its entries are anchored
 * @throws HSM_AUDIT_LOG_BROKEN where the log is shorter than it was, or is another one
 */
export function checkAnchored(ledgerPath: string, hashes: readonly string[]): number {
  const newest = using(ledgerPath, (ledger) => ledger.newestLogged(OPERATION));
  if (!newest) return 0;
  const entries = Number(newest['entries']);
  if (hashes.length < entries) {
    throw new HsmError(
      'HSM_AUDIT_LOG_BROKEN',
      `it has ${hashes.length} entries, and had ${entries} on ${newest.time}`,
    );
  }
  if (hashes[entries - 1] !== newest['hash']) {
    throw new HsmError('HSM_AUDIT_LOG_BROKEN', `line ${entries} is another than on ${newest.time}`);
  }
  return entries;
}

function using<T>(ledgerPath: string, work: (ledger: UseLedger) => T): T {
  const ledger = UseLedger.open(ledgerPath);
  try {
    return work(ledger);
  } finally {
    ledger.close();
  }
}
