import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type SupervisedService, silentLog, supervise, systemClock } from '../../runtime/index.ts';
import { connectHsmPool } from '../index.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';
import type { PaymentHsmClient } from './client.ts';

let first: TestHsm;
let second: SupervisedService;
let pool: PaymentHsmClient;

/** Two processes on one token, as two processes on one network HSM would be. */
beforeAll(async () => {
  first = await startTestHsm();
  const secondSocket = join(first.dataDir, 'second.sock');
  const env = { ...first.env, HSM_SOCKET: secondSocket, LOG_LEVEL: 'silent' };
  const entry = join(import.meta.dirname, '..', 'main.ts');
  second = supervise({ name: 'hsm-2', entry, env, restartDelaysMs: [10] }, systemClock, silentLog);
  await second.ready();
  pool = connectHsmPool({
    socketPaths: [first.socketPath, secondSocket],
    clock: systemClock,
    log: silentLog,
  });
  await pool.whenConnected();
});
afterAll(async () => {
  await pool.close();
  await second.stop();
  await first.stop();
});

const DATA = Buffer.from('some data to authenticate');
const mac = () => pool.generateMac('TAK/TERM0001', DATA);

it('loses no request that is safe to repeat when one of two processes is killed', async () => {
  const expected = await mac();
  for (const kill of [() => first.pid(), () => second.pid()]) {
    const inFlight = Array.from({ length: 200 }, mac);
    const pid = kill();
    if (pid === undefined) throw new Error('not running');
    process.kill(pid, 'SIGKILL');
    for (const answered of await Promise.all(inFlight)) expect(answered).toEqual(expected);
    expect(await mac()).toEqual(expected);
    await Promise.all([first.ready(), second.ready()]);
    await vi.waitFor(() => first.client.ping(), 15_000);
  }
});

it('tells the caller where a key that was being made may have been lost', async () => {
  await vi.waitFor(mac, 15_000);
  const pids = [first.pid(), second.pid()];
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGSTOP');
  const making = pool.generateKey({ usage: 'P0', algorithm: 'T', length: 16 }, { owner: 'x' });
  for (const pid of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await expect(making).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
  await vi.waitFor(mac, 15_000);
});
