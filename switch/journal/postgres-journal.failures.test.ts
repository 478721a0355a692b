import { describe, expect, test, vi } from 'vitest';
import { type Log, silentLog, systemClock } from '../../runtime/index.ts';
import {
  admin,
  count,
  database,
  decided,
  intended,
  jobs,
  newTransaction,
  openJournal,
  openJournals,
  openThroughProxy,
  useFreshDatabase,
} from './testing.ts';

useFreshDatabase();

describe('leases', () => {
  test('a second process of the same name fences the first', async () => {
    const first = await openJournal('a');
    const second = await openJournal('a');
    await expect(first.append(intended(newTransaction()))).rejects.toMatchObject({
      code: 'SW_JOURNAL_FENCED',
      committed: 'no',
    });
    expect(await second.append(intended(newTransaction()))).toEqual({ status: 'appended' });
    expect(second.epoch).toBeGreaterThan(first.epoch);
  });

  test('what an earlier epoch left undecided is found, and nothing else', async () => {
    const first = await openJournal('a');
    const [left, done, declined] = [newTransaction(), newTransaction(), newTransaction()];
    await Promise.all([left, done].map((transaction) => first.append(intended(transaction))));
    await first.append(decided(done));
    await first.append({ ...intended(declined), kind: 'declined' });
    expect(await first.undecided()).toEqual([]);
    const second = await openJournal('a');
    expect(await second.undecided()).toEqual([left]);
    expect(await second.append(decided(left))).toEqual({ status: 'appended' });
    expect(await second.undecided()).toEqual([]);
    const { rows } = await admin.query('select from switch.lease where settled_at is not null');
    expect(rows).toHaveLength(1);
  });

  test('another node takes over once a lease has expired, and the silent node is fenced', async () => {
    const other = await openJournal('other');
    const silent = await openJournal('silent', { leaseMs: 1_000, renewEveryMs: 3_600_000 });
    const left = newTransaction();
    await silent.append(intended(left));
    expect(await other.undecided()).toEqual([]);
    await vi.waitFor(async () => expect(await other.undecided()).toEqual([left]), { timeout: 5_000 });
    await expect(silent.append(decided(left))).rejects.toMatchObject({ code: 'SW_JOURNAL_FENCED' });
    expect(await jobs()).toBe(0);
  });

  test('a lease that ran out and nobody ended is good again: its node goes on', async () => {
    const silent = await openJournal('silent', { leaseMs: 300, renewEveryMs: 3_600_000 });
    const left = newTransaction();
    await silent.append(intended(left));
    await admin.query('select pg_sleep(0.5)');
    const { rows } = await admin.query('select from switch.lease where expires_at < now()');
    expect(rows).toHaveLength(1);
    expect(await silent.append(decided(left))).toEqual({ status: 'appended' });
    const { rows: good } = await admin.query('select from switch.lease where expires_at > now()');
    expect(good).toHaveLength(1);
  });

  test('a node that has just come up, or back, ends the lease of nobody', async () => {
    const silent = await openJournal('silent', { leaseMs: 1_000, renewEveryMs: 3_600_000 });
    await silent.append(intended(newTransaction()));
    await admin.query('select pg_sleep(1.1)');
    const fresh = await openJournal('fresh', { leaseMs: 1_000, renewEveryMs: 100 });
    expect(await fresh.undecided()).toEqual([]);
    await vi.waitFor(async () => expect(await fresh.undecided()).toHaveLength(1), { timeout: 5_000 });
  });

  test('who is fenced is told once, be it by an append or by the renewal', async () => {
    const told = { a: 0, b: 0 };
    const first = await openJournal('a', { onFenced: () => (told.a += 1) });
    await openJournal('b', { renewEveryMs: 20, onFenced: () => (told.b += 1) });
    await Promise.all([openJournal('a'), openJournal('b')]);
    const appends = [1, 2].map(() => first.append(intended(newTransaction())));
    await Promise.allSettled(appends);
    await vi.waitFor(() => expect(told).toEqual({ a: 1, b: 1 }));
    await expect(first.append(intended(newTransaction()))).rejects.toMatchObject({
      code: 'SW_JOURNAL_FENCED',
    });
    expect(told).toEqual({ a: 1, b: 1 });
  });

  test('a lease that is renewed does not expire', async () => {
    const alive = await openJournal('alive', { leaseMs: 500, renewEveryMs: 50 });
    const left = newTransaction();
    await alive.append(intended(left));
    const { rows } = await admin.query<{ expires_at: Date }>('select expires_at from switch.lease');
    const firstExpiry = rows[0]?.expires_at ?? new Date();
    const other = await openJournal('other');
    await vi.waitFor(async () => {
      const { rows: past } = await admin.query('select where now() > $1', [firstExpiry]);
      expect(past).toHaveLength(1);
    });
    expect(await other.undecided()).toEqual([]);
    expect(await alive.append(decided(left))).toEqual({ status: 'appended' });
  });

  test('the low-water mark stands at the oldest open intention', async () => {
    const journal = await openJournal('a', { renewEveryMs: 20 });
    const lowWater = async () => {
      const { rows } = await admin.query<{ mark: string }>('select low_water as mark from switch.lease');
      return Number(rows[0]?.mark);
    };
    const oldest = newTransaction();
    await journal.append(intended(oldest)); // sequence 1
    for (let i = 0; i < 5; i += 1) {
      const transaction = newTransaction();
      await journal.append(intended(transaction));
      await journal.append(decided(transaction));
    }
    expect(await lowWater()).toBe(1);
    await journal.append(decided(oldest)); // sequence 12
    await vi.waitFor(async () => expect(await lowWater()).toBe(13));
  });

  test('a closed journal takes nothing more, and its intentions are found at once', async () => {
    const closing = await openJournal('a');
    const left = newTransaction();
    const last = closing.append(intended(left));
    await closing.close();
    openJournals.delete(closing);
    expect(await last).toEqual({ status: 'appended' });
    await expect(closing.append(decided(left))).rejects.toMatchObject({ code: 'SW_JOURNAL_CLOSED' });
    expect(await (await openJournal('b')).undecided()).toEqual([left]);
  });
});

describe('when the database fails', () => {
  test('a commit whose answer was lost is found again, not repeated', async () => {
    const { journal, through } = await openThroughProxy();
    const transaction = newTransaction();
    await journal.append(intended(transaction));
    through.loseAnswers();
    const appended = journal.append(decided(transaction));
    await vi.waitFor(async () => expect(await count('switch.journal')).toBe(2));
    through.cut();
    expect(await appended).toEqual({ status: 'appended' });
    expect(await count('switch.journal')).toBe(2);
    expect(await jobs()).toBe(1);
  });

  test('a request that never arrived is sent again', async () => {
    const { journal, through } = await openThroughProxy();
    through.loseRequests();
    const appended = journal.append(intended(newTransaction()));
    await vi.waitFor(() => expect(through.lost()).toBeGreaterThan(0));
    through.cut();
    expect(await appended).toEqual({ status: 'appended' });
    expect(await count('switch.journal')).toBe(1);
  });

  test('a flush that is still at work when its connection is lost is not repeated', async () => {
    const { journal, through } = await openThroughProxy();
    await admin.query('begin');
    await admin.query('lock table switch.lease in exclusive mode'); // the flush gets as far as the server, and waits
    const appended = journal.append(intended(newTransaction()));
    await vi.waitFor(async () => {
      const { rows } = await admin.query(
        "select from pg_locks where not granted and mode <> 'ExclusiveLock'",
      );
      expect(rows).not.toHaveLength(0);
    });
    through.cut();
    await admin.query('commit');
    expect(await appended).toEqual({ status: 'appended' });
    expect(await count('switch.journal')).toBe(1);
  });

  test('a flush of an older connection that arrives late is refused', async () => {
    const journal = await openJournal('a');
    await admin.query('select switch.attach_writer($1, $2)', [journal.epoch, []]); // what a reconnection does
    const late = admin.query('select switch.append($1, 1, $2, $3, $3)', [
      journal.epoch,
      [newTransaction(), 1, 1, 0, 'intended', '{}', '', ''].join('\u001f'),
      '',
    ]);
    await expect(late).rejects.toMatchObject({ code: 'SWFEN' });
    expect(await count('switch.journal')).toBe(0);
  });

  test('silence after sending ends as unknown at the deadline; what was never sent, as no', async () => {
    const { journal, through } = await openThroughProxy({ appendDeadlineMs: 300 });
    through.loseAnswers();
    const sent = journal.append(intended(newTransaction()));
    const sentFails = expect(sent).rejects.toMatchObject({
      code: 'SW_JOURNAL_UNAVAILABLE',
      committed: 'unknown',
    });
    await vi.waitFor(async () => expect(await count('switch.journal')).toBe(1));
    through.refuse();
    const waiting = journal.append(intended(newTransaction()));
    const waitingFails = expect(waiting).rejects.toMatchObject({
      code: 'SW_JOURNAL_UNAVAILABLE',
      committed: 'no',
    });
    await Promise.all([sentFails, waitingFails]);
    through.restore();
    const retry = () => journal.append(intended(newTransaction()));
    await vi.waitFor(async () => expect(await retry()).toEqual({ status: 'appended' }), { timeout: 10_000 });
  });

  describe('while the server is merely slow', () => {
    /** Nothing can be committed until the lease is let go. */
    async function held(work: () => Promise<void>): Promise<void> {
      await admin.query('begin');
      await admin.query('lock table switch.lease in exclusive mode');
      await work();
      await admin.query('commit');
    }

    async function opened() {
      const events: string[] = [];
      const note = (record: { event: string }) => void events.push(record.event);
      const log: Log = { ...silentLog, info: note, warn: note, error: note };
      const journal = await openJournal('a', { appendDeadlineMs: 400, log });
      await journal.append(intended(newTransaction()));
      events.length = 0;
      return { journal, events };
    }

    test('its connection is kept: what outlasts its callers is committed, what still waited is not sent', async () => {
      const { journal, events } = await opened();
      await held(async () => {
        const slow = journal.append(intended(newTransaction()));
        const sent = expect(slow).rejects.toMatchObject({
          code: 'SW_JOURNAL_UNAVAILABLE',
          committed: 'unknown',
        });
        await new Promise((resolve) => setImmediate(resolve));
        const waiting = journal.append(intended(newTransaction()));
        const dropped = expect(waiting).rejects.toMatchObject({
          code: 'SW_JOURNAL_UNAVAILABLE',
          committed: 'no',
        });
        await Promise.all([sent, dropped]);
      });
      expect(await journal.append(intended(newTransaction()))).toEqual({ status: 'appended' });
      expect(await count('switch.journal')).toBe(3);
      expect(events).toEqual([]);
    });

    test('a statement that the server ends for its length is not repeated for those who gave up', async () => {
      const { journal, events } = await opened();
      await held(async () => {
        await expect(journal.append(intended(newTransaction()))).rejects.toMatchObject({
          committed: 'unknown',
        });
        await vi.waitFor(() => expect(events).toContain('journal.flush-failed'), 5_000);
      });
      expect(await journal.append(intended(newTransaction()))).toEqual({ status: 'appended' });
      expect(await count('switch.journal')).toBe(2);
      // Renewals and days meet the same lock where this takes long, and tell of themselves.
      expect(events.filter((event) => event === 'journal.flush-failed')).toHaveLength(1);
    });
  });

  test("the caller's deadline holds where it is earlier", async () => {
    const { journal, through } = await openThroughProxy();
    through.refuse();
    const failure = { code: 'SW_JOURNAL_UNAVAILABLE' };
    const now = systemClock.monotonic();
    await expect(journal.append(intended(newTransaction()), now)).rejects.toMatchObject(failure);
    const patient = journal.append(intended(newTransaction()));
    await expect(journal.append(intended(newTransaction()), now + 150)).rejects.toMatchObject(failure);
    expect(systemClock.monotonic() - now).toBeLessThan(2_000);
    through.restore();
    await expect(patient).resolves.toEqual({ status: 'appended' });
  });

  test('too many waiting entries are refused at once', async () => {
    const { journal, through } = await openThroughProxy({ maxWaiting: 10, appendDeadlineMs: 400 });
    through.refuse();
    const attempts = Array.from({ length: 12 }, () => journal.append(intended(newTransaction())));
    const outcomes = await Promise.allSettled(attempts);
    const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
    expect(codes.filter((code) => code === 'SW_JOURNAL_FULL')).toHaveLength(2);
    expect(codes.filter((code) => code === 'SW_JOURNAL_UNAVAILABLE')).toHaveLength(10);
  });

  test('a session that the server ended is replaced', async () => {
    const journal = await openJournal('a');
    await journal.append(intended(newTransaction()));
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'etika-journal' and datname = current_database()`,
    );
    expect(await journal.append(intended(newTransaction()))).toEqual({ status: 'appended' });
  });

  test('a database that may lose commits is refused', async () => {
    await admin.query(
      `alter database ${new URL(database.url).pathname.slice(1)} set synchronous_commit = off`,
    );
    await expect(openJournal('a')).rejects.toMatchObject({ code: 'SW_JOURNAL_NOT_DURABLE' });
  });
});
