/**
 * The disk of the database fills up while purchases flow, on a real file system with a real PostgreSQL. Nothing that
 * could not be written is approved, nobody waits beyond the deadline, people are told once, and when there is room
 * again all goes on, with no process started anew by anybody.
 */
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { migrate } from '../switch/database/migrate.ts';
import { type House, startHouse } from './support/house.ts';
import { madeCluster } from './support/made-cluster.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { type SmallDisk, smallDisk, whyNoSmallDisk } from './support/small-disk.ts';
import { waitUntil } from './support/wait-until.ts';

const whyNone = whyNoSmallDisk();
if (whyNone !== undefined && process.env['CI'] === 'true') throw new Error(`no small disk: ${whyNone}`);
const why = whyNone === undefined ? '' : ` (not here: ${whyNone})`;

describe.runIf(whyNone === undefined)(`the disk of the database is full${why}`, () => {
  let disk: SmallDisk;
  let postgres: RunningPostgres;
  let house: House;
  let admin: Client;
  beforeAll(async () => {
    disk = smallDisk(400);
    const dataDir = join(disk.folder, 'postgres');
    await madeCluster(dataDir);
    postgres = await startPostgres({ dataDir, log: silentLog });
    await migrate(postgres.url, silentLog);
    admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    house = await startHouse({ databaseUrl: postgres.url });
  });
  afterAll(async () => {
    disk?.free();
    await house?.close();
    await admin?.end();
    await postgres?.stop();
    disk?.close();
  });

  const pids = () => [house.switchPid(), house.workerPid()];
  const buy = async () => {
    const message = purchase();
    const from = performance.now();
    const { de39 } = await ask(house.ports().iso87, message);
    return { de11: message.de11 ?? '', de39, tookMs: performance.now() - from };
  };
  type Bought = Awaited<ReturnType<typeof buy>>;
  const isFull = async () => {
    const { ready, notReady } = await house.switchStatus();
    return !ready && /cannot be written: .*No space left on device/.test(notReady.join());
  };
  const alerts = async () => {
    const { rows } = await admin.query<{ subject: string; closed_at: Date | null }>(
      "select subject, closed_at from switch.alert where kind = 'degraded-mode'",
    );
    return rows.map(({ subject, closed_at }) => `${subject}${closed_at === null ? ' is open' : ''}`);
  };

  test('nothing is approved that is not written, people see why, and with room again all goes on', async () => {
    const before = pids();
    expect((await buy()).de39).toBe('00');
    disk.fill();
    const bought: Bought[] = [];
    await waitUntil(async () => {
      bought.push(await buy());
      return bought.at(-1)?.de39 === '96' && (await isFull());
    }, 60_000);
    for (let count = 0; count < 5; count += 1) bought.push(await buy());
    expect(bought.slice(-5).map(({ de39 }) => de39)).toEqual(Array(5).fill('96'));
    expect(Math.max(...bought.map(({ tookMs }) => tookMs))).toBeLessThan(2_000);

    disk.free();
    await waitUntil(async () => (await buy()).de39 === '00');
    await waitUntil(async () => {
      await buy(); // what is degraded is found well by payments
      const told = await alerts();
      return told.length > 0 && !told.join().includes('is open');
    }, 60_000);
    expect(new Set(await alerts())).toEqual(new Set(['journal-degraded on node-1']));
    await waitUntil(async () => (await house.switchStatus()).ready && (await house.workerStatus()).ready);
    expect(pids()).toEqual(before);
    expect(await openAtNetwork(bought.filter(({ de39 }) => de39 !== '00'))).toEqual([]);
  }, 240_000);

  /** Of purchases that were refused, those that the network still holds for approved. */
  async function openAtNetwork(refused: readonly Bought[]): Promise<string[]> {
    const open: string[] = [];
    for (const { de11 } of refused) {
      const rows = async () => (await house.visa.ledger({ stan: de11 })).rows.map(({ kind }) => kind);
      const isClosed = (kinds: readonly string[]) => kinds.length === 0 || kinds.includes('reversal');
      await waitUntil(async () => isClosed(await rows())).catch(() => open.push(de11));
    }
    return open;
  }
});
