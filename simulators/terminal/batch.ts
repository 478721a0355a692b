import { withoutRepeat } from '../../messages/index.ts';
import { SimulatorError } from '../errors.ts';
import type { BatchTotals, Original } from './messages.ts';
import type { TerminalRow } from './records.ts';
import { batchSide, isAdvice, mustBeCertain, saysYes, type TerminalService } from './services.ts';

/** The most of a side of the batch: DE63 has three digits for it. */
const MOST = 999;

/** What one of a terminal's transactions has come to, by its records. */
export interface RecordedTransaction extends Original {
  service: TerminalService;
  /** `amount` stands; `open`: asked for and not certain; `refused`, `reversed` and `completed`: it does not stand. */
  state: 'open' | 'stands' | 'refused' | 'reversed' | 'completed';
  /** A batch that was settled holds it. */
  settled: boolean;
  /** Of an increment, whose amount is part of it once it stands, and of a completion: the pre-authorisation. */
  belongsTo?: Pick<Original, 'mti' | 'stan' | 'time'>;
}

export interface TerminalBatch {
  /** Oldest first. */
  transactions: readonly RecordedTransaction[];
  /** Number of the batch that is open: one more than were settled. */
  number: number;
}

/** Reads a terminal's records into its transactions. */
export function batchOf(rows: readonly TerminalRow[], terminal: string): TerminalBatch {
  const byKey = new Map<string, RecordedTransaction>();
  let number = 1;
  for (const row of rows) {
    if (row.terminal !== terminal || row.service === undefined) continue;
    if (row.kind === 'sent') begin(byKey, row, row.service);
    if (row.kind !== 'answered' || row.macVerified === false) continue;
    if (row.service === 'settlement' && row.code === '00') {
      number += 1;
      for (const transaction of byKey.values()) {
        if (inBatch(transaction, row.currency ?? '')) transaction.settled = true;
      }
    } else conclude(byKey, row, row.service);
  }
  return { transactions: [...byKey.values()], number };
}

/** What a terminal settles in one currency. */
export function openBatch({ transactions }: TerminalBatch, currency: string): RecordedTransaction[] {
  return transactions.filter((transaction) => inBatch(transaction, currency));
}

/** @throws {SimulatorError} SIM_TERMINAL_BATCH_FULL */
export function totalsOf(transactions: readonly RecordedTransaction[]): BatchTotals {
  const totals = { sales: { count: 0, amount: 0 }, refunds: { count: 0, amount: 0 } };
  for (const { amount, service } of transactions) {
    const side = totals[batchSide(service) ?? 'sales'];
    side.count += 1;
    side.amount += amount;
    if (side.count > MOST) throw new SimulatorError('SIM_TERMINAL_BATCH_FULL', { limit: MOST });
  }
  return totals;
}

function begin(byKey: Map<string, RecordedTransaction>, row: TerminalRow, service: TerminalService): void {
  if (!mustBeCertain(service) && !isAdvice(service)) return;
  const original = originalOf(row);
  if (byKey.has(keyOf(original))) return;
  const state = isAdvice(service) ? 'stands' : 'open';
  const belongsTo = row.original ? { belongsTo: row.original } : {};
  byKey.set(keyOf(original), { ...original, service, state, settled: false, ...belongsTo });
}

function conclude(byKey: Map<string, RecordedTransaction>, row: TerminalRow, service: TerminalService): void {
  const yes = saysYes(service, row.code);
  const about = row.original ? byKey.get(keyOf(row.original)) : undefined;
  if (about && yes) change(byKey, about, row, service);
  const own = byKey.get(keyOf(originalOf(row)));
  if (!own || own.state === 'reversed' || own.state === 'completed') return;
  own.state = yes ? 'stands' : 'refused';
  if (row.amount !== undefined && row.code === '10') own.amount = row.amount;
  if (row.rrn !== undefined) own.rrn = row.rrn;
  if (row.approvalCode !== undefined) own.approvalCode = row.approvalCode;
}

/** What a message that was said yes to does to the transaction it is about. */
function change(
  byKey: Map<string, RecordedTransaction>,
  about: RecordedTransaction,
  { amount = 0, remaining }: TerminalRow,
  service: TerminalService,
): void {
  if (service === 'increment') about.amount += amount;
  else if (service === 'complete') about.state = 'completed';
  else {
    const held = about.belongsTo && byKey.get(keyOf(about.belongsTo));
    if (held && about.state === 'stands') held.amount -= about.amount - (remaining ?? 0);
    const completions = [...byKey.values()].filter(
      ({ belongsTo, service: kind }) => kind === 'complete' && belongsTo && keyOf(belongsTo) === keyOf(about),
    );
    for (const taken of [about, ...completions]) {
      if (remaining === undefined) taken.state = 'reversed';
      else taken.amount = remaining;
    }
  }
}

function inBatch({ currency, service, settled, state }: RecordedTransaction, wanted: string): boolean {
  return currency === wanted && !settled && state === 'stands' && batchSide(service) !== undefined;
}

function originalOf(row: TerminalRow): Original {
  const { amount = 0, approvalCode, currency = '', mti, processingCode = '', rrn, stan, time = '' } = row;
  return {
    mti: withoutRepeat(mti),
    stan,
    time,
    processingCode,
    amount,
    currency,
    ...(rrn === undefined ? {} : { rrn }),
    ...(approvalCode === undefined ? {} : { approvalCode }),
  };
}

function keyOf({ mti, stan, time }: Pick<Original, 'mti' | 'stan' | 'time'>): string {
  return `${mti}|${stan}|${time}`;
}
