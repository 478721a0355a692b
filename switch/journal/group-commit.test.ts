import { afterEach, expect, test } from 'vitest';
import { silentLog, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { settle, VirtualClock } from '../../test/support/virtual-clock.ts';
import { bodyText } from './body-form.ts';
import { firstLink, lineOf, nextLink } from './chain.ts';
import { GroupCommit, type GroupCommitSettings } from './group-commit.ts';
import type { AppendResult, Claim, NewEntry } from './journal.ts';
import { ScriptedWriter } from './testing/scripted-writer.ts';

const FIRST = firstLink(1, 'a');
const clock = new VirtualClock();
let group: GroupCommit | undefined;

afterEach(async () => {
  const closed = group?.close();
  await clock.advance(10_000);
  await closed;
});

function start(changes: Partial<GroupCommitSettings> = {}) {
  const writer = new ScriptedWriter();
  const limits = { maxWaiting: 1_000, appendDeadlineMs: 1_000, renewEveryMs: 60_000, silenceMs: 4_000 };
  const around = { clock, log: silentLog, onFenced() {}, nameClaim: named };
  group = new GroupCommit(writer, FIRST, { ...around, ...limits, ...changes });
  return { writer, group };
}

/** Their names are their keys. */
const named = (claim: Claim) => ({ ...claim, name: claim.key });

function entry(changes: Partial<NewEntry> = {}): NewEntry {
  const transaction = timeOrderedUuid(clock, systemRandom);
  return { transaction, version: 1, kind: 'intended', body: {}, ...changes };
}

/** What became of an append, as it stands. */
function watch(append: Promise<AppendResult>): { outcome: string } {
  const watched = { outcome: 'open' };
  append.then(
    ({ status }) => Object.assign(watched, { outcome: status }),
    ({ code, committed }) => Object.assign(watched, { outcome: `${code} ${committed}` }),
  );
  return watched;
}

test('what came during a flush goes into the next one, all of it', async () => {
  const { writer, group } = start();
  group.append(entry());
  await settle();
  const later = Array.from({ length: 30 }, () => watch(group.append(entry())));
  await settle();
  expect(writer.sizes()).toEqual([1]);
  await writer.succeed();
  expect(writer.sizes()).toEqual([1, 30]);
  await writer.succeed();
  expect(later.every(({ outcome }) => outcome === 'appended')).toBe(true);
  expect(group.size).toBe(0);
});

test('the chain is certain while nothing is under way or in doubt', async () => {
  const { writer, group } = start();
  expect(group.isChainCertain).toBe(true);
  group.append(entry()).catch(() => {});
  await settle();
  expect(group.isChainCertain).toBe(false);
  writer.isReachable = false;
  await writer.fail('lost');
  expect(group.isChainCertain).toBe(false);
  writer.isReachable = true;
  await clock.advance(1_000);
  await writer.succeed();
  expect(group.isChainCertain).toBe(true);
});

test('entries that might exclude each other are flushed one after the other, and the rest goes on', async () => {
  const { writer, group } = start();
  const claiming = (role: 'unique' | 'alias') => entry({ claims: [{ key: 'k', fingerprint: 'f', role }] });
  const twin = entry();
  for (const each of [claiming('unique'), twin, claiming('alias'), entry(), twin]) group.append(each);
  await settle();
  await writer.succeed();
  await writer.succeed();
  expect(writer.batches.map((batch) => batch.map(({ sequence }) => sequence))).toEqual([
    [1, 2, 4],
    [6, 7],
  ]);
});

test('an intention that is set aside is looked for under its new number', async () => {
  const { writer, group } = start({ renewEveryMs: 500, appendDeadlineMs: 5_000 });
  const claims: Claim[] = [{ key: 'k', fingerprint: 'f', role: 'unique' }];
  const [first, second] = [entry({ claims }), entry({ claims })];
  for (const each of [first, second, entry({ kind: 'note' })]) group.append(each);
  await settle();
  await writer.succeed();
  await writer.succeed();
  expect(writer.batches.map((batch) => batch.map(({ sequence }) => sequence))).toEqual([[1, 3], [4]]);

  group.append({ ...first, claims: [], version: 2, kind: 'decided' });
  await settle();
  await writer.succeed();
  await clock.advance(600);
  expect(writer.lowWaters.at(-1)).toBe(4);
});

test('each waiter gets its own answer', async () => {
  const { writer, group } = start();
  const appends = Array.from({ length: 3 }, () => watch(group.append(entry())));
  await settle();
  await writer.succeed([[2, { status: 'superseded' }]]);
  expect(appends.map(({ outcome }) => outcome)).toEqual(['appended', 'superseded', 'appended']);
});

test('one entry that the database refuses does not take the others along', async () => {
  const { writer, group } = start();
  const appends = Array.from({ length: 8 }, () => watch(group.append(entry())));
  await settle();
  const isPoisoned = () => writer.batches.at(-1)?.some(({ sequence }) => sequence === 6);
  while (group.size > 0) await (isPoisoned() ? writer.fail('refused') : writer.succeed());
  expect(appends.map(({ outcome }) => outcome)).toEqual([
    ...Array(5).fill('appended'),
    'SW_JOURNAL_REFUSED no',
    ...Array(2).fill('appended'),
  ]);
});

test('a lease that ran out is renewed before the batch is sent again, without who gave up meanwhile', async () => {
  const { writer, group } = start();
  const [patient, hasty] = [
    watch(group.append(entry())),
    watch(group.append(entry(), clock.monotonic() + 50)),
  ];
  await settle();
  await clock.advance(60);
  await writer.fail('expired');
  expect(writer.lowWaters).toEqual([1]);
  expect(writer.sizes()).toEqual([2, 1]);
  await writer.succeed();
  expect([patient, hasty].map(({ outcome }) => outcome)).toEqual([
    'appended',
    'SW_JOURNAL_UNAVAILABLE unknown',
  ]);
});

test('a deadlock is tried again', async () => {
  const { writer, group } = start();
  const append = watch(group.append(entry()));
  await settle();
  await writer.fail('again');
  expect(append.outcome).toBe('open');
  await writer.succeed();
  expect(append.outcome).toBe('appended');
});

test('after a lost connection what is there counts as appended, and only the rest is sent again', async () => {
  const { writer, group } = start();
  const appends = Array.from({ length: 3 }, () => watch(group.append(entry())));
  await settle();
  writer.stored.add(2);
  await writer.fail('lost');
  await clock.advance(0);
  expect(writer.attaches).toEqual([[1, 2, 3]]);
  expect(appends.map(({ outcome }) => outcome)).toEqual(['open', 'appended', 'open']);
  expect(writer.batches.at(-1)?.map(({ sequence }) => sequence)).toEqual([1, 3]);
  await writer.succeed();
  expect(appends.every(({ outcome }) => outcome === 'appended')).toBe(true);
});

test('at the deadline what was sent is unknown and what was not is certainly absent', async () => {
  const { writer, group } = start();
  const sent = watch(group.append(entry()));
  await settle();
  const waiting = watch(group.append(entry()));
  writer.isReachable = false;
  await clock.advance(999);
  expect([sent.outcome, waiting.outcome]).toEqual(['open', 'open']);
  await clock.advance(1);
  expect(sent.outcome).toBe('SW_JOURNAL_UNAVAILABLE unknown');
  expect(waiting.outcome).toBe('SW_JOURNAL_UNAVAILABLE no');
  expect(writer.drops).toBe(0);
});

test('a flush that is slow keeps its connection, and is told of when it is answered after all', async () => {
  const { writer, group } = start({ renewEveryMs: 500 });
  const late = watch(group.append(entry()));
  await settle();
  const gone = watch(group.append(entry()));
  await clock.advance(1_500);
  const patient = watch(group.append(entry()));
  expect([late.outcome, gone.outcome]).toEqual([
    'SW_JOURNAL_UNAVAILABLE unknown',
    'SW_JOURNAL_UNAVAILABLE no',
  ]);
  await writer.succeed();
  expect(writer.attaches).toEqual([]);
  expect(writer.drops).toBe(0);
  expect(writer.batches.at(-1)?.map(({ sequence }) => sequence)).toEqual([3]); // the second is sent no more
  await writer.succeed();
  expect(patient.outcome).toBe('appended');
  expect(group.chain.sequence).toBe(3);
  await clock.advance(500);
  expect(writer.lowWaters.at(-1)).toBe(1); // the late one is there, and undecided
});

test('however often flushes outlast their callers, nothing reconnects, and it recovers at once', async () => {
  const { writer, group } = start();
  for (let round = 0; round < 20; round += 1) {
    const appends = Array.from({ length: 50 }, () => watch(group.append(entry())));
    await clock.advance(1_200);
    expect(appends.every(({ outcome }) => outcome.startsWith('SW_JOURNAL_UNAVAILABLE'))).toBe(true);
    await writer.succeed();
  }
  expect([writer.drops, writer.attaches.length]).toEqual([0, 0]);
  expect(writer.batches.length).toBeLessThanOrEqual(20);
  const next = watch(group.append(entry()));
  await settle();
  await writer.succeed();
  expect(next.outcome).toBe('appended');
});

test('a flush that the server ended for its length is sent again on the same connection, without who gave up', async () => {
  const { writer, group } = start();
  watch(group.append(entry()));
  await clock.advance(900);
  const patient = watch(group.append(entry()));
  await clock.advance(200);
  await writer.fail('again');
  expect(writer.batches.map((batch) => batch.map(({ sequence }) => sequence))).toEqual([[1], [2]]);
  expect(writer.attaches).toEqual([]);
  await writer.succeed();
  expect(patient.outcome).toBe('appended');
});

test('silence far beyond what the server would allow a statement ends the connection', async () => {
  const { writer, group } = start();
  watch(group.append(entry()));
  await clock.advance(3_999);
  expect(writer.drops).toBe(0);
  await clock.advance(1);
  expect(writer.drops).toBe(1);
  expect(writer.attaches).toEqual([[1]]);
});

test('a late settlement leaves nothing behind', async () => {
  const { writer, group } = start({ renewEveryMs: 500 });
  const open = entry();
  group.append(open);
  await settle();
  await writer.succeed();
  const sent = watch(group.append(entry()));
  await settle();
  writer.isReachable = false;
  await writer.fail('lost');
  await clock.advance(1_001);
  expect(sent.outcome).toBe('SW_JOURNAL_UNAVAILABLE unknown');
  expect(group.size).toBe(1); // in doubt
  writer.isReachable = true;
  await clock.advance(1_000);
  expect(group.size).toBe(0);
  expect(writer.sizes()).toEqual([1, 1]); // not sent again: its caller has gone
  expect(writer.lowWaters.at(-1)).toBe(1);
  group.append(entry({ transaction: open.transaction, version: 2, kind: 'decided' }));
  await settle();
  await writer.succeed();
  await clock.advance(500);
  expect(writer.lowWaters.at(-1)).toBe(4);
});

test('an intention in doubt that turns out to be stored holds the low-water mark', async () => {
  const { writer, group } = start({ renewEveryMs: 500 });
  group.append(entry()).catch(() => {});
  await settle();
  writer.stored.add(1);
  writer.isReachable = false;
  await writer.fail('lost');
  await clock.advance(1_001);
  writer.isReachable = true;
  await clock.advance(1_000);
  expect(group.size).toBe(0);
  expect(writer.lowWaters.at(-1)).toBe(1);
});

test('a fenced flush fails all that waits, and every later append', async () => {
  const { writer, group } = start();
  const first = watch(group.append(entry()));
  await settle();
  const second = watch(group.append(entry()));
  await writer.fail('fenced');
  const third = watch(group.append(entry()));
  await settle();
  expect([first, second, third].map(({ outcome }) => outcome)).toEqual(Array(3).fill('SW_JOURNAL_FENCED no'));
});

test('what was committed before the fence fell is told as appended', async () => {
  const { writer, group } = start();
  const append = watch(group.append(entry()));
  await settle();
  writer.stored.add(1);
  writer.isFenced = true;
  await writer.fail('lost');
  await clock.advance(0);
  expect(append.outcome).toBe('appended');
});

test('beyond its bound the queue refuses, and takes again what is answered', async () => {
  const { writer, group } = start({ maxWaiting: 2 });
  const appends = Array.from({ length: 3 }, () => watch(group.append(entry())));
  await settle();
  expect(appends.map(({ outcome }) => outcome)).toEqual(['open', 'open', 'SW_JOURNAL_FULL no']);
  await writer.succeed();
  const next = watch(group.append(entry()));
  await settle();
  await writer.succeed();
  expect(next.outcome).toBe('appended');
});

test('reconnections are spaced while the database is away', async () => {
  const { writer, group } = start({ appendDeadlineMs: 60_000 });
  const append = watch(group.append(entry()));
  await settle();
  writer.isReachable = false;
  await writer.fail('lost');
  await clock.advance(10_000);
  expect(writer.attaches.length).toBeGreaterThan(10);
  expect(writer.attaches.length).toBeLessThan(40);
  writer.isReachable = true;
  await clock.advance(1_000);
  await writer.succeed();
  expect(append.outcome).toBe('appended');
});

test('each flush carries the link over all that was appended before it', async () => {
  const { writer, group } = start();
  const claimed = entry({ claims: [{ key: 'k', fingerprint: 'f', role: 'unique' }] });
  const aliased = entry({ claims: [{ key: 'free', fingerprint: 'f', role: 'alias' }] });
  const owned = entry({ claims: [{ key: 'owned', fingerprint: 'f', role: 'alias' }] });
  for (const each of [claimed, aliased, owned]) watch(group.append(each));
  await settle();
  expect(writer.links).toEqual([FIRST]);
  await writer.succeed([[1, { status: 'superseded' }]], ['owned']);
  const second = nextLink(FIRST, [lineIn(aliased, 2, ['free']), lineIn(owned, 3, [])]);
  expect(group.chain).toEqual({ sequence: 3, link: second });
  watch(group.append(entry()));
  await settle();
  expect(writer.links).toEqual([FIRST, second]);
  await writer.succeed([[4, { status: 'superseded' }]]);
  expect(group.chain).toEqual({ sequence: 3, link: second }); // nothing was appended
});

test('a flush in doubt is chained as the next connection finds it', async () => {
  const { writer, group } = start();
  const [absent, found] = [entry(), entry({ claims: [{ key: 'mine', fingerprint: 'f', role: 'alias' }] })];
  for (const each of [absent, found]) watch(group.append(each));
  await settle();
  writer.stored.add(2);
  writer.claimed.add('mine');
  await writer.fail('lost');
  const link = nextLink(FIRST, [lineIn(found, 2, ['mine'])]);
  expect(group.chain).toEqual({ sequence: 2, link });
  expect(writer.links.at(-1)).toBe(link); // of the flush that asks about the other again
});

function lineIn(entry: NewEntry, sequence: number, keys: readonly string[]): string {
  const { transaction, version, kind } = entry;
  const claims = keys.map((key) => [key, 'f', transaction] as const);
  const body = bodyText(kind, entry.body, transaction) ?? '';
  return lineOf({ sequence, transaction, version, atMicros: clock.wall() * 1_000, kind, body, claims });
}
