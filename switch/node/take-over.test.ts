import { afterEach, expect, test } from 'vitest';
import { createTestCore, inbound, served, type TestCore } from '../../test/support/core.ts';
import { authorise } from '../serve/authorise.ts';
import { TakeOver } from './take-over.ts';

const EVERY_MS = 1_000;
let takeOver: TakeOver | undefined;

afterEach(() => takeOver?.close());

/** A transaction that its node intended and never decided. */
async function leaveUndecided(core: TestCore): Promise<string> {
  core.journal.moods = ['well', 'unknown-lost'];
  core.ports.unsettled.close();
  const done = served(authorise, inbound(core), core.ports);
  await core.clock.advance(3_000);
  await done;
  return core.journal.entries[0]?.transaction ?? '';
}

test('what a dead node left undecided is closed within the interval and its jitter, once', async () => {
  const core = createTestCore();
  const id = await leaveUndecided(core);
  takeOver = new TakeOver(core.ports, EVERY_MS);
  await core.clock.advance(EVERY_MS * 0.79);
  expect(core.journal.kinds(id)).toEqual(['intended']);
  await core.clock.advance(EVERY_MS * 0.41);
  expect(core.journal.kinds(id)).toEqual(['intended', 'decided']);
  expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
  await core.clock.advance(EVERY_MS * 10);
  expect(core.journal.entries).toHaveLength(2);
});

test('a journal that is away is asked again', async () => {
  const core = createTestCore();
  const id = await leaveUndecided(core);
  takeOver = new TakeOver(core.ports, EVERY_MS);
  core.journal.moods = ['away'];
  await core.clock.advance(EVERY_MS * 1.2);
  expect(core.journal.kinds(id)).toEqual(['intended']);
  await core.clock.advance(EVERY_MS * 1.2);
  expect(core.journal.kinds(id)).toEqual(['intended', 'decided']);
});

test('once closed it looks no more', async () => {
  const core = createTestCore();
  const id = await leaveUndecided(core);
  takeOver = new TakeOver(core.ports, EVERY_MS);
  await takeOver.close();
  await core.clock.advance(EVERY_MS * 5);
  expect(core.journal.kinds(id)).toEqual(['intended']);
});
