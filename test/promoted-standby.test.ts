/**
 * A real streaming standby that lags and is promoted while its primary dies by SIGKILL, with payments answered that it
 * never heard of. What was answered stands; the chain verifies under its signed heads, as `audit verify` runs it; and
 * the ledgers of the networks and the consensus agree with the journal, as `recon run` compares them.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { migrate } from '../switch/database/migrate.ts';
import { rowsOf } from '../switch/projection/testing.ts';
import { ReconciliationDesk } from '../switch/reconciliation/desk.ts';
import { fetchNetworkLedger, fetchProofLedger } from '../switch/reconciliation/ledgers/control-api.ts';
import { type House, startHouse } from './support/house.ts';
import { madeCluster } from './support/made-cluster.ts';
import { type DatabaseProxy, proxyTo } from './support/postgres-proxy.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { type Standby, standbyOf } from './support/standby.ts';
import { waitUntil } from './support/wait-until.ts';

const PATIENCE_MS = 60_000;
const root = mkdtempSync(join(tmpdir(), 'etika-standby-'));
let primary: RunningPostgres;
let standby: Standby;
/** Where the system finds its database, whoever that is. */
let address: DatabaseProxy;
let house: House;

beforeAll(async () => {
  const dataDir = join(root, 'primary');
  await madeCluster(dataDir);
  const first = await startPostgres({ dataDir, log: silentLog });
  await migrate(first.url, silentLog);
  await first.stop();
  const again = () => startPostgres({ dataDir, log: silentLog, port: Number(new URL(first.url).port) });
  ({ primary, standby } = await standbyOf(dataDir, join(root, 'standby'), again));
  address = await proxyTo(primary.url);
  house = await startHouse({ databaseUrl: address.url });
}, 2 * PATIENCE_MS);
afterAll(async () => {
  await house?.close();
  await address?.close();
  await standby?.stop();
  await primary?.stop();
  rmSync(root, { recursive: true, force: true });
});

const pay = (message = purchase()) => ask(house.ports().iso87, message);
const served = () => waitUntil(async () => (await pay()).de39 === '00', PATIENCE_MS);
const visaRows = async (stan = '') => (await house.visa.ledger({ stan })).rows.map(({ kind }) => kind);
const rows = <Row>(text: string) => rowsOf<Row>(address.url, text);

/** Everything that a process has written is under a head, and nothing waits in a queue. */
async function untilQuiet(): Promise<void> {
  await waitUntil(async () => {
    const said = [await house.switchStatus(), await house.workerStatus()];
    const isSigned = said.every(
      ({ audit: { sequence, signedSequence } }) => sequence === (signedSequence ?? 0),
    );
    const [left] = await rows<{ count: number }>(
      `select (select count(*) from graphile_worker._private_jobs) + (select count(*) from switch.awaited_proof) as count`,
    );
    return isSigned && left?.count === 0;
  }, PATIENCE_MS);
}

/** `etika-switch …`, beside the house; this process passes on what it says to the database. @throws where it fails */
async function run(...args: string[]) {
  const env = { ...process.env, HSM_SOCKET: house.hsm.socketPath, DATABASE_URL: address.url };
  const entry = join(import.meta.dirname, '../deploy/cli/etika-switch.js');
  return promisify(execFile)(process.execPath, [entry, ...args], { env });
}

it(
  'loses nothing that was answered, and neither the audit nor a reconciliation finds anything',
  async () => {
    await served();
    await untilQuiet();
    await waitUntil(() => standby.hasAll(primary.url), PATIENCE_MS);
    const [before] = await rows<{ count: number }>('select count(*) as count from switch.journal');

    standby.cutOff();
    const answered = Array.from({ length: 12 }, () => purchase());
    const replies = await Promise.all(answered.map((message) => pay(message)));
    expect(replies.map(({ de39 }) => de39)).toEqual(answered.map(() => '00'));
    process.kill(primary.pid, 'SIGKILL');
    await standby.promote();
    const lagging = await rowsOf<{ count: number }>(
      standby.server.url,
      'select count(*) as count from switch.journal',
    );
    expect(lagging[0]?.count).toBeLessThan((before?.count ?? 0) + answered.length); // it lagged indeed
    address.leadTo(standby.server.url);
    await served();

    for (const [index, message] of answered.entries()) {
      const { de38 = '' } = replies[index] ?? {};
      expect(await pay({ ...message, mti: '0101' })).toMatchObject({ de39: '00', de38 });
      expect(await visaRows(message.de11)).toEqual(['authorised']);
    }
    const alerts = await rows<object>("select subject from switch.alert where kind = 'data-lost'");
    expect(alerts).toContainEqual({ subject: 'node-1' });

    await untilQuiet();
    const key = join(root, 'audit.pem');
    writeFileSync(key, (await run('hsm', 'public-key')).stdout);
    const heads = join(house.dataDir, 'audit');
    const verified = await run('audit', 'verify', '--heads', heads, '--public-key', key, '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ outcome: 'verified' });

    const { visa, iso87, pop } = house.controlUrls;
    const ledgers = await Promise.all([fetchNetworkLedger(visa, 'visa'), fetchNetworkLedger(iso87, 'iso87')]);
    const desk = new ReconciliationDesk({ databaseUrl: address.url, name: 'test', log: silentLog });
    const report = await desk.run({
      date: null,
      networkLedger: ledgers.flat(),
      networks: new Set(['visa', 'iso87']),
      withoutHolds: new Set<string>(),
      proofLedger: await fetchProofLedger(pop),
      graceMs: 0,
    });
    await desk.close();
    expect({ outcome: report.outcome, differences: report.differences }).toEqual({
      outcome: 'agrees',
      differences: [],
    });
  },
  6 * PATIENCE_MS,
);
