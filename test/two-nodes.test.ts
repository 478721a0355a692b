import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Pan } from '../messages/index.ts';
import type { BacktestReport } from '../switch/fraud/backtest.ts';
import { ruleOf } from '../switch/fraud/testing.ts';
import type { TerminalMessage } from '../switch/requests/terminal-message.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, connectRaw, frame, purchase, type RawTerminal, sealed } from './support/raw-terminal.ts';
import type { SwitchNode } from './support/switch-node.ts';
import { waitUntil } from './support/wait-until.ts';

const LEASE_MS = 4_000;
const TAKE_OVER_EVERY_MS = 300;
/** What a timer may be late by on a busy machine. Another lease, or looks that are a lease apart, would be later. */
const LATE_BY_MS = 2_000;
/** After this silence of a worker others take its follow-ups. */
const FOLLOW_UP_LEASE_MS = 15_000;

/** Rules of fraud are about cards that no other test here has. */
const scope = { ranges: [{ from: '411111', to: '411111' }] };
const OFTEN = ruleOf(
  { check: 'velocity', by: ['card'], of: 'asked', withinMs: 3_600_000, moreThan: 3 },
  { id: 'OFTEN', scope },
);
const BIG = ruleOf(
  { check: 'amount', currency: '978', moreThanMinorUnits: 90_000 },
  { id: 'BIG', action: 'review', scope },
);

let house: House;
let other: SwitchNode;

beforeAll(async () => {
  house = await startHouse({
    settings: (settings) => ({
      ...settings,
      deadlineMs: 1_000,
      fraud: { mode: 'enforce', rules: [OFTEN, BIG] },
      journal: {
        ...settings.journal,
        appendDeadlineMs: 500,
        leaseMs: LEASE_MS,
        takeOverEveryMs: TAKE_OVER_EVERY_MS,
      },
    }),
  });
  other = await house.addNode('node-2');
});
beforeEach(async () => {
  await Promise.all([house.ensureUp(), other.ensureUp()]);
});
afterEach(async () => {
  await Promise.all([house.visa.reset(), house.pop.reset()]);
});
afterAll(() => house?.close());

const visaKinds = async (stan: string | undefined) =>
  (await house.visa.ledger({ stan: stan ?? '' })).rows.map(({ kind }) => kind);

async function networkReversed(stan: string | undefined): Promise<void> {
  await waitUntil(async () => (await visaKinds(stan)).includes('reversed'));
}

async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: house.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/**
 * How long after the end of its lease a node's last one was taken over, by the clock of the database: what the machine
 * needs for the work itself, before and after, is no part of it. Whoever takes over has to have been steady for as
 * long as that lease.
 */
async function takenOverAfterMs(node: string): Promise<number> {
  const [row] = await query<{ ms: number }>(
    `select extract(epoch from dead.ended_at - greatest(dead.expires_at, taker.steady_since
        + dead.lease_ms * interval '1 millisecond'))::double precision * 1000 as ms
      from switch.lease dead, switch.lease taker
      where dead.node = $1 and dead.ended_at is not null and taker.node = 'node-2' and taker.ended_at is null
      order by dead.epoch desc limit 1`,
    [node],
  );
  return row?.ms ?? Number.NaN;
}

describe('two nodes on one database', () => {
  it('both serve; a repeat at the other node gets the stored answer', async () => {
    const message = purchase();
    const reply = await ask(house.ports().iso87, message);
    expect(reply).toMatchObject({ de39: '00' });
    const repeat = await ask(other.ports().iso87, { ...message, mti: '0101' });
    expect(repeat).toMatchObject({ de39: '00', de38: reply.de38 });
    expect(await visaKinds(message.de11)).toEqual(['authorised']);
  });

  it('one killed with the network approved: the other reverses while it stays down, once', async () => {
    await house.startSwitch({ CRASH_AT: 'network-answered' });
    const message = purchase();
    const raw = await connectRaw(house.ports().iso87);
    raw.send(frame(sealed(message)));
    await raw.closed;
    await house.switchDied();
    await waitUntil(async () => (await visaKinds(message.de11)).includes('authorised'));

    await networkReversed(message.de11);
    expect(await takenOverAfterMs('node-1')).toBeLessThan(TAKE_OVER_EVERY_MS * 1.2 + LATE_BY_MS);
    expect(await ask(other.ports().iso87, purchase())).toMatchObject({ de39: '00' });
    expect(await ask(other.ports().iso87, { ...message, mti: '0101' })).toMatchObject({ de39: '91' });

    await house.startSwitch();
    expect(await ask(house.ports().iso87, purchase())).toMatchObject({ de39: '00' });
    expect(await visaKinds(message.de11)).toEqual(['authorised', 'reversed']);
  });

  it('one paused past its lease cannot decide when it goes on: nothing is approved, and it exits', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'late', ms: 600 } });
    const message = purchase();
    const raw = await connectRaw(house.ports().iso87);
    raw.send(frame(sealed(message)));
    await waitUntil(async () => (await visaKinds(message.de11)).length > 0);
    process.kill(house.switchPid(), 'SIGSTOP');
    try {
      await networkReversed(message.de11);
    } finally {
      process.kill(house.switchPid(), 'SIGCONT');
    }
    await expect(raw.receive()).rejects.toThrow('closed without an answer');
    await house.switchDied();
    expect(house.switchLog()).toContain('switch.fenced');
    expect(await visaKinds(message.de11)).toEqual(['authorised', 'reversed']);

    await house.startSwitch();
    expect(await ask(house.ports().iso87, { ...message, mti: '0101' })).toMatchObject({ de39: '91' });
    expect(await ask(house.ports().iso87, purchase())).toMatchObject({ de39: '00' });
  });

  it('a worker paused in the middle of a reversal: the other sends it again, marked; the paused one gives way', async () => {
    await other.stopWorker();
    await house.visa.script({ next: 1, scenario: { action: 'silence' } });
    await house.visa.script({ on: 'reversal', next: 1, scenario: { action: 'silence' } });
    const message = purchase();
    expect(await ask(house.ports().iso87, message)).toMatchObject({ de39: '91' });
    await networkReversed(message.de11);
    process.kill(house.workerPid(), 'SIGSTOP');
    try {
      await other.startWorker();
      const isRepeated = async () => (await visaKinds(message.de11)).includes('reversal-repeated');
      await waitUntil(isRepeated, FOLLOW_UP_LEASE_MS * 2);
    } finally {
      process.kill(house.workerPid(), 'SIGCONT');
    }
    await house.workerDied();
    expect(house.workerLog()).toContain('worker.fenced');
    const { rows } = await house.visa.ledger({ stan: message.de11 ?? '' });
    expect(rows.map(({ kind }) => kind)).toEqual(['authorised', 'reversed', 'reversal-repeated']);
    expect(rows.at(-1)?.isMarkedRepeat).toBe(true);
    await house.startWorker();
  }, 60_000);

  it('workers asked to stop under load leave nothing half done: the rest is followed up by the next', async () => {
    await house.visa.script({ next: 12, scenario: { action: 'silence' } });
    const messages = Array.from({ length: 12 }, () => purchase());
    await Promise.all(messages.map((message) => ask(house.ports().iso87, message)));
    await Promise.all([house.stopWorker(), other.stopWorker()]);
    expect(await query("select from switch.lease where node like '%.worker' and ended_at is null")).toEqual(
      [],
    );
    expect(await query('select from switch.follow_up_worker')).toEqual([]);
    await Promise.all([house.startWorker(), other.startWorker()]);
    for (const { de11 } of messages) await networkReversed(de11);
    // A worker whose grace is over goes without the answers it waits for; the next sends again, marked as a repeat.
    for (const { de11 } of messages) {
      const kinds = await visaKinds(de11);
      expect(kinds.filter((kind) => kind !== 'reversal-repeated')).toEqual(['authorised', 'reversed']);
    }
  }, 60_000);

  it('one asked to stop under load answers what it took; the rest is served by the other, all once', async () => {
    const before = other.switchLog().length;
    let isOver = false;
    const terminals = Array.from({ length: 8 }, async () => {
      const told: TerminalMessage[] = [];
      let raw = await connectRaw(house.ports().iso87);
      while (!isOver) {
        const message = purchase();
        let reply = await tell(raw, message);
        if (!reply) {
          raw = await connectRaw(other.ports().iso87);
          reply = await tell(raw, { ...message, mti: '0101' });
        }
        if (!reply || reply.de11 !== message.de11) return [];
        told.push(reply);
      }
      raw.close();
      return told;
    });
    const answeredBy = async (node: string) => {
      const text =
        "select count(*)::int as n from switch.journal join switch.lease using (epoch) where node = $1 and kind = 'decided'";
      return (await query<{ n: number }>(text, [node]))[0]?.n ?? 0;
    };
    const [one, two] = [await answeredBy('node-1'), await answeredBy('node-2')];
    await waitUntil(async () => (await answeredBy('node-1')) > one + 50);
    await house.stopSwitch();
    await waitUntil(async () => (await answeredBy('node-2')) > two + 50);
    isOver = true;

    const told = await Promise.all(terminals);
    for (const replies of told) expect(replies).not.toEqual([]); // every terminal heard an answer to each of its own
    for (const { de11, de39 } of told.flat()) {
      if (de39 === '00') expect(await visaKinds(de11)).toEqual(['authorised']);
      // A busy machine refuses for load (96), or answers that it does not know (91): then nothing of it stands.
      else await standsNot(de11);
    }
    expect(told.flat().filter(({ de39 }) => de39 === '00').length).toBeGreaterThan(50);
    expect(other.switchLog().slice(before)).not.toContain('recover.closed');
    expect(await query("select from switch.lease where node = 'node-1' and ended_at is null")).toEqual([]);
    await house.startSwitch();
  });
});

async function standsNot(stan: string | undefined): Promise<void> {
  await waitUntil(async () =>
    ['reversed', 'reversal-repeated', 'reversal-remembered', undefined].includes(
      (await visaKinds(stan)).at(-1),
    ),
  );
}

/** The reply, or nothing where the connection closed without one. */
async function tell(raw: RawTerminal, message: TerminalMessage): Promise<TerminalMessage | undefined> {
  raw.send(frame(sealed(message)));
  return raw.receive().catch((error: Error) => {
    if (error.message.includes('closed without an answer')) return undefined;
    throw error;
  });
}

describe('rules of fraud at two nodes', () => {
  const suspect = (overrides: Partial<TerminalMessage> = {}) =>
    purchase({ de2: Pan.of('4111111111111111'), ...overrides });
  const said = async (node: SwitchNode) => (await node.switchStatus()).fraud;

  it('block a card by what it did at both of them, and after a start of one', async () => {
    const [here, there] = [house.ports().iso87, other.ports().iso87];
    const known = (await said(other))?.journal.entries ?? 0;
    for (const port of [here, there, here]) {
      expect(await ask(port, suspect())).toMatchObject({ de39: '00' });
    }
    await waitUntil(async () => ((await said(other))?.journal.entries ?? 0) >= known + 4);
    const blocked = suspect();
    expect(await ask(there, blocked)).toMatchObject({ de39: '59' });
    expect(await ask(there, { ...blocked, mti: '0101' })).toMatchObject({ de39: '59' });
    expect(await visaKinds(blocked.de11)).toEqual([]);

    await house.stopSwitch();
    await house.startSwitch();
    await waitUntil(async () => (await said(house))?.journal.isBehind === false);
    expect(await ask(here, suspect())).toMatchObject({ de39: '59' });
    expect(await said(house)).toMatchObject({ mode: 'enforce', did: { block: 1 }, fired: { OFTEN: 1 } });
  });

  it('open a case for what somebody is to look at', async () => {
    const big = suspect({ de2: Pan.of('4111111111111129'), de4: '000000100000' });
    expect(await ask(house.ports().iso87, big)).toMatchObject({ de39: '00' });
    const cases = "select kind from switch.recon_case where kind = 'fraud-review'";
    await waitUntil(async () => (await query(cases)).length === 1);
  });

  it('are tested against the past from the command line', async () => {
    const rules = join(house.dataDir, 'rules.json');
    const strict = { ...OFTEN, id: 'STRICT', checks: [{ ...OFTEN.checks[0], moreThan: 1 }] };
    writeFileSync(rules, JSON.stringify({ mode: 'monitor', rules: [strict] }));
    const options = ['--since', '1h', '--rules', rules, '--json'];
    const command = ['deploy/cli/etika-switch.js', 'fraud', 'backtest', ...options];
    const env = { ...process.env, DATABASE_URL: house.databaseUrl, DATA_DIR: house.dataDir };
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });

    // Of five payments of that card three were approved, and two blocked; its first is nothing to suspect.
    const report = JSON.parse(stdout) as BacktestReport;
    expect(report.rules).toMatchObject([{ id: 'STRICT', payments: 4, approved: 2 }]);
    expect(report.would.block).toMatchObject({ payments: 4, approvedMinorUnits: { '978': 5_000 } });
  });
});
