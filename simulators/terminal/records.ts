import { join } from 'node:path';
import { type CardReference, cardNamer, referenceKey } from '../common/card.ts';
import { type Ledger, type LedgerRow, openLedger } from '../common/ledger.ts';
import type { TerminalService } from './services.ts';

/**
 * What a terminal wrote down: `sent` before the bytes leave, then one of `answered` and `unanswered`;
 * `unexpected` for an answer that nobody waited for.
 */
export interface TerminalRow extends LedgerRow {
  kind: 'sent' | 'answered' | 'unanswered' | 'unexpected';
  service?: TerminalService;
  mti: string;
  terminal: string;
  stan: string;
  /** DE7. */
  time?: string;
  processingCode?: string;
  /** Minor units; of an answer with 10, what was approved. */
  amount?: number;
  currency?: string;
  card?: CardReference;
  code?: string;
  rrn?: string;
  approvalCode?: string;
  /** Of a reversal, a void, a completion: which message it is about. */
  original?: { mti: string; stan: string; time: string };
  /** Of a partial reversal: what stays. */
  remaining?: number;
  /** False: the answer's MAC is missing or wrong, and the terminal does not believe it. */
  macVerified?: boolean;
  /** From sending to answer. */
  ms?: number;
  /** Error code of an `unanswered`. */
  reason?: string;
}

export interface TerminalRecords {
  ledger: Ledger<TerminalRow>;
  nameCard(pan: string): CardReference;
  folder: string;
}

/** The terminals' own book in `folder`; several terminals may share it. */
export async function openRecords(folder: string): Promise<TerminalRecords> {
  const ledger = await openLedger<TerminalRow>(
    join(folder, 'records.jsonl'),
    () => {},
    () => {},
  );
  return { ledger, nameCard: cardNamer(await referenceKey(join(folder, 'reference.key'))), folder };
}
