import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { NewEntry, TransactionId } from './journal.ts';
import {
  admin,
  claim,
  decided,
  intended,
  jobs,
  newTransaction,
  openJournal,
  openJournals,
  useFreshDatabase,
} from './testing.ts';

useFreshDatabase();

test('what is appended is read back, oldest first', async () => {
  const journal = await openJournal('a');
  const transaction = newTransaction();
  const before = Date.now();
  expect(await journal.append(intended(transaction, 'key'))).toEqual({ status: 'appended' });
  expect(await journal.append(decided(transaction))).toEqual({ status: 'appended' });
  const history = await journal.history(transaction);
  expect(history).toMatchObject([
    { transaction, version: 1, kind: 'intended', body: { amount: '10.00' }, node: 'a', epoch: journal.epoch },
    { transaction, version: 2, kind: 'decided', body: { reply: '00' } },
  ]);
  expect(history[0]?.at).toBeGreaterThanOrEqual(before);
  expect(history[0]?.at).toBeLessThanOrEqual(Date.now());
  expect(await journal.transactionOf('key')).toEqual({ transaction, fingerprint: `of ${transaction}` });
  expect(await journal.transactionOf('another')).toBeUndefined();
  expect(await journal.history(newTransaction())).toEqual([]);
  expect(await journal.history('no transaction')).toEqual([]);
});

test('the body is stored to the letter', async () => {
  const journal = await openJournal('a');
  const transaction = newTransaction();
  const body = { z: 1, a: 'é "quoted" \\ \u2028 \u0000 \ud800', nested: [{}, null, 0.1], '1': '' };
  await journal.append({ ...intended(transaction), body });
  const { rows } = await admin.query('select body::text as text from switch.journal');
  expect(rows).toEqual([{ text: JSON.stringify(body) }]);
});

test('of many writers of one version on two nodes exactly one wins', async () => {
  const nodes = [await openJournal('a'), await openJournal('b')];
  const transaction = newTransaction();
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => nodes[i % 2]?.append(intended(transaction))),
  );
  expect(results.filter((result) => result?.status === 'appended')).toHaveLength(1);
  expect(results.filter((result) => result?.status === 'superseded')).toHaveLength(39);
});

test('a claimed key names its owner and does not fail its neighbours', async () => {
  const [a, b] = [await openJournal('a'), await openJournal('b')];
  const owner = newTransaction();
  await a.append(intended(owner, 'key'));
  const late = newTransaction();
  const neighbours = Array.from({ length: 20 }, (_, i) => intended(newTransaction(), `other ${i}`));
  const [claimed, ...rest] = await Promise.all(
    [intended(late, 'key'), ...neighbours].map((e) => b.append(e)),
  );
  expect(claimed).toEqual({ status: 'claimed', key: 'key', transaction: owner, fingerprint: `of ${owner}` });
  expect(rest.every(({ status }) => status === 'appended')).toBe(true);
  expect(await a.history(late)).toEqual([]);
});

test('two claims of one key in one flush: the first owns it', async () => {
  const journal = await openJournal('a');
  const [first, second] = [newTransaction(), newTransaction()];
  const answers = await Promise.all([
    journal.append(intended(first, 'key')),
    journal.append(intended(second, 'key')),
  ]);
  expect(answers).toEqual([
    { status: 'appended' },
    { status: 'claimed', key: 'key', transaction: first, fingerprint: `of ${first}` },
  ]);
});

describe('claims', () => {
  test('any version may claim; the first taken key of the entry is told, and nothing of it is written', async () => {
    const journal = await openJournal('a');
    const [owner, late] = [newTransaction(), newTransaction()];
    await journal.append(intended(owner, 'first'));
    await journal.append({ ...decided(owner), claims: [claim('second', owner)] });
    await journal.append(intended(late));
    const claims = ['free', 'second', 'first'].map((key) => claim(key, late));
    expect(await journal.append({ ...decided(late), claims })).toEqual({
      status: 'claimed',
      key: 'second',
      transaction: owner,
      fingerprint: `of ${owner}`,
    });
    expect(await journal.history(late)).toHaveLength(1);
    expect(await journal.transactionOf('free')).toBeUndefined();
    expect(await jobs()).toBe(1);
  });

  test("a transaction's own earlier claim is taken as well", async () => {
    const journal = await openJournal('a');
    const transaction = newTransaction();
    await journal.append(intended(transaction, 'key'));
    const again = { ...decided(transaction), claims: [claim('key', transaction)] };
    expect(await journal.append(again)).toMatchObject({ status: 'claimed', key: 'key', transaction });
    expect(await journal.undecided()).toEqual([]);
    expect(await (await openJournal('a')).undecided()).toEqual([transaction]);
  });

  test('an alias is written where it is free and stays with its first owner otherwise', async () => {
    const journal = await openJournal('a');
    const [first, second] = [newTransaction(), newTransaction()];
    const shared = 'shared|20261129120000';
    const entries = [first, second].map((each) => ({
      ...intended(each, `key of ${each}`),
      claims: [claim(`key of ${each}`, each), claim(shared, each, 'alias')],
    }));
    const answers = await Promise.all(entries.map((each) => journal.append(each)));
    expect(answers).toEqual([{ status: 'appended' }, { status: 'appended' }]);
    expect(await journal.transactionOf(shared)).toMatchObject({ transaction: first });
    const unique = intended(newTransaction(), shared);
    expect(await journal.append(unique)).toMatchObject({ status: 'claimed', transaction: first });
  });

  test('an entry that is superseded leaves no claim behind, beside entries that are claimed or appended', async () => {
    const journal = await openJournal('a');
    const [decidedOne, owner, late, fine] = Array.from({ length: 4 }, newTransaction) as TransactionId[];
    if (!decidedOne || !owner || !late || !fine) throw new Error('there are four');
    await Promise.all([decidedOne, owner, late].map((each) => journal.append(intended(each))));
    await journal.append(decided(decidedOne));
    await journal.append({ ...decided(owner), claims: [claim('taken', owner)] });
    const entries = [
      { ...decided(decidedOne), claims: [claim('x', decidedOne), claim('x alias', decidedOne, 'alias')] },
      { ...decided(late), claims: [claim('y', late), claim('taken', late)] },
      { ...decided(decidedOne), claims: [claim('x', decidedOne), claim('taken', decidedOne)] }, // both at once
      intended(fine, 'y'),
    ];
    const answers = await Promise.all(entries.map((each) => journal.append(each)));
    expect(answers).toMatchObject([
      { status: 'superseded' },
      { status: 'claimed', key: 'taken', transaction: owner },
      { status: 'claimed', key: 'taken', transaction: owner },
      { status: 'appended' },
    ]);
    const keys = await Promise.all(['x', 'x alias', 'y'].map((key) => journal.transactionOf(key)));
    expect(keys.map((each) => each?.transaction)).toEqual([undefined, undefined, fine]);
  });

  test('two nodes that claim the same keys in opposite order both get an answer', async () => {
    const nodes = [await openJournal('a'), await openJournal('b')];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const transaction = newTransaction();
        const keys = i % 2 ? ['p', 'q'] : ['q', 'p'];
        const claims = keys.map((key) => claim(`${key} ${Math.floor(i / 4)}`, transaction));
        return nodes[i % 2]?.append({ ...intended(transaction), claims });
      }),
    );
    expect(answers.filter((each) => each?.status === 'appended')).toHaveLength(10);
    expect(answers.filter((each) => each?.status === 'claimed')).toHaveLength(30);
  });
});

test('follow-ups are committed with their entry, and only if it was appended', async () => {
  const journal = await openJournal('a');
  const transaction = newTransaction();
  await journal.append(intended(transaction));
  const results = await Promise.all([
    journal.append(decided(transaction)),
    journal.append(decided(transaction)),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['appended', 'superseded']);
  const { rows } = await admin.query(`
    select t.identifier as task, j.payload, j.run_at <= now() as due
    from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id`);
  const payload = { transaction, lane: 'pop', attempt: 1, position: expect.any(Number), behind: false };
  expect(rows).toEqual([{ task: 'follow@pop', payload, due: true }]);
});

test.each<[string, Partial<NewEntry>, string]>([
  ['a transaction that is no UUID', { transaction: 'x' }, 'transaction'],
  ['version 0', { version: 0 }, 'version'],
  ['half a version', { version: 1.5 }, 'version'],
  ['no kind', { kind: '' }, 'kind'],
  ['a NUL in the kind', { kind: 'a\0b' }, 'kind'],
  ['a body of 64 KiB', { body: { fill: 'x'.repeat(65_536) } }, 'body'],
  ['a body that is no JSON', { body: { big: 1n } }, 'body'],
  ['seventeen claims', { claims: Array.from({ length: 17 }, (_, i) => claim(`${i}`, 'x')) }, 'claims'],
  ['a claim without a key', { claims: [claim('', 'x')] }, 'claims[0].key'],
  ['the same claim twice', { claims: [claim('k', 'x'), claim('k', 'x', 'alias')] }, 'claims[1].key'],
  [
    'a lane without a name',
    { followUps: [{ task: 't', lane: '', transaction: randomUUID() }] },
    'followUps[0].lane',
  ],
  [
    'a delay before now',
    { followUps: [{ task: 't', lane: 'l', transaction: randomUUID(), runAfterMs: -1 }] },
    'followUps[0].runAfterMs',
  ],
])('%s is refused before it can spoil a flush', async (_, change, path) => {
  const journal = await openJournal('a');
  const refused = journal.append({ ...intended(newTransaction()), ...change });
  const neighbour = journal.append(intended(newTransaction()));
  await expect(refused).rejects.toMatchObject({
    code: 'SW_JOURNAL_ENTRY',
    committed: 'no',
    detail: { path },
  });
  await expect(neighbour).resolves.toEqual({ status: 'appended' });
});

test('appends look rows up, however large the tables, and before their statistics are known', async () => {
  const journal = await openJournal('a');
  const appendSome = async () => {
    const transactions = Array.from({ length: 20 }, newTransaction);
    await Promise.all(transactions.map((each, i) => journal.append(intended(each, `key ${i}`)))); // claimed, later
    await Promise.all(transactions.map((each) => journal.append(decided(each))));
  };
  await appendSome();
  await admin.query(`
    insert into graphile_worker._private_jobs (task_id, payload)
      select 1, json_build_object('transaction', gen_random_uuid(), 'lane', 'pop') from generate_series(1, 5000);
    insert into switch.journal (transaction, epoch, sequence, at, version, kind, body)
      select gen_random_uuid(), 0, g, now(), 1, 'intended', '{}' from generate_series(1, 5000) g;
    insert into switch.claim select gen_random_uuid(), gen_random_uuid(), g % 2, '' from generate_series(1, 5000) g;`);
  const tables = "('_private_jobs', 'journal_rest', 'claim_rest', 'claim_undated', $1, $2)";
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const ofToday = [`journal_${today}`, `claim_${today}`];
  const rowsRead = async (jobsWritten: number) => {
    await vi.waitFor(async () => {
      const { rows } = await admin.query<{ n: number }>(
        "select n_tup_ins::int as n from pg_stat_user_tables where relname = '_private_jobs'",
      );
      expect(rows[0]?.n).toBeGreaterThanOrEqual(jobsWritten);
    }, 10_000);
    const { rows } = await admin.query<{ n: number }>(
      `select (sum(t.seq_tup_read)
          + (select sum(i.idx_tup_read) from pg_stat_user_indexes i where i.relname in ${tables}))::int as n
        from pg_stat_user_tables t where t.relname in ${tables}`,
      ofToday,
    );
    return rows[0]?.n ?? Number.NaN;
  };
  const before = await rowsRead(5_020);
  await appendSome();
  await journal.close(); // a session that ends reports what it read
  openJournals.delete(journal);
  expect((await rowsRead(5_040)) - before).toBeLessThan(2_000);
});

test('two nodes at random: one entry per version, one owner per key, one job per decision', async () => {
  const nodes = [await openJournal('a'), await openJournal('b')];
  const step = fc.record({
    node: fc.nat(1),
    transaction: fc.nat(5),
    version: fc.integer({ min: 1, max: 2 }),
    key: fc.nat(3),
    pause: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const round = randomUUID();
      const transactions = Array.from({ length: 6 }, newTransaction);
      const jobsBefore = await jobs();
      const results = [];
      for (const { node, transaction, version, key, pause } of steps) {
        const id = transactions[transaction] ?? newTransaction();
        const entry = version === 1 ? intended(id, `${round} ${key}`) : decided(id);
        const result = nodes[node]?.append(entry).then((answer) => ({ entry, answer }));
        results.push(result);
        if (pause) await result;
      }
      const answers = (await Promise.all(results)).filter((each) => each !== undefined);
      const appended = answers.filter(({ answer }) => answer.status === 'appended').map(({ entry }) => entry);
      expect(new Set(appended.map((e) => `${e.transaction} ${e.version}`)).size).toBe(appended.length);
      const owners = appended.flatMap(({ claims = [] }) => claims.map(({ key: owned }) => owned));
      expect(new Set(owners).size).toBe(owners.length);
      expect((await jobs()) - jobsBefore).toBe(appended.filter((e) => e.version === 2).length);
      for (const { entry, answer } of answers) {
        if (answer.status !== 'claimed') continue;
        expect(entry.claims?.map(({ key: wanted }) => wanted)).toContain(answer.key);
        expect(await nodes[0]?.transactionOf(answer.key)).toMatchObject({ transaction: answer.transaction });
      }
    }),
    { numRuns: 15 },
  );
});
