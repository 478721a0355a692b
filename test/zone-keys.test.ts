import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pan } from '../messages/index.ts';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';
import { ask, pinBlock, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const OVERLAP_MS = 2_000;

let house: House;
let database: Client;
beforeAll(inOrder);
beforeAll(async () => {
  house = await startHouse({
    settings: (settings) => ({ ...settings, keyLife: { overlapMs: OVERLAP_MS, pendingMs: 60_000 } }),
  });
  database = new Client({ connectionString: house.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await house?.close();
});

const NETWORKS = [
  ['visa', '4242424242424242'],
  ['iso87', '5555555555554444'],
] as const;

describe.each(NETWORKS)('a zone key that %s sends', (network, card) => {
  const control = () => house[network];
  const kcv = async () => (await control().health()).zoneKey.kcv;
  const changed = (before: string) => waitUntil(async () => (await kcv()) !== before);
  const pinPurchase = (port = house.ports().iso87, pin = '1234') =>
    ask(port, purchase({ de2: Pan.of(card), de52: pinBlock(pin, card) }));
  const steps = async () => {
    const { rows } = await database.query<{ step: string; kcv: string }>(
      `select generation || ' ' || state as step, keys -> 'pin' ->> 'kcv' as kcv
        from switch.key_change where owner = $1 order by position`,
      [`network/${network}`],
    );
    return rows;
  };
  const generations = async () => (await steps()).map(({ step }) => step);
  /** The number of the latest key: these tests hold in any order. */
  const latest = async () => Math.max(0, ...(await generations()).map((step) => Number(step.split(' ')[0])));

  it('is confirmed, used from then on by every node, and outlives a restart', async () => {
    const other = await house.addNode(`node-${network}`);
    expect(await pinPurchase()).toMatchObject({ de39: '00' });
    const [before, known, n] = [await kcv(), await generations(), (await latest()) + 1];
    await control().changeKey({ overlapMs: 60_000 });
    await changed(before);
    await waitUntil(async () => (await generations()).includes(`${n} active`));
    expect(await generations()).toEqual([...known, `${n} pending`, `${n} active`, `${n - 1} expiring`]);
    expect((await steps()).at(-2)?.kcv).toBe(await kcv());
    await control().changeKey({ overlapMs: 0 });
    await waitUntil(async () => (await generations()).includes(`${n + 1} active`));
    for (const port of [house.ports().iso87, other.ports().iso87]) {
      // The other node hears of it within its next look.
      await waitUntil(async () => (await pinPurchase(port)).de39 === '00');
      expect(await pinPurchase(port, '4321')).toMatchObject({ de39: '55' });
    }
    await other.stop();
    await house.stop();
    await house.startSwitch();
    await house.startWorker();
    expect(await pinPurchase()).toMatchObject({ de39: '00' });
  });

  it('whose KCV is wrong is refused 79, and the one before goes on', async () => {
    const [before, known] = [await control().health(), await generations()];
    await control().changeKey({ wrongKcv: true });
    await waitUntil(async () => (await control().health()).zoneKey.refused === before.zoneKey.refused + 1);
    expect(await generations()).toEqual(known);
    expect(await pinPurchase()).toMatchObject({ de39: '00' });
  });

  it('whose confirmation is lost comes again, and is confirmed as the same', async () => {
    const before = await kcv();
    const [known, n] = [await generations(), (await latest()) + 1];
    await control().changeKey({ lost: 'answer', overlapMs: 0 });
    await waitUntil(async () => (await generations()).includes(`${n} active`));
    expect(await pinPurchase()).toMatchObject({ de39: '00' });
    expect(await kcv()).toBe(before);
    await control().changeKey();
    await changed(before);
    expect(await generations()).toEqual([...known, `${n} pending`, `${n} active`, `${n - 1} expiring`]);
    expect(await pinPurchase()).toMatchObject({ de39: '00' });
  });

  it('while the HSM is away is not taken; the network says it again', async () => {
    const before = await control().health();
    await house.hsm.ready();
    process.kill(house.hsm.pid() ?? 0, 'SIGKILL');
    await control().changeKey({ overlapMs: 0 });
    await waitUntil(async () => (await control().health()).zoneKey.refused === before.zoneKey.refused + 1);
    await house.hsm.ready();
    await waitUntil(async () => (await pinPurchase()).de39 === '00');
    await control().changeKey({ overlapMs: 0 });
    await changed(before.zoneKey.kcv);
    await waitUntil(async () => (await pinPurchase()).de39 === '00');
  });
});

it('the log shows key check values, and no key block', () => {
  const written = house.switchLog() + house.workerLog();
  expect(written).toMatch(/"event":"keys.changed".*"owner":"network\/visa"/);
  expect(written).not.toMatch(/[BD]\d{4}P0TB00N/);
});
