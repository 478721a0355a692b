import { describe, expect, it, vi } from 'vitest';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { followUpTasks } from '../follow-up/tasks.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { readTransaction } from '../transaction/append-next.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { authorise } from './authorise.ts';
import { reverse, voidPayment } from './take-back.ts';

type Handler = typeof authorise;

async function run(
  core: TestCore,
  handler: Handler,
  message: TerminalMessage,
): Promise<ReplyFields | undefined | Error> {
  const ended = served(handler, inbound(core, message), core.ports).catch((error: Error) => error);
  await core.clock.advance(10_000);
  return ended;
}

const NOBODY = { acquirer: '00000123456', forwarder: '00000000000' };
const original = purchaseMessage({ de37: '632812000001' });
const reversal = (overrides: Partial<TerminalMessage> = {}): TerminalMessage => ({
  ...purchaseMessage(),
  mti: '0400',
  de11: '000002',
  de7: '1123120500',
  de90: { ...NOBODY, mti: '0100', stan: '000001', transmission: '1123120000' },
  ...overrides,
});
const cancellation = (overrides: Partial<TerminalMessage> = {}): TerminalMessage => ({
  ...purchaseMessage(),
  mti: '0200',
  de3: '020000',
  de11: '000003',
  de7: '1123120600',
  de37: '632812000001',
  ...overrides,
});

const firstTransaction = (core: TestCore) =>
  readTransaction(core.journal, core.journal.entries[0]?.transaction ?? '');
const tasksAfter = (core: TestCore, from: number) =>
  core.journal.followUps.slice(from).map(({ task }) => task);

describe('a reversal by the terminal', () => {
  it('takes an approved purchase back: accepted at once, undone at the network and the consensus', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    const before = core.journal.followUps.length;
    expect(await run(core, reverse, reversal())).toMatchObject({ code: '00', rrn: '632812000001' });
    expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
    expect(tasksAfter(core, before)).toEqual(['reverse-network', 'cancel-pop']);
  });

  it('repeated, is answered the same and has one effect', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    const first = await run(core, reverse, reversal());
    const entries = core.journal.entries.length;
    expect(await run(core, reverse, reversal({ mti: '0401' }))).toEqual(first);
    expect(core.journal.entries).toHaveLength(entries);
  });

  it('of an original that never came is accepted and remembered; the late original is refused', async () => {
    const core = createTestCore();
    expect(await run(core, reverse, reversal())).toMatchObject({ code: '00' });
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['look-again']);
    expect(await run(core, authorise, original)).toMatchObject({
      code: 'SW_ALREADY_REVERSED',
      responseCode: '12',
    });
    expect(core.sent.authorised).toEqual([]);
  });

  it('of an original that never came is answered in time beside a merchant’s many sales, however slow a read is', async () => {
    const core = createTestCore();
    for (let sale = 10; sale < 70; sale += 1) {
      await run(core, authorise, purchaseMessage({ de11: `0000${sale}`, de37: `6328120000${sale}` }));
    }
    const { history } = core.journal;
    const slowly: typeof history = async (id) => {
      await new Promise<void>((resolve) => core.clock.after(100, resolve));
      return history.call(core.journal, id);
    };
    vi.spyOn(core.journal, 'history').mockImplementation(slowly);
    const from = core.clock.monotonic();
    const ended = served(reverse, inbound(core, reversal()), core.ports).then(() => core.clock.monotonic());
    await core.clock.advance(10_000);
    expect((await ended) - from).toBeLessThan(1_000);
  });

  it('of an original that never came, told again under other numbers, is accepted again', async () => {
    const core = createTestCore();
    await run(core, reverse, reversal());
    const entries = core.journal.entries.length;
    expect(await run(core, reverse, reversal({ de11: '000008' }))).toMatchObject({ code: '00' });
    expect(core.journal.entries).toHaveLength(entries);
  });

  it('while the original is in flight wins: the terminal is told nothing more of it', async () => {
    const core = createTestCore();
    core.network.afterMs = 500;
    const inFlight = served(authorise, inbound(core, original), core.ports);
    await core.clock.advance(100);
    expect(await served(reverse, inbound(core, reversal()), core.ports)).toMatchObject({ code: '00' });
    await core.clock.advance(10_000);
    expect(await inFlight).toBeUndefined();
    expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back', network: 'unknown' });
    expect(core.journal.followUps.map(({ task }) => task)).toEqual(['reverse-network', 'cancel-pop']);
  });

  it('of a declined purchase is accepted, and nothing is sent', async () => {
    const core = createTestCore();
    core.network.outcome = { status: 'refused', code: '51' };
    await run(core, authorise, original);
    const before = core.journal.followUps.length;
    expect(await run(core, reverse, reversal())).toMatchObject({ code: '00' });
    expect(tasksAfter(core, before)).toEqual([]);
  });

  it('finds its original by STAN and DE7 where it has no DE90', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    const { de90: _, ...bare } = reversal({ de11: '000001', de7: '1123120000' });
    expect(await run(core, reverse, bare)).toMatchObject({ code: '00' });
    expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back' });
  });

  it('in part leaves the rest standing, at the network and in the proof', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    const before = core.journal.followUps.length;
    const de95 = replacement(1_000);
    expect(await run(core, reverse, reversal({ de95 }))).toMatchObject({ code: '00' });
    const { id } = await firstTransaction(core);
    expect(tasksAfter(core, before)).toEqual(['reverse-network', 'complete-pop']);
    await followUpTasks(core.ports)['reverse-network']({ transaction: id, attempt: 1, lane: 'test' });
    expect(core.sent.reversed).toMatchObject([{ reason: 'partial', remainingMinorUnits: 1_000 }]);
    expect(await firstTransaction(core)).toMatchObject({
      state: 'approved',
      standingMinorUnits: 1_000,
      networkMinorUnits: 1_000,
    });
  });

  it('in part of no less than what stands is refused', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    expect(await run(core, reverse, reversal({ de95: replacement(2_500) }))).toMatchObject({
      code: 'SW_AMOUNT',
    });
  });

  it('that the journal cannot take is not accepted', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    core.journal.moods = ['away'];
    expect(await run(core, reverse, reversal())).toMatchObject({ code: 'SW_JOURNAL', responseCode: '96' });
    expect(await firstTransaction(core)).toMatchObject({ state: 'approved' });
  });

  it.each(['unknown-stored', 'unknown-lost'] as const)(
    'is left unanswered where the journal may have taken it (%s): its repeat is accepted',
    async (mood) => {
      const core = createTestCore();
      await run(core, authorise, original);
      core.journal.moods = [mood];
      expect(await run(core, reverse, reversal())).toBeUndefined();
      expect(await run(core, reverse, reversal({ mti: '0401' }))).toMatchObject({ code: '00' });
      expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back' });
    },
  );
});

describe('what a refund has given back', () => {
  const refunded = async (minorUnits: number) => {
    const core = createTestCore();
    await run(core, authorise, original);
    const de4 = String(minorUnits).padStart(12, '0');
    const refund = purchaseMessage({ de3: '200000', de4, de11: '000007', de37: '632812000001' });
    expect(await run(core, authorise, refund)).toMatchObject({ code: '00' });
    return core;
  };

  it.each([
    ['a reversal', reverse, reversal()],
    ['a void', voidPayment, cancellation()],
    ['a reversal down to less', reverse, reversal({ de95: replacement(999) })],
  ])('cannot be taken back by %s as well', async (_, handler, message) => {
    const core = await refunded(1_000);
    expect(await run(core, handler, message)).toEqual({ code: '12' });
    expect(await firstTransaction(core)).toMatchObject({ standingMinorUnits: 2_500 });
  });

  it('is no more where the refund is reversed; the refusal of before is said again all the same', async () => {
    const core = await refunded(1_000);
    expect(await run(core, reverse, reversal())).toEqual({ code: '12' });
    const de90 = { ...NOBODY, mti: '0100', stan: '000007', transmission: '1123120000' };
    expect(await run(core, reverse, reversal({ de4: '000000001000', de11: '000008', de90 }))).toMatchObject({
      code: '00',
    });
    expect(await run(core, reverse, reversal({ mti: '0401' }))).toEqual({ code: '12' });
    expect(await run(core, voidPayment, cancellation())).toMatchObject({ code: '00' });
  });

  it('may be all that stays', async () => {
    const core = await refunded(1_000);
    expect(await run(core, reverse, reversal({ de95: replacement(1_000) }))).toMatchObject({ code: '00' });
    expect(await firstTransaction(core)).toMatchObject({ standingMinorUnits: 1_000 });
  });

  it('is nothing where the network declined it', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    core.network.outcome = { status: 'refused', code: '05' };
    const refund = purchaseMessage({ de3: '200000', de11: '000007', de37: '632812000001' });
    expect(await run(core, authorise, refund)).toMatchObject({ code: '05' });
    expect(await run(core, voidPayment, cancellation())).toMatchObject({ code: '00' });
    expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back' });
  });
});

describe('a notice sent twice at once', () => {
  it.each([
    ['a void', voidPayment, cancellation()],
    ['a partial reversal', reverse, reversal({ de95: replacement(1_000) })],
  ])('%s is answered twice the same', async (_, handler, message) => {
    const core = createTestCore();
    await run(core, authorise, original);
    const { journal } = core;
    const look = journal.transactionOf.bind(journal);
    let twin: ReplyFields | undefined;
    // The one comes to its end just after the other found that nobody knows of it.
    journal.transactionOf = async (key) => {
      const found = await look(key);
      if (found || twin) return found;
      journal.transactionOf = look;
      twin = await served(handler, inbound(core, message), core.ports);
      return found;
    };
    expect(await run(core, handler, message)).toEqual(twin);
    expect(twin).toMatchObject({ code: '00' });
  });
});

describe('a void', () => {
  it('takes an approved purchase back in full', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    expect(await run(core, voidPayment, cancellation())).toMatchObject({ code: '00', rrn: '632812000001' });
    const { id } = await firstTransaction(core);
    await followUpTasks(core.ports)['reverse-network']({ transaction: id, attempt: 1, lane: 'test' });
    expect(core.sent.reversed).toMatchObject([{ reason: 'customer' }]);
    expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back', network: 'reversed' });
  });

  it('repeated is answered the same; a second void of the same purchase is refused', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    const first = await run(core, voidPayment, cancellation());
    expect(await run(core, voidPayment, cancellation({ mti: '0201' }))).toEqual(first);
    expect(await run(core, voidPayment, cancellation({ de11: '000009' }))).toMatchObject({
      code: 'SW_ORIGINAL_STATE',
      responseCode: '12',
    });
  });

  it('of what was never bought here is refused 25', async () => {
    const core = createTestCore();
    expect(await run(core, voidPayment, cancellation())).toMatchObject({
      code: 'SW_ORIGINAL_UNKNOWN',
      responseCode: '25',
    });
    expect(core.journal.entries).toEqual([]);
  });

  it.each([
    ['approval code', { de38: 'Z9Z9Z9' }],
    ['amount', { de4: '000000002600' }],
  ])('with the %s of another purchase finds nothing', async (_, change) => {
    const core = createTestCore();
    await run(core, authorise, original);
    expect(await run(core, voidPayment, cancellation(change))).toMatchObject({ code: 'SW_ORIGINAL_UNKNOWN' });
    const right = { de38: 'A1B2C3', de4: '000000002500' };
    expect(await run(core, voidPayment, cancellation(right))).toMatchObject({ code: '00' });
  });

  it('by another till of the merchant takes it back', async () => {
    const core = createTestCore();
    await run(core, authorise, original);
    expect(await run(core, voidPayment, cancellation({ de41: 'TERM0002' }))).toMatchObject({ code: '00' });
    expect(await firstTransaction(core)).toMatchObject({ state: 'taken-back' });
  });
});

function replacement(minorUnits: number) {
  const transaction = String(minorUnits).padStart(12, '0');
  return { transaction, settlement: '000000000000', transactionFee: 'C00000000', settlementFee: 'C00000000' };
}
