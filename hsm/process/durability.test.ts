import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Pan, PinBlock } from '../../messages/index.ts';
import { type SupervisedService, silentLog, supervise, systemClock } from '../../runtime/index.ts';
import { connectHsm, type PaymentHsmClient } from '../client/client.ts';
import { startTestHsm, type TestHsm } from '../testing/index.ts';

let first: TestHsm;
let second: SupervisedService;
let other: PaymentHsmClient;

/** Two processes of one pool: one token, one ledger. */
beforeAll(async () => {
  first = await startTestHsm();
  const socketPath = join(first.dataDir, 'second.sock');
  const env = { ...first.env, HSM_SOCKET: socketPath, LOG_LEVEL: 'silent' };
  const entry = join(import.meta.dirname, '..', 'main.ts');
  second = supervise({ name: 'hsm-2', entry, env, restartDelaysMs: [10] }, systemClock, silentLog);
  await second.ready();
  other = connectHsm({ socketPath, clock: systemClock, log: silentLog });
  await other.whenConnected();
});
afterAll(async () => {
  await other.close();
  await second.stop();
  await first.stop();
});

/** ANSI X9.24-1:2009 A.4. */
const BLOCKS = {
  FFFF9876543210E00001: '1B9C1845EB993A7A',
  FFFF9876543210E00004: '0BC79509D5645DF7',
  FFFF9876543210E00007: '27711C16CB257F8E',
};

function translate(client: PaymentHsmClient, ksn: keyof typeof BLOCKS, transaction: string) {
  const block = PinBlock.of(Buffer.from(BLOCKS[ksn], 'hex'));
  return client.translatePinBlock({
    from: { key: 'BDK/TDES', ksn: Buffer.from(ksn, 'hex'), transaction, block },
    to: 'ZPK/VISA',
    toFormat: 0,
    pan: Pan.of('4012345678909'),
  });
}

const REPLAYED = { code: 'HSM_KSN_REPLAYED' };

async function killFirst(): Promise<void> {
  const pid = first.pid();
  if (pid === undefined) throw new Error('not running');
  process.kill(pid, 'SIGKILL');
  await vi.waitUntil(() => !first.client.connected(), 15_000);
  await first.client.whenConnected();
}

it('refuses a counter used before its process was killed; a repeated request gets its answer', async () => {
  const answer = await translate(first.client, 'FFFF9876543210E00004', 'TERM0001/1');
  await killFirst();
  const again = await translate(first.client, 'FFFF9876543210E00004', 'TERM0001/1');
  expect(again.reveal()).toEqual(answer.reveal());
  await expect(translate(first.client, 'FFFF9876543210E00004', 'TERM0001/2')).rejects.toMatchObject(REPLAYED);
  // One that comes late, and was spent on nothing.
  await translate(first.client, 'FFFF9876543210E00001', 'TERM0001/3');
});

it('lets one of two processes use a counter, whoever is faster', async () => {
  const outcomes = await Promise.allSettled(
    [first.client, other].map((client, index) => translate(client, 'FFFF9876543210E00007', `race ${index}`)),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: REPLAYED });
});

it('counts the uses of a limited key over both processes and a restart', async () => {
  const kind = { usage: 'M3', algorithm: 'T', length: 16 };
  const { record } = await first.client.generateKey(kind, { owner: 'x', useLimit: 3 });
  const data = Buffer.from('some data');
  await first.client.generateMac(record, data);
  await other.generateMac(record, data);
  await killFirst();
  await first.client.generateMac(record, data);
  for (const client of [first.client, other]) {
    await expect(client.generateMac(record, data)).rejects.toMatchObject({ code: 'HSM_KEY_STATE' });
  }
  const expiring = await first.client.setKeyState(record, 'expiring');
  await expect(other.generateMac(expiring, data)).rejects.toMatchObject({ code: 'HSM_KEY_STATE' });
});
