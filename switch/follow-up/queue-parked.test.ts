import { expect, test, vi } from 'vitest';
import type { FollowUpResult } from './queue.ts';
import { admin, journal, parked, queue, recorder, untilEmpty, withQueue, work } from './testing.ts';

withQueue();

test('a follow-up passes by a parked one that it need not wait for', async () => {
  const order: string[] = [];
  const task = (name: string) => async (): Promise<FollowUpResult> => {
    order.push(name);
    return order.length === 1 ? { park: 'the network refuses it' } : { done: true };
  };
  await work({ 'reverse-network': task('reverse'), 'advise-network': task('advise') });
  const transaction = await queue({ task: 'reverse-network' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(1), { timeout: 10_000 });
  await journal.append({
    transaction,
    version: 2,
    kind: 'taken-back',
    body: {},
    followUps: [{ task: 'reverse-network', lane: 'visa', transaction }],
  });
  await untilEmpty();
  expect(order).toEqual(['reverse', 'reverse']);
  expect(await parked.list()).toHaveLength(1);
});

test('a reversal waits behind a parked advice: the network must hear of the approval first', async () => {
  const advise = async (): Promise<FollowUpResult> => ({ park: 'no answer' });
  const { seen, task } = recorder(() => ({ done: true }));
  await work({ 'advise-network': advise, 'reverse-network': task });
  await queue({ task: 'advise-network' }, { task: 'reverse-network' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(2), { timeout: 10_000 });
  expect(seen).toEqual([]);
});

test('what is parked is counted and replayed in bulk, begun one after the other', async () => {
  let isAway = true;
  const { seen, task } = recorder(() => (isAway ? { park: 'no answer' } : { done: true }));
  await work({ send: task, other: async () => ({ park: 'refused' }) });
  for (let n = 0; n < 20; n += 1) await queue({}, {});
  await queue({ task: 'other', lane: 'pop' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(41), { timeout: 10_000 });
  const groups = await parked.groups({ lane: 'visa', reason: 'no answer' });
  expect(groups).toMatchObject([{ lane: 'visa', task: 'send', reason: 'no answer', count: 20 }]);

  isAway = false;
  seen.length = 0;
  expect(await parked.replayAll({ lane: 'visa' }, 10)).toBe(40);
  await untilEmpty();
  expect(seen).toHaveLength(40);
  expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(250);
  expect(await parked.list()).toMatchObject([{ task: 'other' }]);
});

test('what is parked again while it is replayed is left, and replayed from its second attempt on', async () => {
  const { seen, task } = recorder(({ attempt }) =>
    attempt % 3 === 0 ? { park: 'the last attempt' } : { retryAfterMs: 1 },
  );
  await work({ send: task });
  await queue({});
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(1), { timeout: 10_000 });
  expect(await parked.replayAll({}, 0)).toBe(1);
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(1), { timeout: 10_000 });
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 2, 3]);
  const { rows } = await admin.query('select key from switch.alert');
  expect(rows).toHaveLength(2);
});

test('a parked follow-up is seen, holds back those behind it, and runs when replayed', async () => {
  let isMended = false;
  const order: string[] = [];
  const task = (name: string) => async (): Promise<FollowUpResult> => {
    order.push(name);
    return name === 'first' && !isMended ? { park: 'the link refuses it' } : { done: true };
  };
  await work({ first: task('first'), second: task('second') });
  const transaction = await queue({ task: 'first' }, { task: 'second' });
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(2), { timeout: 10_000 });
  const [first, second] = await parked.list();
  expect(first).toMatchObject({
    transaction,
    lane: 'visa',
    task: 'first',
    attempt: 1,
    reason: 'the link refuses it',
  });
  expect(second?.reason).toBe(`behind parked follow-up ${first?.position}`);
  expect(order).toEqual(['first']);
  isMended = true;
  expect(await parked.replay(first?.position ?? 0)).toBe(2);
  await untilEmpty();
  expect(order).toEqual(['first', 'first', 'second']);
  expect(await parked.list()).toEqual([]);
  expect(await parked.replay(first?.position ?? 0)).toBe(0);
});
