import type { PoolClient } from 'pg';
import type { Clock, Monotonic } from '../../runtime/index.ts';
import { readKeptCalendar } from '../projection/kept-calendar.ts';
import type { ProjectionReader } from '../projection/projection-reader.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import type { Case, CaseState } from './cases.ts';
import { compareSides } from './compare.ts';
import { type MovedLine, movedOn } from './day-movements.ts';
import type { Difference } from './difference.ts';
import { ReconError } from './errors.ts';
import type { NetworkRecord, ProofRecord, Standing } from './ledgers/records.ts';
import { networkPositions } from './network-side.ts';
import { proofsOf } from './proof-side.ts';
import {
  type BatchTally,
  batchesOfDate,
  movementsFrom,
  transactionsById,
  transactionsByRrn,
  transactionsOfDate,
} from './reader.ts';
import { caseKey, recordDifferences } from './record-differences.ts';
import { isBalanced, networkTotals, proofTotals, type TotalsLine, type Witness } from './totals.ts';

export interface ReconciliationOrder {
  /** YYYY-MM-DD; null: all dates together. */
  readonly date: string | null;
  /** Whole ledgers: of other dates too, where a transaction may have been booked around the cut-over. */
  readonly networkLedger: readonly NetworkRecord[];
  /** Networks whose ledger is there, were it empty. */
  readonly networks: ReadonlySet<string>;
  /** Those of them whose ledger is a clearing file: it says nothing of what is only held. */
  readonly withoutHolds: ReadonlySet<string>;
  readonly proofLedger: readonly ProofRecord[] | undefined;
  /** What the switch still works on, and is younger than this, is no case yet. Milliseconds. */
  readonly graceMs: number;
}

/**
 * `agrees`: no difference. `explained`: every difference has a case. `incomplete`: there are differences without a
 * case, still under way; transactions of networks whose ledger is missing; or sums that do not add up.
 */
export type Outcome = 'agrees' | 'explained' | 'incomplete';

/** A difference, with the case that it has. */
export type ReportedDifference = Omit<Difference, 'transaction' | 'leg'> & {
  readonly transaction: string | null;
  readonly case: number | null;
  readonly caseState: CaseState | null;
};

export interface Report {
  readonly date: string | null;
  readonly at: string;
  readonly outcome: Outcome;
  readonly transactions: number;
  /** Transactions by network whose ledger was not there. */
  readonly notCompared: Readonly<Record<string, number>>;
  readonly networkTotals: readonly TotalsLine<Standing>[];
  readonly proofTotals: readonly TotalsLine<Witness>[];
  readonly differences: readonly ReportedDifference[];
  readonly batches: BatchTally;
  /** Transactions whose network leg is over now: no reversal found it, and the ledger has nothing of it. */
  readonly absent?: readonly string[];
  /** By the journal, on this date; it never changes once the day is over. Empty where all dates are compared. */
  readonly moved: readonly MovedLine[];
}

export interface ReconciliationPorts {
  readonly projection: ProjectionReader;
  readonly clock: Clock;
}

/**
 * Compares the journal with the ledgers of its counterparts, and sees that every difference has a case.
 * @throws ReconError SW_RECON_BEHIND, SW_RECON_TOO_LARGE, SW_RECON_CASE_CHANGED
 */
export async function reconcile(
  order: ReconciliationOrder,
  ports: ReconciliationPorts,
  deadline: Monotonic,
): Promise<Report> {
  if (!(await ports.projection.reach(deadline))) throw new ReconError('SW_RECON_BEHIND');
  const client = await ports.projection.connect();
  try {
    return await reconcileOn(client, order, ports.clock);
  } finally {
    client.release();
  }
}

async function reconcileOn(client: PoolClient, order: ReconciliationOrder, clock: Clock): Promise<Report> {
  const { date, networks, withoutHolds, networkLedger, proofLedger } = order;
  const { rows, movements, batches, calendar } = await snapshot(client, date);
  const compared = await compareSides({
    date,
    rows,
    movements,
    networks,
    withoutHolds,
    positions: networkPositions(networkLedger, calendar),
    proofs: proofLedger && proofsOf(proofLedger, calendar),
    others: {
      byRrn: (rrns) => transactionsByRrn(client, rrns),
      byId: (ids) => transactionsById(client, ids),
    },
  });

  const now = clock.wall();
  const due = compared.differences.filter((difference) => !isYoung(difference, now - order.graceMs));
  const scope = { date, networks, withoutHolds, hasProofs: proofLedger !== undefined };
  const cases = await inTransaction(client, 'begin', () =>
    recordDifferences(client, compared.differences, due, scope),
  );
  const differences = compared.differences.map((difference) => reported(difference, cases));

  const found = {
    notCompared: missingLedgers(rows, networks),
    networkTotals: networkTotals(compared.network),
    proofTotals: proofTotals(compared.proof),
    differences,
  };
  const at = new Date(now).toISOString();
  const absent = compared.absent.length > 0 && { absent: compared.absent };
  const moved = movedOn(date, rows, movements);
  return {
    date,
    at,
    transactions: rows.length,
    ...found,
    batches,
    moved,
    ...absent,
    outcome: outcomeOf(found),
  };
}

function outcomeOf({
  notCompared,
  networkTotals,
  proofTotals,
  differences,
}: Pick<Report, 'notCompared' | 'networkTotals' | 'proofTotals' | 'differences'>): Report['outcome'] {
  const isComplete =
    Object.keys(notCompared).length === 0 &&
    isBalanced([...networkTotals, ...proofTotals]) &&
    differences.every((difference) => difference.case !== null);
  if (!isComplete) return 'incomplete';
  return differences.length === 0 ? 'agrees' : 'explained';
}

/** Everything of one moment: a day may have more rows than one statement reads. */
function snapshot(client: PoolClient, date: string | null) {
  return inTransaction(client, 'begin isolation level repeatable read read only', async () => {
    const rows = await transactionsOfDate(client, date);
    const movements = await movementsFrom(client, date, rows);
    const batches = await batchesOfDate(client, date);
    return { rows, movements, batches, calendar: await readKeptCalendar(client) };
  });
}

async function inTransaction<T>(client: PoolClient, begin: string, work: () => Promise<T>): Promise<T> {
  await client.query(begin);
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {}); // the connection may be what failed
    throw error;
  }
}

function isYoung({ isUnderWay, transaction }: Difference, since: number): boolean {
  return isUnderWay && Date.parse(transaction?.decided_at ?? transaction?.opened_at ?? '') > since;
}

function missingLedgers(
  rows: readonly StoredTransaction[],
  networks: ReadonlySet<string>,
): Record<string, number> {
  const missing: Record<string, number> = {};
  for (const { network } of rows) {
    if (network !== '' && !networks.has(network)) missing[network] = (missing[network] ?? 0) + 1;
  }
  return missing;
}

function reported(difference: Difference, cases: ReadonlyMap<string, Case>): ReportedDifference {
  const { leg: _, transaction, ...rest } = difference;
  const found = cases.get(caseKey(difference));
  return {
    ...rest,
    transaction: transaction?.transaction ?? null,
    case: found?.id ?? null,
    caseState: found?.state ?? null,
  };
}
