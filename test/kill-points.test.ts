import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../switch/requests/terminal-message.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, connectRaw, frame, purchase, sealed } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

/** A proof becomes final long after these tests: what is cancelled was cancelled in time. */
const POP_BLOCK_MS = 60_000;

let house: House;
let admin: Client;

beforeAll(async () => {
  house = await startHouse({
    popBlockMs: POP_BLOCK_MS,
    settings: (settings) => ({
      ...settings,
      deadlineMs: 1_000,
      followUps: { ...settings.followUps, attemptTimeoutMs: 1_000 },
    }),
  });
  admin = new Client({ connectionString: house.databaseUrl });
  await admin.connect();
});
// Every test leaves switch and worker running, with no plan to crash; one that failed may not have.
beforeEach(() => house.ensureUp());
afterEach(async () => {
  await Promise.all([house.visa.reset(), house.pop.reset()]);
});
afterAll(async () => {
  await admin?.end();
  await house?.close();
});

let cents = 100_000;

/** A purchase of an amount of its own, by which its proof is found. */
function ownPurchase(): TerminalMessage {
  cents += 1;
  return purchase({ de4: String(cents).padStart(12, '0') });
}

async function send(message: TerminalMessage) {
  const raw = await connectRaw(house.ports().iso87);
  raw.send(frame(sealed(message)));
  return raw;
}

const repeat = (message: TerminalMessage) => ask(house.ports().iso87, { ...message, mti: '0101' });

const visaKinds = async ({ de11 = '' }: TerminalMessage) =>
  (await house.visa.ledger({ stan: de11 })).rows.map(({ kind }) => kind);

/** What the network made of the reversals that reached it, and how many repeats did not say that they were one. */
async function reversals({ de11 = '' }: TerminalMessage): Promise<{ effects: number; unmarked: number }> {
  const { rows } = await house.visa.ledger({ stan: de11 });
  const repeats = rows.filter(({ kind }) => kind === 'reversal-repeated');
  return {
    effects: rows.filter(({ kind }) => kind === 'reversed').length,
    unmarked: repeats.filter(({ isMarkedRepeat }) => !isMarkedRepeat).length,
  };
}

const popKinds = async ({ de4 }: TerminalMessage) =>
  (await house.pop.ledger()).rows.filter(({ amount }) => amount === Number(de4)).map(({ kind }) => kind);

/** Everything that undoes something is done; proofs that stand are still being followed. */
async function followedUp(): Promise<void> {
  const text = `select count(*)::int as n from graphile_worker._private_jobs j
    join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier <> 'complete-pop@pop'`;
  await waitUntil(async () => (await admin.query<{ n: number }>(text)).rows[0]?.n === 0, 30_000);
  expect((await admin.query('select reason from switch.parked_follow_up')).rows).toEqual([]);
}

/** What the peers hold of a purchase whose terminal hears `code`: all of it, or nothing. */
async function expectAgreement(message: TerminalMessage, code: '00' | '91'): Promise<void> {
  expect(await repeat(message)).toMatchObject({ de39: code });
  await followedUp();
  const kinds = await visaKinds(message);
  const count = (kind: string) => kinds.filter((each) => each === kind).length;
  if (code === '00') {
    expect(kinds).toEqual(['authorised']);
    expect(await popKinds(message)).toEqual(['initiated']);
  } else {
    expect(count('authorised')).toBeLessThanOrEqual(1);
    expect(count('reversed')).toBe(count('authorised'));
    expect((await popKinds(message)).at(-1) ?? 'cancelled').toBe('cancelled');
  }
  expect(await repeat(message)).toMatchObject({ de39: code });
}

describe('the switch killed with kill -9', () => {
  const crash = async (at: string) => {
    await house.startSwitch({ CRASH_AT: at });
    const message = ownPurchase();
    const raw = await send(message);
    await raw.closed;
    await house.switchDied();
    return message;
  };

  it('before the intention is in the journal: no effect, and the repeat is served as if it were the first', async () => {
    const message = await crash('admitted');
    await house.startSwitch();
    expect(await visaKinds(message)).toEqual([]);
    await expectAgreement(message, '00');
  });

  it('after the intention, before a leg opens: closed as never sent', async () => {
    const message = await crash('intended');
    await house.startSwitch();
    await expectAgreement(message, '91');
    expect(await visaKinds(message)).toEqual(['reversal-remembered']);
  });

  it.each([
    ['before a byte of it leaves', 'intended', '91', 10_000],
    ['once the network has answered it', 'network-answered', '91', 10_000],
    ['once it is decided', 'decided', '00', 15_000],
  ])(
    'while a pre-authorisation is added to, %s: the network holds what the terminal hears',
    async (_, at, code, amount) => {
      await house.startSwitch();
      const hold = purchase({ de25: '06', de4: '000000010000' });
      const { de37 = '', de38 = '' } = await ask(house.ports().iso87, hold);
      await house.startSwitch({ CRASH_AT: at });
      const increment = purchase({ de25: '06', de4: '000000005000', de37, de38 });
      const raw = await send(increment);
      await raw.closed;
      await house.switchDied();
      await house.startSwitch();
      await waitUntil(async () => (await repeat(increment).catch(() => undefined))?.de39 === code);
      await followedUp();
      const { rows } = await house.visa.ledger({ rrn: de37 });
      expect(rows.reduce((sum, { moves }) => sum + (moves?.held ?? 0), 0)).toBe(amount);
      const complete = (minorUnits: number) => {
        const de4 = String(minorUnits).padStart(12, '0');
        return ask(house.ports().iso87, purchase({ mti: '0220', de25: '06', de37, de38, de4 }));
      };
      expect(await complete(amount + 1)).toMatchObject({ de39: '13' });
      expect(await complete(amount)).toMatchObject({ de39: '00' });
      const isInitiated = ({ amount: witnessed }: { amount: number }) => witnessed === amount;
      await waitUntil(async () => (await house.pop.ledger()).rows.some(isInitiated));
    },
    60_000,
  );

  it.each([
    ['between the network leg and the PoP leg', 'between-legs'],
    ['with both legs opened', 'forked'],
    ['with both legs answered, before the decision', 'joined'],
  ])('%s: both are undone', async (_, at) => {
    const message = await crash(at);
    await house.startSwitch();
    await expectAgreement(message, '91');
  });

  it('with the request at the network, before its answer: reversed, once', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'late', ms: 700 } });
    const message = ownPurchase();
    await send(message);
    await waitUntil(async () => (await visaKinds(message)).includes('authorised'));
    await house.killSwitch();
    await house.startSwitch();
    await expectAgreement(message, '91');
    expect(await visaKinds(message)).toEqual(['authorised', 'reversed']);
  });

  it('with the network approved and the PoP call under way: reversed, and the proof cancelled', async () => {
    await house.pop.script({ on: 'initiate', next: 1, scenario: { action: 'late', ms: 700 } });
    const message = await crash('network-answered');
    await house.startSwitch();
    await expectAgreement(message, '91');
    expect(await visaKinds(message)).toEqual(['authorised', 'reversed']);
    expect(await popKinds(message)).toEqual(['initiated', 'cancelled']);
  });

  it.each(['decided', 'replied'])('once the decision is durable (%s): it stands', async (at) => {
    const message = await crash(at);
    await house.startSwitch();
    await expectAgreement(message, '00');
  });
});

describe('the worker killed with kill -9 while it follows up', () => {
  const silent = async (purchases: number) => {
    await house.visa.script({ next: purchases, scenario: { action: 'silence' } });
    return Array.from({ length: purchases }, ownPurchase);
  };

  it('with a reversal at the network, before its answer: sent again as a repeat, one effect', async () => {
    const [message] = await silent(1);
    if (!message) throw new Error('there is one');
    await house.visa.script({ on: 'reversal', next: 1, scenario: { action: 'late', ms: 900 } });
    expect(await ask(house.ports().iso87, message)).toMatchObject({ de39: '91' });
    await waitUntil(async () => (await visaKinds(message)).includes('reversed'));
    await house.killWorker();
    await house.startWorker();
    await expectAgreement(message, '91');
  });

  it('on the acknowledgement of a reversal: one effect', async () => {
    await house.startWorker({ CRASH_AT: 'reversal-acknowledged' });
    const [message] = await silent(1);
    if (!message) throw new Error('there is one');
    await send(message);
    await house.workerDied();
    await house.startWorker();
    await expectAgreement(message, '91');
  });

  it('in the middle of a drain: it resumes, and each is reversed once', async () => {
    await house.startWorker({ CRASH_AT: 'reversal-acknowledged:4' });
    const messages = await silent(12);
    await Promise.all(messages.map(send));
    await house.workerDied();
    await house.startWorker();
    for (const message of messages) await expectAgreement(message, '91');
  });

  it('again and again, whatever it is at: in the end everything is closed', async () => {
    await house.startSwitch({ CRASH_AT: 'network-answered:6' });
    const messages = Array.from({ length: 12 }, ownPurchase);
    await Promise.all(messages.map(send));
    await house.switchDied();
    await house.crashLoop([200, 200, 200, 200, 400, 600, 800, 1_000, 1_200]);
    await house.startSwitch();
    await house.startWorker();
    for (const message of messages) {
      const { de39 } = await repeat(message);
      await expectAgreement(message, de39 === '00' ? '00' : '91');
    }
    expect(await ask(house.ports().iso87, ownPurchase())).toMatchObject({ de39: '00' });
  }, 60_000);
});

describe('a node without a worker', () => {
  it('authorises as before and says what waits; the next worker follows it up', async () => {
    await house.stopWorker();
    await house.visa.script({ next: 1, scenario: { action: 'silence' } });
    const [approved, undone] = [ownPurchase(), ownPurchase()];
    expect(await ask(house.ports().iso87, undone)).toMatchObject({ de39: '91' });
    expect(await ask(house.ports().iso87, approved)).toMatchObject({ de39: '00' });
    await waitUntil(async () => {
      const { followUps } = await house.switchStatus();
      return followUps?.workers.length === 0 && followUps.oldestDueMs > 1_000;
    });
    expect(house.switchLog()).toContain('follow-up.waits');
    expect(await visaKinds(undone)).toEqual(['authorised']);

    await house.startWorker();
    await expectAgreement(undone, '91');
    await waitUntil(async () => (await house.switchStatus()).followUps?.workers.length === 1);
    expect((await house.switchStatus()).followUps).toMatchObject({ workers: [{ name: 'node-1.worker' }] });
  });

  it('and a worker without a node goes on with what is queued', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'silence' } });
    await house.visa.script({ on: 'reversal', next: 2, scenario: { action: 'silence', lost: 'request' } });
    const message = ownPurchase();
    expect(await ask(house.ports().iso87, message)).toMatchObject({ de39: '91' });
    await house.killSwitch();
    await followedUp();
    expect(await reversals(message)).toEqual({ effects: 1, unmarked: 0 });
    await house.startSwitch();
  });
});

describe('two processes of one node', () => {
  it('the later one has the queue and the journal; the earlier one gives way', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'silence' } });
    await house.visa.script({ on: 'reversal', next: 2, scenario: { action: 'silence', lost: 'request' } });
    const message = ownPurchase();
    expect(await ask(house.ports().iso87, message)).toMatchObject({ de39: '91' });
    const twin = await house.addTwin();
    await Promise.all([house.switchDied(), house.workerDied()]);
    expect(house.switchLog()).toContain('switch.fenced');
    expect(house.workerLog()).toContain('worker.fenced');
    await followedUp();
    // The earlier worker may have sent it once more before it ended, and its answer is lost with it: one effect all the
    // same, and what comes after the first says that it is a repeat.
    expect(await reversals(message)).toEqual({ effects: 1, unmarked: 0 });
    expect(await ask(twin.ports().iso87, ownPurchase())).toMatchObject({ de39: '00' });
    await twin.stop();
    await house.startSwitch();
    await house.startWorker();
  }, 60_000); // the earlier one may take the reversal once more before it ends: then its lease has to run out
});
