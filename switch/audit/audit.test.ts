import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { firstLink, lineOf, nextLink } from '../journal/chain.ts';
import { admin, database, useFreshDatabase } from '../journal/testing.ts';
import type { StoredEntry } from './entry-row.ts';
import { databaseEvidence } from './evidence-database.ts';
import { asSuperuser, findings, flush, folder, openNode, useAudit, verify } from './testing.ts';

useFreshDatabase();
useAudit();

/**
 * Epoch 1: 14 entries in the flushes 1-3, 4-8, 9-10 and 11-14; heads behind 0, 3, 10 and 14, the last says it is
 * closed.
 */
beforeEach(async () => {
  const node = await openNode('a');
  await node.sign(); // before the first entry
  await flush(node.journal, 3);
  await node.sign();
  await flush(node.journal, 5);
  await flush(node.journal, 2);
  await node.sign();
  await flush(node.journal, 4);
  await node.close();
});

test('what was written verifies, entry by entry, under the heads that were published', async () => {
  const report = await verify();
  expect(findings(report)).toEqual([]);
  const [epoch] = report.epochs;
  expect(report).toMatchObject({ outcome: 'verified', entries: 14 });
  expect(epoch).toMatchObject({
    node: 'a',
    state: 'ended',
    entries: 14,
    verifiedUpTo: 14,
    unsigned: 0,
    heads: 4,
  });
});

const DELETE = 'delete from switch.journal where epoch = 1 and sequence = $1';
const BODY = 'update switch.journal set body = $2 where epoch = 1 and sequence = $1';
/** Of the transaction of that entry, or of none. */
const CLAIM = `insert into switch.claim
  select gen_random_uuid(), coalesce((select transaction from switch.journal where sequence = $1), gen_random_uuid()), 0, ''`;
/** Claims of an entry, as it says itself. */
const ITS_CLAIMS = `key in (select encode(substring(claims from n for 16), 'hex')::uuid
  from switch.journal, generate_series(5, 25, 20) n where epoch = 1 and sequence = $1)`;
/** Claims that nobody makes any more. */
const UNSAID = `delete from switch.claim c
  where not exists (select from switch.journal j where j.transaction = c.transaction)`;
const FORGED = JSON.stringify({ amount: '99.00' });
const set = (what: string) => `update switch.journal set ${what} where epoch = 1 and sequence = $1`;

describe('who is superuser of the database is found out where he', () => {
  test.each<[what: string, sql: string, values: unknown[], expected: string[]]>([
    ['edits a body', BODY, [6, FORGED], ['1 AUDIT_ALTERED 4-8']],
    ['edits a body of the last flush', BODY, [13, FORGED], ['1 AUDIT_REWRITTEN 11-14']],
    ['edits a body of a flush that a head ends', BODY, [2, FORGED], ['1 AUDIT_ALTERED 1-3']],
    ['takes a blank out of a body', BODY, [6, '{"amount": "10.00"}'], ['1 AUDIT_ALTERED 4-8']],
    ['moves a time by a microsecond', set("at = at + '1 us'"), [9], ['1 AUDIT_ALTERED 9-10']],
    ['moves a time out of the world', set("at = 'infinity'"), [9], ['1 AUDIT_ALTERED 9-10']],
    ['edits a kind', set("kind = 'decided'"), [4], ['1 AUDIT_ALTERED 4-8']],
    ['edits a version', set('version = 7'), [8], ['1 AUDIT_ALTERED 4-8']],
    [
      'gives an entry to another transaction',
      set('transaction = gen_random_uuid()'),
      [8],
      ['1 AUDIT_ALTERED 4-8'],
    ],
    ['deletes an entry', DELETE, [5], ['1 AUDIT_ALTERED 4-8', 'AUDIT_STRAY_CLAIM']],
    ['deletes the first of a flush', DELETE, [4], ['1 AUDIT_ALTERED 4-5', '1 AUDIT_ALTERED 5-8']],
    ['deletes the last under a head', DELETE, [10], ['1 AUDIT_ALTERED 9-10']],
    ['deletes the last of all', DELETE, [14], ['1 AUDIT_TAIL_MISSING 14-14']],
    [
      'moves an entry to another epoch',
      set('epoch = 7'),
      [5],
      ['1 AUDIT_ALTERED 4-8', '7 AUDIT_EPOCH_UNKNOWN'],
    ],
    [
      'moves an entry to another place',
      set('sequence = 20'),
      [5],
      ['1 AUDIT_ALTERED 4-8', '1 AUDIT_AFTER_END 15-20'],
    ],
    ['edits a link', set("link = sha256('x')"), [9], ['1 AUDIT_ALTERED 4-8', '1 AUDIT_ALTERED 9-10']],
    ['removes a link', set('link = null'), [9], ['1 AUDIT_ALTERED 4-10']],
    [
      'says that another node wrote it',
      "update switch.lease set node = 'b' where epoch = $1",
      [1],
      ['1 AUDIT_LEASE_ALTERED'],
    ],
    [
      'says that there was no chain',
      'update switch.lease set chain = null where epoch = $1',
      [1],
      ['1 AUDIT_EPOCH_MISSING'],
    ],
    ['deletes the lease', 'delete from switch.lease where epoch = $1', [1], ['1 AUDIT_EPOCH_UNKNOWN']],
    [
      'edits a fingerprint',
      `update switch.claim set fingerprint = 'x' where ${ITS_CLAIMS}`,
      [9],
      ['1 AUDIT_ALTERED 9-10'],
    ],
    [
      'deletes a claim, for a second effect',
      `delete from switch.claim where ${ITS_CLAIMS} and day = 0`,
      [9],
      ['1 AUDIT_ALTERED 9-10'],
    ],
    [
      'gives a claim to another entry',
      `update switch.claim set transaction = (select transaction from switch.journal where sequence = 10) where ${ITS_CLAIMS}`,
      [9],
      ['1 AUDIT_ALTERED 9-10'],
    ],
    ['adds a claim of an entry', CLAIM, [9], ['AUDIT_STRAY_CLAIM']],
    ['adds a claim of no entry', CLAIM, [99], ['AUDIT_STRAY_CLAIM']],
    [
      'adds a claim, and says that an entry made it',
      set("claims = claims || decode('00000000' || repeat('ab', 16), 'hex')"),
      [9],
      ['1 AUDIT_ALTERED 9-10'],
    ],
    [
      'leaves a rest behind what an entry claimed',
      set("claims = claims || '\\x00'"),
      [9],
      ['1 AUDIT_ALTERED 9-10'],
    ],
    [
      'says that an entry claimed nothing',
      set('claims = null'),
      [9],
      ['1 AUDIT_ALTERED 9-10', 'AUDIT_STRAY_CLAIM'],
    ],
    [
      'moves a claim to another day',
      `update switch.claim set day = 1 where ${ITS_CLAIMS} and day = 0`,
      [9],
      ['1 AUDIT_ALTERED 9-10', 'AUDIT_STRAY_CLAIM'],
    ],
    [
      'adds one as if from before the chain',
      "insert into switch.claim_1 values ('blocked', '', gen_random_uuid(), null, $1)",
      [null],
      ['AUDIT_STRAY_CLAIM'],
    ],
  ])('%s', async (_, sql, values, expected) => {
    await asSuperuser(sql, values);
    const report = await verify();
    expect(report.outcome).toBe('broken');
    expect(findings(report)).toEqual(expect.arrayContaining(expected));
  });

  const INSERT = `insert into switch.journal (transaction, epoch, sequence, at, version, kind, body, link)
    values (gen_random_uuid(), $1, $2, now(), 1, 'intended', '{}', $3)`;

  test('inserts an entry behind the end, with and without its link', async () => {
    const link = await linkBehind(14);
    await asSuperuser(INSERT, [1, 15, null]);
    expect(findings(await verify())).toEqual(['1 AUDIT_ALTERED 15-15', '1 AUDIT_AFTER_END 15-15']);
    await asSuperuser('update switch.journal set link = $1 where sequence = 15', [link]);
    expect(findings(await verify())).toEqual(['1 AUDIT_AFTER_END 15-15']);
  });

  test('inserts an entry into a gap between two others', async () => {
    await asSuperuser(DELETE, [5]);
    await asSuperuser(UNSAID);
    await asSuperuser(INSERT, [1, 5, null]);
    expect(findings(await verify())).toEqual(['1 AUDIT_ALTERED 4-8']);
  });

  test('swaps two entries', async () => {
    const swap = 'update switch.journal set sequence = $2 where sequence = $1';
    for (const [from, to] of [
      [6, 99],
      [12, 6],
      [99, 12],
    ]) {
      await asSuperuser(swap, [from, to]);
    }
    expect(findings(await verify())).toEqual(
      expect.arrayContaining(['1 AUDIT_ALTERED 4-8', '1 AUDIT_REWRITTEN 11-14']),
    );
  });

  test('deletes a whole flush from the middle', async () => {
    await asSuperuser('delete from switch.journal where sequence between 4 and 8');
    await asSuperuser(UNSAID);
    expect(findings(await verify())).toEqual(['1 AUDIT_ALTERED 1-8']);
  });

  test('deletes the tail, or all of it', async () => {
    await asSuperuser('delete from switch.journal where sequence > 8');
    await asSuperuser(UNSAID);
    expect(findings(await verify())).toEqual(['1 AUDIT_TAIL_MISSING 9-14']);
    await asSuperuser('delete from switch.claim');
    await asSuperuser('delete from switch.journal');
    expect(findings(await verify())).toEqual(['1 AUDIT_TAIL_MISSING 1-14']);
    await asSuperuser('delete from switch.lease');
    expect(findings(await verify())).toEqual(['AUDIT_EPOCH_MISSING']);
  });

  test('edits an entry and makes the whole chain anew behind it', async () => {
    await asSuperuser(BODY, [6, FORGED]);
    await rehash();
    expect(findings(await verify())).toEqual(['1 AUDIT_REWRITTEN 4-10']);
  });

  test('makes up an epoch', async () => {
    await asSuperuser(
      "insert into switch.lease (node, expires_at, ended_at, chain) values ('a', now(), now(), 1)",
    );
    await asSuperuser(INSERT, [2, 1, Buffer.from(firstLink(2, 'a', 1), 'hex')]);
    const report = await verify();
    expect(report.outcome).toBe('unproven');
    expect(findings(report)).toEqual(['2 AUDIT_NO_HEADS']);
    await asSuperuser('update switch.lease set chain = null where epoch = 2');
    expect(findings(await verify())).toEqual(['2 AUDIT_NOT_CHAINED']);
  });
});

async function entriesOfEpoch(): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const each of databaseEvidence(database.url)) if ('entry' in each) entries.push(each.entry);
  return entries;
}

/** The links of a chain over what stands there, before each flush and behind the last. */
async function linksOfEpoch(): Promise<Map<number, string>> {
  const entries = await entriesOfEpoch();
  const links = new Map<number, string>();
  let link = firstLink(1, 'a');
  for (const [index, { link: isFirst, sequence }] of entries.entries()) {
    if (isFirst === null) continue;
    links.set(sequence, link);
    const next = entries.findIndex((each, at) => at > index && each.link !== null);
    link = nextLink(link, entries.slice(index, next === -1 ? undefined : next).map(lineOf));
  }
  return links.set(Number.POSITIVE_INFINITY, link);
}

async function linkBehind(sequence: number): Promise<Buffer> {
  const links = [...(await linksOfEpoch())].filter(([before]) => before > sequence);
  return Buffer.from(links[0]?.[1] ?? '', 'hex');
}

/** What an attacker does who knows how the chain is made. */
async function rehash(): Promise<void> {
  for (const [sequence, link] of await linksOfEpoch()) {
    if (Number.isFinite(sequence)) {
      await admin.query('update switch.journal set link = $2 where sequence = $1', [
        sequence,
        Buffer.from(link, 'hex'),
      ]);
    }
  }
  const report = await verify();
  expect(report.epochs[0]?.breaks.some(({ code }) => code === 'AUDIT_ALTERED')).toBe(false);
}

describe('the heads themselves', () => {
  const file = () => join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? '');
  const lines = () => readFileSync(file(), 'utf8').trimEnd().split('\n');
  const rewrite = (changed: readonly string[]) =>
    writeFileSync(file(), changed.map((line) => `${line}\n`).join(''));

  test('are refused where one was edited, and the chain is held against the others', async () => {
    rewrite(
      lines().map((line, index) => (index === 2 ? line.replace('"sequence":10', '"sequence":11') : line)),
    );
    expect(findings(await verify())).toEqual(['AUDIT_HEAD_FORGED', 'AUDIT_HEAD_MISSING']);
  });

  test('are missed where one was removed, or given without the earlier ones', async () => {
    const all = lines();
    rewrite(all.filter((_, index) => index !== 1));
    expect(findings(await verify())).toEqual(['AUDIT_HEAD_MISSING']);
    rewrite(all.slice(2));
    expect(findings(await verify())).toEqual(['AUDIT_EARLIER_HEADS']);
  });

  test('leave the end open where the last one was removed', async () => {
    rewrite(lines().slice(0, -1));
    const report = await verify();
    expect(report.outcome).toBe('unproven');
    expect(findings(report)).toEqual(['1 AUDIT_END_UNSIGNED']);
  });

  test('prove nothing without a public key, and count once in two copies', async () => {
    writeFileSync(join(folder, 'copy.jsonl'), readFileSync(file()));
    expect(findings(await verify())).toEqual([]);
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.pem'))) {
      rmSync(join(folder, name));
    }
    const report = await verify();
    expect(report.outcome).toBe('unproven');
    expect(findings(report)).toEqual(['1 AUDIT_NO_HEADS', 'AUDIT_KEY_UNKNOWN']);
  });

  test('survive a line that was torn by a crash, which the next one drops', async () => {
    appendFileSync(file(), '{"format":"etika-journal-head/1","node":"a","li');
    expect(findings(await verify())).toEqual([]);
    const node = await openNode('a');
    await node.sign();
    await node.close();
    expect(lines()).toHaveLength(6);
    expect(findings(await verify())).toEqual([]);
  });
});
