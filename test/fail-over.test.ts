/**
 * A database that falls back: a copy of its folder is taken, payments are answered, and the copy takes the server's
 * place, as a standby that lagged would. What was answered must stand, be there again, and be told of.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../deploy/postgres/start-postgres.ts';
import { silentLog } from '../runtime/index.ts';
import { migrate } from '../switch/database/migrate.ts';
import { type House, startHouse } from './support/house.ts';
import { madeCluster } from './support/made-cluster.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const root = mkdtempSync(join(tmpdir(), 'etika-fail-over-'));
const [dataDir, oldCopy] = [join(root, 'primary'), join(root, 'copy')];
let postgres: RunningPostgres;
let house: House;

beforeAll(async () => {
  await madeCluster(dataDir);
  postgres = await startPostgres({ dataDir, log: silentLog });
  await migrate(postgres.url, silentLog);
  house = await startHouse({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await house?.close();
  await postgres?.stop();
  rmSync(root, { recursive: true, force: true });
});

const pay = (message = purchase()) => ask(house.ports().iso87, message);
const visaRows = async (stan = '') => (await house.visa.ledger({ stan })).rows.map(({ kind }) => kind);

async function restarted(between: () => void = () => {}): Promise<void> {
  const port = Number(new URL(postgres.url).port);
  await postgres.stop();
  between();
  postgres = await startPostgres({ dataDir, log: silentLog, port });
}

/** With their owners: the server runs as a user of its own. */
const takeCopy = () => restarted(() => execFileSync('cp', ['-a', dataDir, oldCopy]));
const fallBack = () =>
  restarted(() => {
    rmSync(dataDir, { recursive: true });
    renameSync(oldCopy, dataDir);
  });

async function rows<Row extends object>(text: string): Promise<Row[]> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const served = () => waitUntil(async () => (await pay()).de39 === '00');
/** All entries, but for those that come of themselves. */
const entries = () =>
  rows<{ key: string }>(
    `select concat_ws(' ', epoch, sequence, transaction, version, kind, body, encode(link, 'hex')) as key
      from switch.journal where kind in ('intended', 'decided') order by epoch, sequence`,
  );

describe('a fail-over that lost data', () => {
  it('is told of, and what was answered is written again as it was: nothing is reversed', async () => {
    expect(await pay()).toMatchObject({ de39: '00' });
    await takeCopy();
    await served();
    const answered = Array.from({ length: 12 }, () => purchase());
    const replies = await Promise.all(answered.map((message) => pay(message)));
    expect(replies.map(({ de39 }) => de39)).toEqual(answered.map(() => '00'));
    const before = await entries();

    await fallBack();
    await served();
    const after = await entries();
    const there = new Set(after.map(({ key }) => key));
    expect(before.filter(({ key }) => !there.has(key))).toEqual([]);

    for (const [index, message] of answered.entries()) {
      expect(await pay({ ...message, mti: '0101' })).toMatchObject({
        de39: '00',
        de38: replies[index]?.de38,
      });
      expect(await visaRows(message.de11)).toEqual(['authorised']);
    }
    const alerts = await rows<{ subject: string; note: string }>(
      "select subject, note from switch.alert where kind = 'data-lost' and subject = 'node-1'",
    );
    expect(alerts).toMatchObject([{ subject: 'node-1', note: expect.stringContaining('0 conflicts') }]);
    expect(house.switchLog()).toContain('journal.data-lost');
    expect(await rows('select from switch.recon_case')).toEqual([]);
  }, 120_000);

  it('meets processes that were killed: the next ones write it again before anybody takes it over', async () => {
    await takeCopy();
    await served();
    await house.visa.script({ next: 1, scenario: { action: 'late', ms: 1_500 } });
    const unanswered = purchase();
    const silent = pay(unanswered).catch(() => 'no answer');
    await waitUntil(async () => (await visaRows(unanswered.de11)).length > 0);
    const answered = purchase();
    const reply = await pay(answered);
    expect(reply).toMatchObject({ de39: '00' });
    await Promise.all([house.killSwitch(), house.killWorker()]);
    expect(await silent).toBe('no answer');

    await fallBack();
    await house.ensureUp();
    expect(await pay({ ...answered, mti: '0101' })).toMatchObject({ de39: '00', de38: reply.de38 });
    await waitUntil(async () => (await visaRows(unanswered.de11)).includes('reversed'));
    expect(await visaRows(answered.de11)).toEqual(['authorised']);
    expect(await rows("select from switch.alert where kind = 'data-lost' and closed_at is null")).not.toEqual(
      [],
    );
    // The proof of what was not answered may have been final before it could be taken back.
    expect(await rows("select kind from switch.recon_case where kind <> 'pop-stands'")).toEqual([]);
  }, 120_000);
});
