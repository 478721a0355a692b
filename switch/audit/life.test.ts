import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Log, silentLog } from '../../runtime/index.ts';
import { altered } from '../../test/support/altered-lines.ts';
import { firstLink } from '../journal/chain.ts';
import type { NewEntry } from '../journal/journal.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import {
  admin,
  claim,
  count,
  database,
  decided,
  intended,
  newTransaction,
  openJournal,
  openThroughProxy,
  useFreshDatabase,
} from '../journal/testing.ts';
import { headLines, publicKeys } from './anchors.ts';
import type { Evidence } from './evidence.ts';
import { databaseEvidence } from './evidence-database.ts';
import { evidenceHeads, fileEvidence, writeEvidence } from './evidence-file.ts';
import { readSeries } from './head-series.ts';
import { asSuperuser, findings, flush, folder, hsm, nodeOf, openNode, useAudit, verify } from './testing.ts';

useFreshDatabase();
useAudit();

async function verified(): Promise<void> {
  expect(findings(await verify())).toEqual([]);
}

const states = () =>
  [...headLines([folder])].map(({ line }) => {
    const { node, epoch, state, sequence } = JSON.parse(line);
    return `${node} ${epoch} ${state} ${sequence}`;
  });

describe('an epoch that ended without a word', () => {
  test('is signed as it was found by the next life of its node', async () => {
    const first = await openNode('a');
    await flush(first.journal, 3);
    await first.sign();
    await flush(first.journal, 2); // under no head
    first.forsake();
    const second = await openNode('a');
    await vi.waitFor(() => expect(states()).toContain('a 1 recovered 5'), 5_000);
    await second.close();
    await verified();
  });

  test('is signed by another node once its lease was taken over', async () => {
    const lost = nodeOf(await openJournal('lost', { leaseMs: 300, renewEveryMs: 60_000 }), 'lost');
    await flush(lost.journal, 4);
    lost.forsake();
    const other = await openNode('other');
    await vi.waitFor(async () => expect(await other.journal.undecided()).toHaveLength(4), 5_000);
    await vi.waitFor(() => expect(states()).toContain('other 1 recovered 4'), 5_000);
    await asSuperuser('delete from switch.journal where sequence = 4');
    expect(findings(await verify())).toContain('1 AUDIT_TAIL_MISSING 4-4');
  });

  test('is told of for as long as nobody has signed its end, and of what is old and unsigned', async () => {
    const node = await openNode('a');
    await flush(node.journal, 2);
    await node.sign();
    await flush(node.journal, 2);
    const report = await verify(); // a minute from now
    expect(report.outcome).toBe('unproven');
    expect(findings(report)).toEqual(['1 AUDIT_UNSIGNED 3-4']);
    expect(report.epochs[0]).toMatchObject({ verifiedUpTo: 2, unsigned: 2, state: 'running' });
    await asSuperuser('update switch.lease set ended_at = now(), sealed_at = now()');
    expect(findings(await verify())).toEqual(['1 AUDIT_END_UNSIGNED']);
    node.forsake();
  });
});

describe('the chain is that of what was committed', () => {
  /** One flush: an entry that is appended, one whose key is taken, one whose alias is, one that is superseded. */
  async function mixed(journal: PostgresJournal) {
    const [owner, fine, late, shared] = [
      newTransaction(),
      newTransaction(),
      newTransaction(),
      newTransaction(),
    ];
    await journal.append({
      ...intended(owner, 'taken'),
      claims: [claim('taken', owner), claim('alias', owner)],
    });
    return [
      { ...intended(late), claims: [claim('free', late), claim('taken', late)] },
      {
        ...intended(fine, 'of fine'),
        claims: [claim('of fine', fine), claim('more of fine', fine, 'alias')],
      },
      { ...intended(shared), claims: [claim('alias', shared, 'alias'), claim('own', shared, 'alias')] },
      intended(owner),
      decided(owner),
    ] satisfies NewEntry[];
  }
  const OUTCOMES = ['claimed', 'appended', 'appended', 'superseded', 'appended'];

  test('where some of a flush were refused', async () => {
    const node = await openNode('a');
    const entries = await mixed(node.journal);
    const answers = await Promise.all(entries.map((each) => node.journal.append(each)));
    expect(answers.map(({ status }) => status)).toEqual(OUTCOMES);
    await flush(node.journal, 2);
    await node.close();
    await verified();
    expect((await verify()).epochs[0]).toMatchObject({ entries: 6, unusedSequences: 2 });
  });

  test.each(['the answer', 'what is in the way', 'the request'])(
    'where %s of such a flush was lost with its connection',
    async (what) => {
      const { journal, through } = await openThroughProxy();
      const node = nodeOf(journal, 'a');
      const entries = await mixed(journal);
      if (what === 'the answer') through.loseAnswersTo('append_some');
      else if (what === 'what is in the way') through.loseAnswers();
      else through.loseRequests();
      const appended = entries.map((each) => journal.append(each));
      if (what === 'the answer') await vi.waitFor(async () => expect(await count('switch.journal')).toBe(4));
      else await vi.waitFor(() => expect(through.lost()).toBeGreaterThan(0));
      through.cut();
      expect((await Promise.all(appended)).map(({ status }) => status)).toEqual(OUTCOMES);
      await flush(journal, 2);
      await node.close();
      await verified();
    },
  );

  test('where a node stopped with a flush in doubt: it says of no end, the next life does', async () => {
    const { journal, through } = await openThroughProxy({ appendDeadlineMs: 400 });
    const node = nodeOf(journal, 'a');
    await flush(journal, 2);
    through.loseAnswers();
    await journal.append(intended(newTransaction())).catch(() => {});
    await vi.waitFor(async () => expect(await count('switch.journal')).toBe(3));
    through.refuse();
    await node.close();
    expect(states().at(-1)).toBe('a 1 running 2');
    const next = await openNode('a');
    await vi.waitFor(() => expect(states()).toContain('a 1 recovered 3'), 5_000);
    await next.close();
    await verified();
  });

  test('of two nodes that write at random while their connections break', { timeout: 60_000 }, async () => {
    const through = [await openThroughProxy(), await openThroughProxy({ node: 'b' })] as const;
    const nodes = [nodeOf(through[0].journal, 'a'), nodeOf(through[1].journal, 'b')] as const;
    const transactions = Array.from({ length: 12 }, newTransaction);
    const step = fc.record({
      node: fc.integer({ min: 0, max: 1 }),
      transaction: fc.constantFrom(...transactions),
      version: fc.integer({ min: 1, max: 4 }),
      keys: fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's', 'é \ud800'), { maxLength: 3 }),
      role: fc.constantFrom('unique', 'alias'),
      fault: fc.option(fc.constantFrom('cut', 'loseAnswers', 'loseRequests'), { freq: 8 }),
    });
    const [steps = []] = fc.sample(fc.array(step, { minLength: 400, maxLength: 400 }), {
      numRuns: 1,
      seed: SEED,
    });
    const appended: Promise<unknown>[] = [];
    for (const [index, { node, transaction, version, keys, role, fault }] of steps.entries()) {
      const claims = keys.map((key) => claim(`${key} ${version} ${index % 7}`, transaction, role));
      const entry = { transaction, version, kind: `kind ${version} \ud800`, body: { index }, claims };
      appended.push((nodes[node] ?? nodes[0]).journal.append(entry).catch(() => {}));
      if (fault) through[node]?.through[fault]();
      if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (fault && fault !== 'cut') {
        await vi.waitFor(() => expect(through[node]?.through.lost()).toBeGreaterThan(0)).catch(() => {});
        through[node]?.through.cut();
      }
    }
    await Promise.all(appended);
    await Promise.all(nodes.map((node) => node.close()));
    expect(findings(await verify()), `seed ${SEED}`).toEqual([]);
    expect((await verify()).entries).toBeGreaterThan(20);
  });
});

const SEED = Math.floor(Math.random() * 2 ** 31);

test('an HSM that is away delays heads and nothing else, and is told of', async () => {
  const events: string[] = [];
  const note = (entry: { event?: string }) => void events.push(entry.event ?? '');
  const log = { ...silentLog, warn: note, error: note, info: note } as Log;
  const journal = await openJournal('a');
  const node = nodeOf(journal, 'a', { log, lateAfterMs: 1_500 });
  await flush(journal, 2);
  await node.sign();
  const pid = hsm.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  events.length = 0;
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  await flush(journal, 3);
  node.show();
  await vi.waitFor(() => expect(node.publisher.status()).toMatchObject({ isLate: true }), 10_000);
  expect(node.publisher.status()).toMatchObject({
    sequence: 5,
    signedSequence: 2,
    failure: expect.stringContaining('HSM_'),
  });
  await flush(journal, 1);
  process.kill(pid, 'SIGCONT');
  await node.sign();
  await vi.waitFor(() => expect(node.publisher.status()).toMatchObject({ isLate: false, lagMs: 0 }));
  expect(node.publisher.status().failure).toBeUndefined();
  expect(events).toEqual(['audit.head-failed', 'audit.heads-late', 'audit.heads-in-time']);
  await node.close();
  await verified();
});

describe('of earlier releases', () => {
  /** As migration 11 leaves it: claims have their keys in clear, and say which entry made them. */
  async function earlier(chain: number | null): Promise<void> {
    const [transaction, link] = [newTransaction(), Buffer.from(firstLink(1, 'old', 1), 'hex')];
    await admin.query(
      `insert into switch.lease (node, expires_at, ended_at, chain) values ('old', now(), now(), ${chain})`,
    );
    await admin.query(
      `insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link)
        values ($1, 1, 1, 'epoch', 1, 'intended', '{}', $2)`,
      [transaction, chain && link],
    );
    await admin.query('insert into switch.claim_1 values ($1, $2, $3, $4, $4)', [
      'old key',
      'f',
      transaction,
      chain,
    ]);
    const copy = "insert into switch.claim values (switch.hash_of_claim('old key'), $1, 0, 'f')";
    await admin.query(copy, [transaction]);
  }

  async function afterThem(): Promise<void> {
    const node = await openNode('a');
    await flush(node.journal, 2);
    await node.sign();
    await node.close();
  }

  test('epochs without a chain are told of as such, and verify for all else', async () => {
    await earlier(null);
    await afterThem();
    const report = await verify();
    expect(report.outcome).toBe('verified');
    expect(report.epochs).toMatchObject([
      { node: 'old', state: 'not chained', entries: 1 },
      { node: 'a', state: 'ended', entries: 2 },
    ]);
  });

  test('one without a chain that was opened later is a doubt', async () => {
    const node = await openNode('a');
    await flush(node.journal, 2);
    await node.close();
    await admin.query("insert into switch.lease (node, expires_at, ended_at) values ('old', now(), now())");
    expect(findings(await verify())).toEqual(['2 AUDIT_NOT_CHAINED']);
  });

  test('a chain of the first form is signed at its end, and verifies as it was made', async () => {
    await earlier(1);
    await afterThem();
    expect(states()).toContain('a 1 recovered 1');
    const report = await verify();
    expect(findings(report)).toEqual([]);
    expect(report.epochs[0]).toMatchObject({ node: 'old', state: 'ended', verifiedUpTo: 1 });

    const added =
      "insert into switch.claim select gen_random_uuid(), transaction, 0, 'f' from switch.claim_1";
    await asSuperuser(added);
    expect(findings(await verify())).toEqual(['AUDIT_STRAY_CLAIM']);
    await asSuperuser(`delete from switch.claim using switch.claim_1 o
      where claim.transaction = o.transaction and claim.key <> switch.hash_of_claim(o.key)`);
    await asSuperuser("update switch.claim_1 set fingerprint = 'x'");
    expect(findings(await verify())).toEqual([expect.stringMatching(/^1 AUDIT_(ALTERED|REWRITTEN) 1-1$/)]);
  });
});

describe('an evidence file', () => {
  async function evidenceFile(): Promise<string> {
    const node = await openNode('a');
    const odd = newTransaction();
    await node.journal.append({ ...intended(odd, 'odd'), body: { text: 'é "\u2028\r\n\u0000 \ud800' } });
    await flush(node.journal, 40);
    await node.sign();
    await flush(node.journal, 1_200);
    await node.close();
    const directory = mkdtempSync(join(tmpdir(), 'etika-evidence-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'evidence.jsonl');
    await writeEvidence(
      file,
      databaseEvidence(database.url),
      headLines([folder]),
      '2026-11-26T12:00:00.000Z',
    );
    return file;
  }

  test('verifies without database and token, and any cut is found', async () => {
    const file = await evidenceFile();
    const heads = readSeries(await evidenceHeads(file), publicKeys([folder]));
    await admin.query('truncate switch.journal, switch.claim'); // not needed any more
    expect(findings(await verify(fileEvidence(file), heads))).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await expect(writeEvidence(file, databaseEvidence(database.url), [], '')).rejects.toMatchObject({
      code: 'EEXIST',
    });
    for (const length of [statSync(file).size - 3, 5_000, 10]) {
      truncateSync(file, length);
      await expect(verify(fileEvidence(file), heads)).rejects.toMatchObject({ code: 'SW_AUDIT_FILE' });
    }
  });

  test('has an entry whose number stands twice, also at the end of a page of a thousand', async () => {
    await evidenceFile();
    const heads = readSeries(headLines([folder]), publicKeys([folder]));
    await admin.query(
      `insert into switch.journal (transaction, epoch, sequence, at, version, kind, body)
        select 'ffffffff-ffff-7fff-bfff-ffffffffffff', epoch, sequence, now(), 1, 'network-reversed', '{}'
          from switch.journal where epoch = 1 order by sequence offset 999 limit 1`,
    );
    expect((await verify(databaseEvidence(database.url), heads)).outcome).toBe('broken');
  });

  test('shows every change of every field of it', { timeout: 60_000 }, async () => {
    const file = await evidenceFile();
    const heads = readSeries(await evidenceHeads(file), publicKeys([folder]));
    const all: Evidence[] = [];
    for await (const each of fileEvidence(file)) all.push(each);
    const text = all.map((each) => JSON.stringify(each));
    expect(text.join('\n')).toBe(
      readFileSync(file, 'utf8')
        .split('\n')
        .slice(1 + (heads.byEpoch.get(1) ?? []).length, -2)
        .join('\n'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(all.length - 1),
        fc.nat(),
        fc.constantFrom('change', 'remove', 'double', 'swap'),
        async (at, where, how) => {
          const changed = altered(text, at, where, how);
          if (changed.join() === text.join()) return;
          const report = await verify(
            changed.map((line) => JSON.parse(line)),
            heads,
          );
          expect(report.outcome, `${how} ${at} ${where}`).not.toBe('verified');
        },
      ),
      { numRuns: 300 },
    );
  });

  /** One digit or letter of a line is another; or a whole line is missing, there twice, or where the next one was. */
});
