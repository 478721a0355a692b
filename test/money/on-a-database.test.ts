import { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { startFollowUpWorker } from '../../switch/follow-up/queue.ts';
import { ParkedFollowUps } from '../../switch/follow-up/queue-parked.ts';
import { createJournal, type PostgresJournal } from '../../switch/journal/postgres-journal.ts';
import { PostgresKeyRecords } from '../../switch/keys/postgres-key-records.ts';
import { ProjectionReader } from '../../switch/projection/projection-reader.ts';
import { journalTransaction, testJournal, testProjector } from '../../switch/projection/testing.ts';
import { Allowances } from '../../switch/stand-in/allowances.ts';
import { freshDatabase } from '../support/postgres.ts';
import { played } from './core-cases.ts';

// What only a real database shows: many nodes, many writers to one key, and connections that stay away for a while.

type Closing = () => Promise<unknown>;

/** Plays on a database of its own; whatever was opened is closed behind it, the last first. */
async function onDatabase<T>(
  play: (url: string, closing: (close: Closing) => void) => Promise<T>,
): Promise<T> {
  const database = await freshDatabase();
  const closings: Closing[] = [() => database.drop()];
  try {
    return await play(database.url, (close) => closings.unshift(close));
  } finally {
    for (const close of closings) await close();
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => systemClock.after(ms, resolve));
const newId = () => timeOrderedUuid(systemClock, systemRandom);

describe('the projection that settlement counts by', () => {
  const reached = played(() =>
    onDatabase(async (url, closing) => {
      const nodes: PostgresJournal[] = [];
      for (let n = 1; n <= 17; n += 1) {
        const node = await testJournal(url, `node-${n}`);
        closing(() => node.close());
        nodes.push(node);
      }
      const around = { databaseUrl: url, clock: systemClock, log: silentLog };
      const reader = new ProjectionReader({ ...around, readDeadlineMs: 5_000 });
      const projector = testProjector(url);
      closing(() => Promise.all([projector.stop(), reader.close()]));

      const isReachedAfter = async (node: PostgresJournal | undefined, ms: number) => {
        if (node) await journalTransaction(node);
        return reader.reach(systemClock.monotonic() + ms);
      };
      return {
        sixteenth: await isReachedAfter(nodes[15], 5_000),
        last: await isReachedAfter(nodes[16], 2_500),
      };
    }),
  );

  it('reads what sixteen nodes write', () => {
    expect(reached().sixteenth).toBe(true);
  });

  it('reads what a seventeenth writes', () => {
    expect(reached().last).toBe(true);
  });
});

describe('a hundred stand-ins of one merchant in the same moment', () => {
  const taken = played(() =>
    onDatabase(async (url, closing) => {
      const limits = { maxWaiting: 16_384, appendDeadlineMs: 800, leaseMs: 10_000, onFenced() {} };
      const around = { clock: systemClock, log: silentLog };
      const journal = await createJournal({ databaseUrl: url, node: 'n1', ...around, ...limits });
      closing(() => journal.close());
      const allowances = new Allowances({ journal, clock: systemClock, random: systemRandom });
      const limit = { count: 10_000, minorUnits: 1_000_000_000 };
      const deadline = systemClock.monotonic() + 1_750;
      const takes = Array.from({ length: 100 }, (_, n) =>
        allowances.take(
          newId(),
          2_500,
          [
            { key: `stand-in|card|${n}|20261129|978`, limit },
            { key: 'stand-in|merchant|M|20261129|978', limit },
          ],
          deadline,
        ),
      );
      const results = await Promise.allSettled(takes);
      return results.filter(({ status }) => status === 'fulfilled').length;
    }),
  );

  it('are all counted before their deadline', () => {
    expect(taken()).toBe(100);
  });
});

describe('a change of keys that is committed behind a later one', () => {
  const seen = played(() =>
    onDatabase(async (url, closing) => {
      const records = new PostgresKeyRecords(url, 'node-1', { clock: systemClock, log: silentLog });
      closing(() => records.close());
      const [slow, quick] = [1, 2].map(
        () => new Client({ connectionString: url, options: '-c role=etika_switch' }),
      );
      if (!slow || !quick) throw new Error('two connections');
      await Promise.all([slow.connect(), quick.connect()]);
      closing(() => Promise.all([slow.end(), quick.end()]));

      const change = `insert into switch.key_change (at, node, owner, generation, state, keys)
        values (now(), 'n2', $1, 1, 'active', '{}')`;
      await slow.query('begin');
      await slow.query(change, ['network/visa']);
      await quick.query(change, ['terminal/TERM0001']);
      const first = await records.changedSince(0);
      await slow.query('commit');
      const second = await records.changedSince(first.position);
      return [...first.owners, ...second.owners];
    }),
  );

  it('does not hide the later one', () => {
    expect(seen()).toContain('terminal/TERM0001');
  });

  it('is seen', () => {
    expect(seen()).toContain('network/visa');
  });
});

describe('a reversal that was tried sixty times while the network was away', () => {
  const tried = played(() =>
    onDatabase(async (url, closing) => {
      const journal = await testJournal(url);
      const parked = new ParkedFollowUps(url, silentLog);
      closing(() => Promise.all([journal.close(), parked.close()]));
      let calls = 0;
      const reverse = async () => {
        calls += 1;
        if (calls === 1) throw new Error('HSM_BUSY');
        return { done: true } as const;
      };
      const lanes = { lanes: ['network/visa'], tasks: { 'reverse-network': reverse } };
      const around = { databaseUrl: url, node: 'node-1', clock: systemClock, log: silentLog };
      const worker = await startFollowUpWorker({ ...around, ...lanes, concurrency: 2, pollMs: 50 });
      closing(() => worker.stop());

      const transaction = newId();
      const followUps = [{ task: 'reverse-network', lane: 'network/visa', transaction, attempt: 60 }];
      await journal.append({ transaction, version: 1, kind: 'decided', body: {}, followUps });
      await vi.waitFor(async () => expect(calls + (await parked.list()).length).toBe(2), 10_000);
      return { calls, parked: (await parked.list()).length };
    }),
  );

  it('is begun', () => {
    expect(tried().calls).toBeGreaterThan(0);
  });

  it('is not parked by its first exception', () => {
    expect(tried()).toEqual({ calls: 2, parked: 0 });
  });
});

describe('a database that is away for longer than the lease', () => {
  const fenced = played(() =>
    onDatabase(async (url, closing) => {
      const lost: string[] = [];
      const limits = { maxWaiting: 1_000, appendDeadlineMs: 800, leaseMs: 600, renewEveryMs: 120 };
      const open = (node: string) =>
        createJournal({
          databaseUrl: url,
          node,
          clock: systemClock,
          log: silentLog,
          ...limits,
          onFenced: () => lost.push(node),
        });
      const nodes = await Promise.all(['a', 'b', 'c', 'd'].map(open));
      closing(() => Promise.allSettled(nodes.map((node) => node.close())));
      const admin = new Client({ connectionString: url });
      await admin.connect();
      closing(() => admin.end());

      await admin.query('begin');
      await admin.query('lock table switch.lease in access exclusive mode');
      const looking = nodes.map(async (node) => {
        for (let look = 0; look < 12; look += 1) {
          await node.undecided().catch(() => {});
          await pause(200);
        }
      });
      await pause(1_500);
      await admin.query('commit');
      await Promise.all(looking);
      return lost;
    }),
  );

  it('fences no node as it comes back', () => {
    expect(fenced()).toEqual([]);
  });
});
