import { openBatch, type TerminalBatch, totalsOf } from './batch.ts';
import type { Exchange, Outgoing } from './exchange.ts';
import {
  type BatchTotals,
  type Moment,
  SETTLEMENT,
  type Sender,
  settlementMessage,
  uploadMessage,
} from './messages.ts';

/** DE39: the host's totals differ; it wants to see every transaction. */
const OUT_OF_BALANCE = '95';

/** How the settlement of a batch went. */
export interface Settlement {
  batch: number;
  currency: string;
  totals: BatchTotals;
  /** The host agrees, and the batch is closed. */
  settled: boolean;
  /** Transactions that were uploaded because the totals differed. */
  uploaded: number;
  /** Every message of it, in order. */
  exchanges: Exchange[];
}

interface Means {
  sender: Sender;
  moment(): Moment;
  send(outgoing: Outgoing): Promise<Exchange>;
}

/**
 * Sends the totals (0500); where the host is out of balance (DE39 95), every transaction of the batch (0320), then the
 * totals again. Stops at the first message that is not accepted.
 * @throws {SimulatorError} SIM_TERMINAL_BATCH_FULL
 */
export async function settleBatch(
  batch: TerminalBatch,
  currency: string,
  { moment, send, sender }: Means,
): Promise<Settlement> {
  const { number } = batch;
  const transactions = openBatch(batch, currency);
  const totals = totalsOf(transactions);
  const exchanges: Exchange[] = [];
  const tell = async (outgoing: Outgoing) => {
    const done = await send(outgoing);
    exchanges.push(done);
    return done;
  };
  const settle = (processingCode: string) => {
    const message = settlementMessage(processingCode, { number, currency, totals }, sender, moment());
    return tell({ service: 'settlement', message });
  };
  const result = (settled: boolean, uploaded: number): Settlement => ({
    batch: number,
    currency,
    totals,
    settled,
    uploaded,
    exchanges,
  });

  const first = await settle(SETTLEMENT.totals);
  if (first.code !== OUT_OF_BALANCE || first.macVerified === false) return result(first.approved, 0);
  for (const [index, transaction] of transactions.entries()) {
    const message = uploadMessage(transaction, number, sender, moment());
    const { approved } = await tell({ service: 'upload', message });
    if (!approved) return result(false, index);
  }
  const { approved } = await settle(SETTLEMENT.afterUpload);
  return result(approved, transactions.length);
}
