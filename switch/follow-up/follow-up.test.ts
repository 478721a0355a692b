import { describe, expect, it } from 'vitest';
import type { PopStanding } from '../../connectors/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { lateAnswer } from '../node/late-answers.ts';
import { recover } from '../node/recover.ts';
import { authorise } from '../serve/authorise.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { FollowUpResult } from './queue.ts';
import { followUpTasks } from './tasks.ts';

/** Runs one purchase to its end, and gives its id. */
async function purchase(core: TestCore, message = purchaseMessage()): Promise<string> {
  const done = served(authorise, inbound(core, message), core.ports);
  await core.clock.advance(10_000);
  await done;
  return core.journal.entries[0]?.transaction ?? '';
}

async function run(
  core: TestCore,
  task: 'reverse-network' | 'complete-pop' | 'cancel-pop',
  transaction: string,
  attempt = 1,
): Promise<FollowUpResult> {
  const result = followUpTasks(core.ports)[task]({ transaction, attempt, lane: 'test' });
  await core.clock.advance(10);
  return result;
}

const state = async (core: TestCore, id: string) => {
  const { network, pop, cases } = await readTransaction(core.journal, id);
  return { network, pop, cases };
};

describe('the reversal of a network leg', () => {
  const unknownLeg = () => {
    const core = createTestCore();
    core.network.afterMs = 60_000;
    return core;
  };

  it('ends with the acknowledgement', async () => {
    const core = unknownLeg();
    const id = await purchase(core);
    expect(await run(core, 'reverse-network', id)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ network: 'reversed' });
    expect(core.sent.reversed).toMatchObject([{ facts: { transaction: id }, repeat: false }]);
  });

  it('answered with a retryable code is tried again, by the strategy of its own task', async () => {
    const core = unknownLeg();
    const id = await purchase(core);
    core.reversal = { status: 'refused', code: '96' };
    const own = { firstDelayMs: 7_000, jitter: 0, maxDelayMs: 7_000 };
    const { followUps } = core.ports.settings;
    const settings = {
      ...core.ports.settings,
      followUps: { ...followUps, strategies: { 'reverse-network': own } },
    };
    const tasks = followUpTasks({ ...core.ports, settings });
    const job = { transaction: id, attempt: 1, lane: 'test' };
    expect(await tasks['reverse-network'](job)).toEqual({ retryAfterMs: 7_000 });
    expect(await state(core, id)).toMatchObject({ network: 'unknown', cases: [] });
    core.reversal = { status: 'refused', code: '05' };
    expect(await tasks['reverse-network'](job)).toMatchObject({ park: expect.stringContaining('05') });
  });

  it('sends the card number it never wrote down', async () => {
    const core = unknownLeg();
    await run(core, 'reverse-network', await purchase(core));
    expect(core.sent.reversed[0]?.pan.reveal()).toBe('4242424242424242');
  });

  it.each(['unknown', 'unreachable'] as const)(
    'is tried again with the repeat MTI after %s',
    async (status) => {
      const core = unknownLeg();
      const id = await purchase(core);
      core.reversal = { status, reason: 'silence' };
      expect(await run(core, 'reverse-network', id)).toMatchObject({ retryAfterMs: expect.any(Number) });
      core.reversal = { status: 'acknowledged', code: '00' };
      expect(await run(core, 'reverse-network', id, 2)).toEqual({ done: true });
      expect(core.sent.reversed.map(({ repeat }) => repeat)).toEqual([false, true]);
    },
  );

  it('is not sent twice once acknowledged', async () => {
    const core = unknownLeg();
    const id = await purchase(core);
    await run(core, 'reverse-network', id);
    expect(await run(core, 'reverse-network', id)).toEqual({ done: true });
    expect(core.sent.reversed).toHaveLength(1);
  });

  it('is parked as a case when the network refuses it', async () => {
    const core = unknownLeg();
    const id = await purchase(core);
    core.reversal = { status: 'refused', code: '12' };
    expect(await run(core, 'reverse-network', id)).toMatchObject({ park: expect.stringContaining('12') });
    expect(await state(core, id)).toMatchObject({ network: 'reversal-refused', cases: ['reversal-refused'] });
  });

  it('is parked, never dropped, after the last attempt', async () => {
    const core = unknownLeg();
    const id = await purchase(core);
    core.reversal = { status: 'unknown', reason: 'silence' };
    const last = core.ports.settings.followUps.maxAttempts;
    expect(await run(core, 'reverse-network', id, last)).toMatchObject({ park: expect.any(String) });
  });
});

describe('the proof of an approved purchase', () => {
  it('is followed until the consensus has validated it', async () => {
    const core = createTestCore();
    const id = await purchase(core);
    expect(await run(core, 'complete-pop', id)).toMatchObject({ retryAfterMs: expect.any(Number) });
    core.standing = { status: 'validated', validation: 'v-1' };
    expect(await run(core, 'complete-pop', id, 2)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'validated' });
  });

  it('is initiated where the consensus never heard of it', async () => {
    const core = createTestCore();
    core.pop = { outcome: { status: 'unreachable', reason: 'refused' }, afterMs: 1 };
    const id = await purchase(core);
    core.standing = { status: 'absent' };
    expect(await run(core, 'complete-pop', id)).toMatchObject({ retryAfterMs: expect.any(Number) });
    core.pop.outcome = { status: 'accepted', validation: 'v-2' };
    expect(await run(core, 'complete-pop', id, 2)).toEqual({ done: true });
    expect(core.sent.initiated).toEqual([id, id, id]);
    expect(await state(core, id)).toMatchObject({ pop: 'accepted' });
  });

  /**
   * Approved while the consensus could not be reached; a follow-up asks for its proof, and what becomes of it is
   * unknown.
   */
  const askedLater = async (message = purchaseMessage()) => {
    const core = createTestCore();
    core.pop = { outcome: { status: 'unreachable', reason: 'refused' }, afterMs: 1 };
    const id = await purchase(core, message);
    core.standing = { status: 'absent' };
    core.pop.outcome = { status: 'unknown', reason: 'no answer by the deadline' };
    await run(core, 'complete-pop', id);
    const body = { key: 'part', reply: { code: '00' }, remainingMinorUnits: 1_000 };
    await appendNext(core.journal, id, () => ({ kind: 'partly-taken-back', body }));
    return { core, id };
  };

  it('is asked for with an amount that is written down before', async () => {
    const { core, id } = await askedLater();
    expect(core.journal.kinds(id)).toEqual(['intended', 'decided', 'pop-asked', 'partly-taken-back']);
    core.standing = { status: 'validated', validation: 'v-1' };
    expect(await run(core, 'complete-pop', id, 2)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'stands', cases: ['pop-stands'] });
  });

  it('of another amount is forestalled while it may still arrive, then put right', async () => {
    const { core, id } = await askedLater();
    const amounts: number[] = [];
    core.ports.pop.initiate = async ({ amount }) => {
      amounts.push(amount.minorUnits);
      return { status: 'accepted', validation: `v-${amounts.length}` };
    };
    expect(await run(core, 'complete-pop', id, 2)).toEqual({ retryAfterMs: 0 });
    core.standing = { status: 'cancelled', validation: 'v-1' };
    expect(await run(core, 'complete-pop', id, 3)).toEqual({ done: true });
    expect(amounts).toEqual([2_500, 1_000]);
    expect(await state(core, id)).toMatchObject({ pop: 'accepted', cases: [] });
  });

  it('is over where only cash is left', async () => {
    const cash = { accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: '000000002000' };
    const { core, id } = await askedLater(purchaseMessage({ mti: '0200', de3: '090000', de54: [cash] }));
    core.standing = { status: 'cancelled', validation: 'v-1' };
    expect(await run(core, 'complete-pop', id, 2)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'cancelled', cases: [] });
    expect(core.sent.initiated).toHaveLength(2);
  });

  it('put right is asked for again where only the wrong one, cancelled, is known', async () => {
    const { core, id } = await askedLater();
    core.standing = { status: 'cancelled', validation: 'v-1' };
    expect(await run(core, 'complete-pop', id, 2)).toMatchObject({ retryAfterMs: expect.any(Number) });
    core.pop.outcome = { status: 'accepted', validation: 'v-2' };
    expect(await run(core, 'complete-pop', id, 3)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'accepted', cases: [] });
  });

  it.each(['rejected', 'expired'] as const)(
    'of another amount, %s, leaves the right one to be asked for',
    async (status) => {
      const { core, id } = await askedLater();
      core.standing = { status, validation: 'v-1' };
      core.pop.outcome = { status: 'accepted', validation: 'v-2' };
      expect(await run(core, 'complete-pop', id, 2)).toEqual({ done: true });
      expect(await state(core, id)).toMatchObject({ pop: 'accepted', cases: [] });
    },
  );

  it.each(['rejected', 'expired'] as const)(
    'of another amount, %s, is not taken for the right one, which may still be on its way',
    async (status) => {
      const { core, id } = await askedLater();
      core.standing = { status, validation: 'v-1' };
      expect(await run(core, 'complete-pop', id, 2)).toMatchObject({ retryAfterMs: expect.any(Number) });
      core.pop.outcome = { status: 'accepted', validation: 'v-2' };
      expect(await run(core, 'complete-pop', id, 3)).toEqual({ done: true });
      expect(await state(core, id)).toMatchObject({ pop: 'accepted', cases: [] });
    },
  );

  it.each(['rejected', 'expired', 'cancelled'] as const)(
    '%s after the approval is a case',
    async (status) => {
      const core = createTestCore();
      const id = await purchase(core);
      core.standing = { status, validation: 'v-1' };
      expect(await run(core, 'complete-pop', id)).toEqual({ done: true });
      expect(await state(core, id)).toMatchObject({
        network: 'approved',
        pop: 'rejected',
        cases: ['pop-rejected'],
      });
    },
  );
});

describe('the proof of a purchase that does not stand', () => {
  const refused = () => {
    const core = createTestCore();
    core.network.outcome = { status: 'refused', code: '51' };
    return core;
  };

  it('is cancelled', async () => {
    const core = refused();
    const id = await purchase(core);
    expect(await run(core, 'cancel-pop', id)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'cancelled' });
  });

  it('is initiated in order to be cancelled where it is absent: the first initiation may still arrive', async () => {
    const core = refused();
    core.pop.outcome = { status: 'unknown', reason: 'no answer by the deadline' };
    const id = await purchase(core);
    core.standing = { status: 'absent' };
    core.pop = { outcome: { status: 'accepted', validation: 'v-1' }, afterMs: 1 };
    const cancelled: string[] = [];
    core.ports.pop.cancel = async (validation) => {
      cancelled.push(validation);
      return { status: 'cancelled' };
    };
    expect(await run(core, 'cancel-pop', id)).toEqual({ done: true });
    expect(core.sent.initiated).toEqual([id, id]);
    expect(cancelled).toEqual(['v-1']);
    expect(await state(core, id)).toMatchObject({ pop: 'cancelled' });
  });

  it('is forestalled where only the proof before is known: the one asked for since may still arrive', async () => {
    const core = createTestCore();
    core.pop = { outcome: { status: 'accepted', validation: 'v-1' }, afterMs: 1 };
    const id = await purchase(core);
    const part = { key: 'part', reply: { code: '00' }, remainingMinorUnits: 1_000 };
    await appendNext(core.journal, id, () => ({ kind: 'partly-taken-back', body: part }));
    core.standing = { status: 'cancelled', validation: 'v-1' };
    core.pop.outcome = { status: 'unknown', reason: 'no answer by the deadline' };
    await run(core, 'complete-pop', id);
    expect(core.journal.kinds(id).at(-1)).toBe('pop-asked');

    core.pop.outcome = { status: 'accepted', validation: 'v-2' };
    const cancelled: string[] = [];
    core.ports.pop.cancel = async (validation) => {
      cancelled.push(validation);
      return { status: 'cancelled' };
    };
    expect(await run(core, 'cancel-pop', id, 2)).toEqual({ done: true });
    expect(cancelled).toEqual(['v-2']);
    expect(await state(core, id)).toMatchObject({ pop: 'cancelled' });
  });

  it('is looked up again where its initiation is rejected: it may stand all the same', async () => {
    const core = refused();
    core.pop.outcome = { status: 'unknown', reason: 'no answer by the deadline' };
    const id = await purchase(core);
    core.pop = { outcome: { status: 'rejected', reason: 'rejected' }, afterMs: 1 };
    const standings: PopStanding[] = [{ status: 'absent' }, { status: 'validated', validation: 'v-1' }];
    core.ports.pop.standing = async () => standings.shift() ?? { status: 'absent' };
    core.ports.pop.cancel = async () => ({ status: 'too-late', reason: 'already validated' });
    expect(await run(core, 'cancel-pop', id)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'stands', cases: ['pop-stands'] });
  });

  it('is waited for while the consensus is away', async () => {
    const core = refused();
    const id = await purchase(core);
    core.standing = { status: 'unavailable', reason: 'refused' };
    expect(await run(core, 'cancel-pop', id)).toMatchObject({ retryAfterMs: expect.any(Number) });
  });

  it('that is validated already is a case for people', async () => {
    const core = refused();
    const id = await purchase(core);
    core.standing = { status: 'validated', validation: 'v-1' };
    core.ports.pop.cancel = async () => ({ status: 'too-late', reason: 'already validated' });
    expect(await run(core, 'cancel-pop', id)).toEqual({ done: true });
    expect(await state(core, id)).toMatchObject({ pop: 'stands', cases: ['pop-stands'] });
  });
});

describe('a late answer', () => {
  it('is kept as evidence, asks for the reversal, and changes no reply', async () => {
    const core = createTestCore();
    core.network.afterMs = 60_000;
    const id = await purchase(core);
    core.journal.followUps.length = 0;
    await lateAnswer({ transaction: id, approved: true, code: '00' }, core.ports);
    expect(core.journal.kinds(id)).toEqual(['intended', 'decided', 'late-answer']);
    expect(core.journal.followUps).toMatchObject([{ task: 'reverse-network', lane: 'network/visa' }]);
    expect((await readTransaction(core.journal, id)).decided?.reply.code).toBe('91');
  });
});

describe('a late answer while the journal is away', () => {
  it('is written down once the journal is back', async () => {
    const core = createTestCore();
    core.network.afterMs = 60_000;
    const id = await purchase(core);
    core.journal.moods = ['away', 'unknown-lost'];
    const done = lateAnswer({ transaction: id, approved: true, code: '00' }, core.ports);
    await core.clock.advance(1_000);
    await done;
    expect(core.journal.kinds(id)).toEqual(['intended', 'decided', 'late-answer']);
  });
});

describe('recovery', () => {
  it('closes what was intended and never decided: 91, reversal, PoP cancelled', async () => {
    const core = createTestCore();
    core.journal.moods = ['well', 'unknown-lost'];
    core.ports.unsettled.close();
    const id = await purchase(core);
    expect(core.journal.kinds(id)).toEqual(['intended']);
    expect(await recover(core.ports)).toBe(1);
    expect((await readTransaction(core.journal, id)).decided).toMatchObject({
      approved: false,
      reply: { code: '91' },
      network: { status: 'unknown' },
    });
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
    expect(await recover(core.ports)).toBe(0);
  });
});
