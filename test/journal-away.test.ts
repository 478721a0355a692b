import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { migrate } from '../switch/database/migrate.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'etika-postgres-'));
let postgres: RunningPostgres;
let house: House;

beforeAll(async () => {
  postgres = await startPostgres({ dataDir, log: silentLog });
  await migrate(postgres.url, silentLog);
  house = await startHouse({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await house?.close();
  await postgres?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const port = () => house.ports().iso87;
const visaRows = async (stan = '') => (await house.visa.ledger({ stan })).rows.map(({ kind }) => kind);

describe('PostgreSQL', () => {
  it('stopped: declined 96 within the deadline, with nothing sent, repeats unanswered; back again: approved', async () => {
    const address = new URL(postgres.url);
    const before = purchase();
    expect(await ask(port(), before)).toMatchObject({ de39: '00' });
    await postgres.stop();
    for (const status of [house.switchStatus, house.workerStatus]) {
      await waitUntil(async () => (await status()).database === 'silent');
      expect(await status()).toMatchObject({ ready: false, notReady: ['the database does not answer'] });
    }
    const message = purchase();
    const from = performance.now();
    expect(await ask(port(), message)).toMatchObject({ de39: '96' });
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(await visaRows(message.de11)).toEqual([]);
    for (const told of [before, message]) {
      await expect(ask(port(), { ...told, mti: '0101' })).rejects.toThrow('no answer');
    }

    postgres = await startPostgres({ dataDir, log: silentLog, port: Number(address.port) });
    await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
    for (const status of [house.switchStatus, house.workerStatus]) {
      await waitUntil(async () => (await status()).ready);
    }
    expect(await ask(port(), { ...before, mti: '0101' })).toMatchObject({ de39: '00' });
  });

  it('frozen: declined 96, and what it stored after all is closed once it goes on', async () => {
    const message = purchase();
    process.kill(postgres.pid, 'SIGSTOP');
    stopBackends('SIGSTOP');
    try {
      expect(await ask(port(), message)).toMatchObject({ de39: '96' });
    } finally {
      stopBackends('SIGCONT');
      process.kill(postgres.pid, 'SIGCONT');
    }
    await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
    expect(await visaRows(message.de11)).toEqual([]);
    expect((await ask(port(), { ...message, mti: '0101' })).de39).toMatch(/^(96|00)$/);
  });
});

/** The server's processes for connections are its children. */
function stopBackends(signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const entry of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      if (Number(parent) === postgres.pid) process.kill(Number(entry), signal);
    } catch {
      // gone meanwhile
    }
  }
}
