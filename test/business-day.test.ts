import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../runtime/index.ts';
import type { Settings } from '../switch/index.ts';
import { rowsOf } from '../switch/projection/testing.ts';
import type { StoredTransaction } from '../switch/projection/transaction-row.ts';
import { ReconciliationDesk } from '../switch/reconciliation/desk.ts';
import { fetchNetworkLedger, fetchProofLedger } from '../switch/reconciliation/ledgers/control-api.ts';
import {
  NETWORK_COLUMNS,
  type NetworkRecord,
  type ProofRecord,
} from '../switch/reconciliation/ledgers/records.ts';
import type { ReconciliationOrder, Report } from '../switch/reconciliation/reconcile.ts';
import { type Day, runDay } from './support/business-day.ts';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';
import { waitUntil } from './support/wait-until.ts';

const TRANSACTIONS = Number(process.env['DAY_TRANSACTIONS'] ?? 2_000);
const DAY_WITHIN_MS = 120_000 + 60 * TRANSACTIONS;
const SEED = Number(process.env['DAY_SEED'] ?? 20_261_123);
const folder = mkdtempSync(join(tmpdir(), 'etika-day-'));
let house: House;
let desk: ReconciliationDesk;
let day: Day;
/** The report on what the counterparts really hold. */
let honest: Report;

/** Short waits, and a merchant whose purchases are stood in for. */
function daySettings(settings: Settings): Settings {
  const limit = { currency: '978', count: 10_000, minorUnits: 999_999_999 };
  return {
    ...settings,
    deadlineMs: 900,
    replyMarginMs: 150,
    merchants: settings.merchants.map((merchant) => ({
      ...merchant,
      standIn: [{ ...limit, floorMinorUnits: 999_999 }],
    })),
    standIn: {
      issuers: [{ from: '4', to: '5', perCardDay: [limit], pinTriesPerCardDay: 10 }],
      negativeList: [],
    },
  };
}

beforeAll(inOrder);
beforeAll(async () => {
  house = await startHouse({ settings: daySettings, popBlockMs: 1_500 });
  desk = new ReconciliationDesk({ databaseUrl: house.databaseUrl, name: 'test', log: silentLog });
  const { iso87: ascii, pos } = house.ports();
  const at = (port: number) => ({ host: '127.0.0.1', port });
  day = await runDay(
    { ...house, ascii: at(ascii), bcd: at(pos) },
    { transactions: TRANSACTIONS, seed: SEED, folder, onProgress: showProgress },
  );
  await waitUntil(isQuiet, 60_000 + 5 * TRANSACTIONS);
}, 2 * DAY_WITHIN_MS);

afterAll(async () => {
  await day?.close();
  await desk?.close();
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

function showProgress(done: number): void {
  if (done % 5_000 === 0) console.log(`${done} of ${TRANSACTIONS} transactions`);
}

/**
 * Nothing is to be done any more: no job is queued, no proof awaits its finality, and the projection knows it. What is
 * not done by now is parked, where people see it.
 */
async function isQuiet(): Promise<boolean> {
  const [left] = await rowsOf<{ jobs: number; proofs: number; unread: number }>(
    house.databaseUrl,
    `select (select count(*)::integer from graphile_worker._private_jobs) as jobs,
       (select count(*)::integer from switch.awaited_proof where not is_handed_over) as proofs,
       (select count(*)::integer from switch.journal j left join switch.projection_cursor c using (epoch)
         where j.sequence > coalesce(c.sequence, 0)) as unread`,
  );
  return left?.jobs === 0 && left.proofs === 0 && left.unread === 0;
}

async function order(): Promise<ReconciliationOrder> {
  const { visa, iso87, pop } = house.controlUrls;
  const ledgers = await Promise.all([fetchNetworkLedger(visa, 'visa'), fetchNetworkLedger(iso87, 'iso87')]);
  return {
    date: null,
    networkLedger: ledgers.flat(),
    networks: new Set(['visa', 'iso87']),
    withoutHolds: new Set(),
    proofLedger: await fetchProofLedger(pop),
    graceMs: 0,
  };
}

function kindsOf({ differences }: Report): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of differences) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

it('moved money of all kinds over both networks, through every fault', () => {
  console.log(`seed ${SEED}, ${TRANSACTIONS} transactions in ${day.seconds.toFixed(1)} s`);
  console.log(Object.fromEntries(day.done), Object.fromEntries(day.codes));
  for (const code of ['00', '05', '10', '51', '91']) expect(day.codes.get(code)).toBeGreaterThan(0);
  expect(day.done.size).toBe(13);
});

it('every terminal settles: its totals are ours, transaction by transaction', async () => {
  const settlements = await day.settle();
  expect(settlements.filter(({ uploaded, settled }) => uploaded > 0 || !settled)).toEqual([]);
  expect(settlements.length).toBeGreaterThanOrEqual(30);
});

it('ends with three ledgers that agree, and with a case for every difference', async () => {
  const report = await desk.run(await order());
  console.log(report.outcome, kindsOf(report));
  honest = report;
  const unexpected = report.differences.filter(
    ({ kind }) => !['pop-rejected', 'pop-stands', 'reversal-refused', 'advice-refused'].includes(kind),
  );
  expect(unexpected).toEqual([]);
  expect(report.outcome).toBe('explained');
  expect(report.differences.every((difference) => difference.caseState === 'open')).toBe(true);
  expect(new Set(report.networkTotals.map(({ currency }) => currency))).toEqual(
    new Set(['978', '392', '414']),
  );
});

/** Ledgers of counterparts that lost, changed and invented records; and what a comparison must find in them. */
async function dishonestLedgers() {
  const { networkLedger, proofLedger = [] } = await order();
  const rows = await rowsOf<StoredTransaction>(
    house.databaseUrl,
    'select * from switch.projected_transaction order by transaction',
  );
  const untouched = new Set(honest.differences.map(({ subject }) => subject));
  const take = (fits: (row: StoredTransaction) => boolean): StoredTransaction => {
    const found = rows.find((row) => !untouched.has(row.transaction) && fits(row));
    if (!found) throw new Error('the day has no such transaction');
    untouched.add(found.transaction);
    return found;
  };
  // One whose proof is still open may yet be taken back.
  const isOver = ({ pop_state: state }: StoredTransaction) =>
    !['planned', 'accepted', 'unknown'].includes(state);
  const bought = (row: StoredTransaction) =>
    row.kind === 'purchase' && row.network_state === 'approved' && row.standing === row.asked && isOver(row);
  const lines: NetworkRecord[] = [...networkLedger];
  const proofs: ProofRecord[] = [...proofLedger];
  const linesOf = ({ terminal, network_rrn: rrn }: StoredTransaction) =>
    lines.filter((line) => line.terminal === terminal && line.rrn === rrn && line.stan === rrn.slice(-6));
  const drop = (row: StoredTransaction) => {
    for (const line of linesOf(row)) lines.splice(lines.indexOf(line), 1);
  };
  const add = (row: StoredTransaction, moves: Partial<NetworkRecord>) => {
    const [first] = linesOf(row);
    if (!first) throw new Error('the network has no record of it');
    lines.push({ ...first, held: 0, captured: 0, refunded: 0, ...moves });
    return { ...first, ...moves };
  };
  const proofOf = ({ transaction }: StoredTransaction) =>
    proofs.findIndex((proof) => proof.transaction === transaction && proof.status === 'validated');

  drop(take(bought));
  add(take(bought), { captured: -1 });
  const reversed = take(bought);
  add(reversed, { captured: -reversed.standing });
  const undone = take((row) => row.kind === 'purchase' && row.network_state === 'reversed');
  add(undone, { captured: undone.asked });
  const completed = take((row) => row.state === 'captured' && row.kind === 'pre-authorisation');
  add(completed, { captured: -completed.standing, held: completed.asked });
  // Its RRN is the switch's, so a line under another STAN is a later message of that payment.
  add(take(bought), { stan: '999999', captured: 777 });
  add(take(bought), { rrn: '999999999999', stan: '999999', captured: 777 });
  const unproven = take((row) => bought(row) && proofOf(row) >= 0);
  proofs.splice(0, proofs.length, ...proofs.filter((proof) => proof.transaction !== unproven.transaction));
  const misproven = take((row) => bought(row) && proofOf(row) >= 0);
  const wrong = proofOf(misproven);
  const proof = proofs[wrong];
  if (proof) proofs[wrong] = { ...proof, amount: proof.amount + 1 };
  if (proof) proofs.push({ ...proof, transaction: 'another-system-1', validation: 'v', amount: 5 });
  return {
    lines,
    proofs,
    kinds: {
      'missing-at-network': 1,
      'amount-differs': 2,
      'reversed-at-network': 1,
      'stands-at-network': 1,
      'completion-missing': 1,
      'missing-in-journal': 1,
      'proof-missing': 1,
      'proof-amount-differs': 1,
      'proof-unknown-purchase': 1,
    },
  };
}

/** `etika-switch recon`, as an operator runs it. */
async function recon(...args: string[]): Promise<{ stdout: string; status: number }> {
  const settings = join(house.dataDir, 'node-1.json');
  const entry = join(import.meta.dirname, '../deploy/cli/etika-switch.js');
  const command = [entry, 'recon', ...args, '--settings', settings];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, {
      maxBuffer: 64 * 1_024 * 1_024,
    });
    return { stdout, status: 0 };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { stdout: stdout + stderr, status: code };
  }
}

it('finds what a counterpart’s ledger lost, changed or invented, and nothing else', async () => {
  const { lines, proofs, kinds } = await dishonestLedgers();
  const [network, proof] = [join(folder, 'network.csv'), join(folder, 'proofs.jsonl')];
  const csv = lines.map((line) => NETWORK_COLUMNS.map((column) => line[column]).join(','));
  writeFileSync(network, [NETWORK_COLUMNS.join(','), ...csv].join('\n'));
  writeFileSync(proof, proofs.map((each) => JSON.stringify(each)).join('\n'));
  const files = ['--network-ledger', network, '--pop-ledger', proof];

  const { stdout, status } = await recon('run', ...files, '--grace', '0', '--repair', '--json');
  expect(status).toBe(0);
  const report: Report = JSON.parse(stdout);
  const found = kindsOf(report);
  for (const [kind, count] of Object.entries(kindsOf(honest))) found[kind] = (found[kind] ?? 0) - count;
  expect(Object.fromEntries(Object.entries(found).filter(([, count]) => count !== 0))).toEqual(kinds);
  expect(report.outcome).toBe('explained');
});

it('has done the safe repairs without a second effect: the honest ledgers agree as before', async () => {
  await waitUntil(isQuiet, 30_000);
  const repaired = await rowsOf<{ action: string }>(
    house.databaseUrl,
    "select action from switch.recon_case where state = 'approved' order by action",
  );
  expect(repaired.map(({ action }) => action)).toEqual([
    'initiate-proof',
    'resend-advice',
    'resend-reversal',
  ]);
  const report = await desk.run(await order());
  expect(report).toMatchObject({ outcome: 'explained', differences: honest.differences });
  expect(report.networkTotals).toEqual(honest.networkTotals);
  const [open] = await rowsOf<{ unresolved: number }>(
    house.databaseUrl,
    `select count(*)::integer as unresolved from switch.recon_case where state <> 'resolved'`,
  );
  expect(open?.unresolved).toBe(honest.differences.length);
});

it('lets two people, and no fewer, close a case that is not safe', async () => {
  const id = String(honest.differences[0]?.case);
  const resolve = (...args: string[]) => recon('resolve', id, ...args);
  expect(await resolve('--action', 'by-hand', '--by', 'alice', '--note', 'refunded in cash')).toMatchObject({
    status: 0,
  });
  expect(await resolve('--approve', '--by', ' Alice')).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('who proposes may not approve'),
  });
  expect(await resolve('--approve', '--by', 'bob')).toMatchObject({ status: 0 });
  expect((await recon('cases', id)).stdout).toMatch(/resolved +bob +by-hand/);
  const again = await desk.run(await order());
  expect(again.differences.find((difference) => String(difference.case) === id)?.caseState).toBe('resolved');
});
