/** What an operator sees of a node whose HSM hangs or whose database is away: real processes, real signals. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rowsOf } from '../switch/projection/testing.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

let house: House;
beforeAll(async () => {
  house = await startHouse();
}, 60_000);
afterAll(() => house?.close());

it('an HSM that hangs is found by its heartbeat, makes the node unready, and is used again when it goes on', async () => {
  const status = () => house.switchStatus();
  expect((await status()).ready).toBe(true);
  const pid = house.hsm.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await waitUntil(async () => !(await status()).ready, 5_000);
    expect((await status()).notReady).toEqual(['the HSM gives no sign of life']);
    const from = performance.now();
    expect((await ask(house.ports().iso87, purchase())).de39).toBe('96');
    expect(performance.now() - from).toBeLessThan(400); // nobody waits for it any more
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitUntil(async () => (await status()).ready, 5_000);
  expect((await ask(house.ports().iso87, purchase())).de39).toBe('00');
}, 40_000);

it('no process of a node may write a core dump', async () => {
  for (const pid of [house.switchPid(), house.workerPid(), house.hsm.pid()]) {
    expect(readFileSync(`/proc/${pid}/limits`, 'latin1')).toMatch(/^Max core file size\s+0\s+0\s/m);
  }
});

it('a switch that dies and that nobody starts again is told of by its worker, and closes it when it is back', async () => {
  const told = () =>
    rowsOf<{ summary: string; count: number; closed: boolean }>(
      house.databaseUrl,
      `select summary, count, closed_at is not null as closed from switch.alert
        where kind = 'process-died' and subject = 'node-1'`,
    );
  await house.killSwitch();
  await waitUntil(async () => (await told()).length === 1, 60_000);
  expect(await told()).toMatchObject([
    { summary: expect.stringContaining('nobody has started it again'), closed: false },
  ]);
  await house.startSwitch();
  await waitUntil(async () => (await told())[0]?.closed === true, 40_000);
  expect(await told()).toHaveLength(1);
  expect((await ask(house.ports().iso87, purchase())).de39).toBe('00');
}, 150_000);
