import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLog, supervise, systemClock } from '../../runtime/index.ts';
import { connectHsm } from '../client/client.ts';
import { HSM_EXIT_SETTINGS } from '../errors.ts';
import { HSM_EXIT_WRONG_PIN, HSM_FINAL_EXIT_CODES } from '../index.ts';
import { GREETING } from '../protocol/frames.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';

let hsm: TestHsm;
beforeEach(async () => {
  hsm = await startTestHsm({ requestTimeoutMs: 1_500, maxInFlight: 8 });
});
afterEach(() => hsm.stop());

const DATA = Buffer.from('some data to authenticate');
const mac = () => hsm.client.generateMac('TAK/TERM0001', DATA);

function pidOf(running: TestHsm): number {
  const pid = running.pid();
  if (pid === undefined) throw new Error('the HSM process is not running');
  return pid;
}

it('refuses calls at once while its process is dead, and serves again after the restart', async () => {
  const before = await mac();
  const killed = pidOf(hsm);
  process.kill(killed, 'SIGKILL');
  await vi.waitUntil(() => !hsm.client.connected(), 15_000);
  await expect(mac()).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
  await hsm.client.whenConnected();
  expect(pidOf(hsm)).not.toBe(killed);
  expect(await mac()).toEqual(before);
});

it('rejects what was in flight when the process died', async () => {
  process.kill(pidOf(hsm), 'SIGSTOP');
  const inFlight = mac();
  process.kill(pidOf(hsm), 'SIGKILL');
  await expect(inFlight).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
});

it('gives up at the deadline on a process that hangs, bounds what waits, and goes on when it wakes', async () => {
  process.kill(pidOf(hsm), 'SIGSTOP');
  const waiting = Array.from({ length: 8 }, mac);
  await expect(mac()).rejects.toMatchObject({ code: 'HSM_BUSY' });
  const outcomes = await Promise.allSettled(waiting);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'HSM_TIMEOUT' } });
  }
  process.kill(pidOf(hsm), 'SIGCONT');
  await vi.waitFor(() => mac(), 15_000);
});

it('disconnects a peer that talks garbage and serves the others on', async () => {
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.concat([GREETING, Buffer.from('ffffffff00', 'hex')]),
    Buffer.concat([GREETING, Buffer.from('00000003000000', 'hex')]),
    Buffer.concat([GREETING.subarray(0, 4), Buffer.from([99])]),
  ];
  for (const bytes of garbage) {
    const socket = connect({ path: hsm.socketPath });
    socket.on('error', () => {});
    socket.resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(bytes);
    await closed;
    expect(await mac()).toHaveLength(8);
  }
});

it('answers a request it cannot read without closing the connection', async () => {
  const socket = connect({ path: hsm.socketPath });
  socket.write(GREETING);
  // Operation 200 does not exist; operation 2 comes with bytes left over.
  socket.write(Buffer.from('000000070000000a' + 'c8' + '03e8', 'hex'));
  socket.write(Buffer.from('0000000c0000000b' + '02' + '03e8' + '0000000000', 'hex'));
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  await vi.waitUntil(() => received.includes(Buffer.from('0000000b', 'hex')), 15_000);
  expect(received.indexOf(Buffer.from('0000000a09', 'hex'))).toBeGreaterThan(0);
  socket.destroy();
});

it('stops for good on a wrong user PIN, after one try', async () => {
  const wrongPin = join(hsm.dataDir, 'wrong-pin');
  writeFileSync(wrongPin, 'not-the-pin', { mode: 0o600 });
  const service = supervised({ HSM_PIN_FILE: wrongPin });
  await expect(service.ready()).rejects.toThrow(`exit code ${HSM_EXIT_WRONG_PIN}`);
  expect(service.restarts()).toBe(0);
});

it('stops for good on a PIN file that others may read', async () => {
  const readable = join(hsm.dataDir, 'readable-pin');
  writeFileSync(readable, readFileSync(join(hsm.dataDir, 'secrets', 'hsm-user-pin')), { mode: 0o644 });
  const service = supervised({ HSM_PIN_FILE: readable });
  await expect(service.ready()).rejects.toThrow(`exit code ${HSM_EXIT_SETTINGS}`);
});

it('takes the user PIN from an open file descriptor', async () => {
  const pin = openSync(join(hsm.dataDir, 'secrets', 'hsm-user-pin'), 'r');
  const { HSM_PIN_FILE: _unused, ...env } = hsm.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'main.ts')], {
    env: {
      ...process.env,
      ...env,
      HSM_PIN_FD: '3',
      HSM_SOCKET: join(hsm.dataDir, 'fd.sock'),
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'ignore', 'inherit', pin],
  });
  closeSync(pin);
  const client = connectHsm({ socketPath: join(hsm.dataDir, 'fd.sock'), clock: systemClock, log: silentLog });
  try {
    await client.whenConnected();
    await client.ping();
  } finally {
    await client.close();
    child.kill();
  }
});

it('refuses development keys in production, no ledger, and a software token unless it is allowed', async () => {
  const policy = join(hsm.dataDir, 'policy.json');
  writeFileSync(policy, '{"peers":[{"name":"switch","users":[0],"operations":["payments"]}]}', {
    mode: 0o600,
  });
  const HSM_SOCKET = join(hsm.dataDir, 'production.sock');
  const production = { NODE_ENV: 'production', HSM_SOCKET, HSM_POLICY: policy };
  await expect(supervised(production).ready()).rejects.toThrow(`exit code ${HSM_EXIT_SETTINGS}`);
  const allowed = supervised({ ...production, HSM_ALLOW_SOFTWARE_TOKEN: '1' });
  await expect(allowed.ready()).rejects.toThrow('exit code 79');
  const forgetful = supervised({ ...production, HSM_ALLOW_SOFTWARE_TOKEN: '1', HSM_USE_LEDGER: '' });
  await expect(forgetful.ready()).rejects.toThrow(`exit code ${HSM_EXIT_SETTINGS}`);
});

it('declines while the token is gone and recovers by itself once it is back', async () => {
  const objects = join(hsm.dataDir, 'token', 'objects');
  renameSync(objects, `${objects}.away`);
  await expect(hsm.client.ping()).rejects.toMatchObject({ code: 'HSM_TOKEN_FAILED' });
  await vi.waitUntil(() => !hsm.client.connected(), 15_000);
  await expect(mac()).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
  renameSync(`${objects}.away`, objects);
  await hsm.client.whenConnected();
  expect(await mac()).toHaveLength(8);
});

it('notices a token that went away though nobody asks for anything', async () => {
  const objects = join(hsm.dataDir, 'token', 'objects');
  renameSync(objects, `${objects}.away`);
  await vi.waitUntil(() => !hsm.client.connected(), 15_000);
  renameSync(`${objects}.away`, objects);
  await hsm.client.whenConnected();
});

it('lets only its own user at the socket, and forbids core dumps', () => {
  expect(statSync(hsm.socketPath).mode & 0o777).toBe(0o600);
  const limits = readFileSync(`/proc/${pidOf(hsm)}/limits`, 'latin1');
  expect(limits).toMatch(/^Max core file size\s+0\s+0\s/m);
});

it('leaves no process behind when its supervisor closes the channel', async () => {
  const service = supervised({ HSM_SOCKET: join(hsm.dataDir, 'second.sock') });
  await service.ready();
  const pid = service.pid();
  await service.stop();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

it('counts a peer without a greeting as absent', async () => {
  const client = connectHsm({
    socketPath: join(hsm.dataDir, 'none.sock'),
    clock: systemClock,
    log: silentLog,
  });
  expect(client.connected()).toBe(false);
  await expect(client.ping()).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
  await client.close();
  await expect(client.whenConnected()).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE' });
});

function supervised(env: Record<string, string>) {
  const plan = {
    name: 'hsm',
    entry: join(import.meta.dirname, '..', 'main.ts'),
    env: { ...hsm.env, LOG_LEVEL: 'silent', HSM_SOCKET: join(hsm.dataDir, 'other.sock'), ...env },
    restartDelaysMs: [10],
    finalExitCodes: HSM_FINAL_EXIT_CODES,
  };
  return supervise(plan, systemClock, silentLog);
}
