import { describe, expect, test } from 'vitest';
import { createTestCore, inbound, served, type TestCore } from '../../test/support/core.ts';
import { readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { authorise } from './authorise.ts';
import { takeBack, takeIncrementBack } from './undo.ts';

const TOLD = { key: 'k', reply: { code: '00', rrn: '632812000001' } };

async function approvedPayment(core: TestCore = createTestCore()): Promise<Transaction> {
  const reply = served(authorise, inbound(core), core.ports);
  await core.clock.advance(5_000);
  expect(await reply).toMatchObject({ code: '00' });
  return readTransaction(core.journal, core.journal.entries[0]?.transaction ?? '');
}

describe('a payment of 25.00 that is taken back', () => {
  test.each([2_500, 2_501])('cannot leave %i: that is no less than what stands', async (remaining) => {
    const found = await approvedPayment();
    expect(() => takeBack(found, { ...TOLD, by: 'reversal' }, remaining)).toThrow(
      expect.objectContaining({ code: 'SW_AMOUNT' }),
    );
  });

  test('down to 24.99 is left at that, at the network and in its proof', async () => {
    const { reply, entry } = takeBack(await approvedPayment(), { ...TOLD, by: 'reversal' }, 2_499);
    expect(reply).toBe(TOLD.reply);
    expect(entry).toMatchObject({ kind: 'partly-taken-back', body: { ...TOLD, remainingMinorUnits: 2_499 } });
    expect(entry.followUps?.map(({ task }) => task)).toEqual(['reverse-network', 'complete-pop']);
  });

  test('in full is undone at the network, and its proof cancelled, at once or after a wait', async () => {
    const found = await approvedPayment();
    const atOnce = takeBack(found, { ...TOLD, by: 'reversal' }, 0).entry;
    expect(atOnce.kind).toBe('taken-back');
    expect(atOnce.followUps?.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
    expect(atOnce.followUps?.every(({ runAfterMs }) => runAfterMs === undefined)).toBe(true);

    const later = takeBack(found, { ...TOLD, by: 'void' }, 0, 3_000).entry;
    expect(later.followUps?.map(({ runAfterMs }) => runAfterMs)).toEqual([3_000, 3_000]);
  });

  test.each([1, 2_499])('beside its void is left at %i, should the void be reversed', async (remaining) => {
    const voided = [{ key: 'v', before: { standingMinorUnits: 2_500 }, isReversed: false }];
    const found = { ...(await approvedPayment()), state: 'taken-back', takenBack: 'void', voids: voided };
    const { entry } = takeBack(found as unknown as Transaction, { ...TOLD, by: 'reversal' }, remaining);
    expect(entry).toEqual({
      kind: 'partly-taken-back',
      body: { ...TOLD, remainingMinorUnits: remaining },
    });
  });

  test('of which nothing stands any more asks nothing of anybody', async () => {
    const found = { ...(await approvedPayment()), state: 'taken-back' } as Transaction;
    expect(takeBack(found, { ...TOLD, by: 'reversal' }, 0).entry.followUps).toEqual([]);
  });
});

describe('an increment of 10.00 that is taken back', () => {
  const increment = {
    key: 'i',
    state: 'approved',
    standingMinorUnits: 1_000,
  } as Transaction['increments'][0];

  test.each([1_000, 1_001])('cannot leave %i: that is no less than what stands', async (remaining) => {
    const found = await approvedPayment();
    expect(() => takeIncrementBack(found, increment, remaining, TOLD)).toThrow(
      expect.objectContaining({ code: 'SW_AMOUNT' }),
    );
  });

  test('cannot leave a part while it is open: nobody knows what stands', async () => {
    const open = { ...increment, state: 'open' } as const;
    const found = await approvedPayment();
    expect(() => takeIncrementBack(found, open, 1, TOLD)).toThrow(
      expect.objectContaining({ code: 'SW_AMOUNT' }),
    );
  });

  test('cannot be taken back once the whole is completed, unless it never stood', async () => {
    const found = { ...(await approvedPayment()), state: 'captured' } as Transaction;
    expect(() => takeIncrementBack(found, increment, 0, TOLD)).toThrow(
      expect.objectContaining({ code: 'SW_ORIGINAL_STATE' }),
    );
    expect(takeIncrementBack(found, { ...increment, state: 'closed' }, 0, TOLD)).toEqual({
      reply: TOLD.reply,
    });
  });

  test('is reversed at the network by itself', async () => {
    const undone = takeIncrementBack(await approvedPayment(), increment, 999, TOLD);
    expect(undone).toMatchObject({
      entry: { kind: 'increment-taken-back', body: { ...TOLD, increment: 'i', remainingMinorUnits: 999 } },
    });
    expect('entry' in undone && undone.entry.followUps?.map(({ task }) => task)).toEqual(['reverse-network']);
  });
});
