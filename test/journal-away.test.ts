import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { migrate } from '../switch/database/migrate.ts';
import { type House, startHouse } from './support/house.ts';
import { madeCluster } from './support/made-cluster.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { supervised } from './support/role.ts';
import { waitUntil } from './support/wait-until.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'etika-postgres-'));
let postgres: RunningPostgres;
let house: House;
let adminUrl = '';
let stopAdmin = async () => {};

beforeAll(async () => {
  await madeCluster(dataDir);
  postgres = await startPostgres({ dataDir, log: silentLog });
  await migrate(postgres.url, silentLog);
  house = await startHouse({ databaseUrl: postgres.url });
  const admin = supervised('admin-api', 'admin-api/main.ts', {
    ADMIN_PORT: '0',
    DATABASE_URL: postgres.url,
    SWITCH_STATUS_URL: `http://127.0.0.1:${house.ports().status}/status`,
  });
  stopAdmin = () => admin.stop();
  adminUrl = String((await admin.ready())['url']);
});
afterAll(async () => {
  await stopAdmin();
  await house?.close();
  await postgres?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const port = () => house.ports().iso87;
const visaRows = async (stan = '') => (await house.visa.ledger({ stan })).rows.map(({ kind }) => kind);

const NOBODY = '01a22c9c-71ad-7c8f-8dd7-5fffa14aa416';
const OPERATOR = { by: 'kim', why: 'a test' };
/** All that an operator asks of the admin API and that only the database knows. */
const QUESTIONS: readonly (readonly [path: string, body?: object])[] = [
  [`transactions/${NOBODY}`],
  ['transactions?terminal=TERM0001'],
  ['degraded-modes'],
  ['degraded-modes', { mode: 'pop-degraded', open: true, ...OPERATOR }],
  ['parked-follow-ups'],
  ['parked-follow-ups/1/replay', OPERATOR],
  ['alerts'],
  ['alerts/1/acknowledge', OPERATOR],
];
/** Six seconds, and what a busy machine takes to say it. */
const ANSWERED_WITHIN_MS = 9_000;

async function asked(path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  const response = await fetch(`${adminUrl}${path}`, { ...(body && post), signal });
  return { status: response.status, body: await response.json() };
}

/** Whatever is asked, the answer is that the database is away and why: 500 would have people look for a fault here. */
async function expectDatabaseAway(): Promise<void> {
  const answers = await Promise.all(QUESTIONS.map(([path, body]) => asked(`/api/v1/${path}`, body)));
  const away = {
    status: 503,
    body: { code: 'ADM_DATABASE_AWAY', details: { reason: expect.stringMatching(/\w/) } },
  };
  expect(answers).toMatchObject(QUESTIONS.map(() => away));
  const reason = expect.stringMatching(/\w/);
  const checks = expect.arrayContaining([{ name: 'database', ok: false, reason }]);
  expect(await asked('/ready')).toMatchObject({ status: 503, body: { status: 'not-ready', checks } });
  expect((await asked('/health')).status).toBe(200);
}

/** None of the questions is answered 503 any more: nothing of what was broken is left in a pool. */
async function expectDatabaseBack(): Promise<void> {
  const answers = await Promise.all(
    QUESTIONS.filter(([, body]) => !body).map(([path]) => asked(`/api/v1/${path}`)),
  );
  expect(answers.map(({ status }) => status)).toEqual([404, 200, 200, 200, 200]);
  await waitUntil(async () => (await asked('/ready')).status === 200);
}

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
    await expectDatabaseAway();
    for (const told of [before, message]) {
      await expect(ask(port(), { ...told, mti: '0101' })).rejects.toThrow('no answer');
    }

    postgres = await startPostgres({ dataDir, log: silentLog, port: Number(address.port) });
    await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
    for (const status of [house.switchStatus, house.workerStatus]) {
      await waitUntil(async () => (await status()).ready);
    }
    await expectDatabaseBack();
    expect(await ask(port(), { ...before, mti: '0101' })).toMatchObject({ de39: '00' });
  });

  it('frozen: declined 96, or 63 for a wrong MAC, and what it stored after all is closed once it goes on', async () => {
    const message = purchase();
    process.kill(postgres.pid, 'SIGSTOP');
    stopBackends('SIGSTOP');
    try {
      // A wrong MAC is told from what this node knows: whoever guesses costs the database nothing.
      expect(await ask(port(), purchase(), 'TERM0002')).toMatchObject({ de39: '63' });
      expect(await ask(port(), message)).toMatchObject({ de39: '96' });
      await expectDatabaseAway();
    } finally {
      stopBackends('SIGCONT');
      process.kill(postgres.pid, 'SIGCONT');
    }
    await waitUntil(async () => (await ask(port(), purchase())).de39 === '00');
    await expectDatabaseBack();
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
