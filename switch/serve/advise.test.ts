import { describe, expect, it } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { followUpTasks } from '../follow-up/tasks.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { readTransaction } from '../transaction/append-next.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { advise } from './advise.ts';
import { authorise } from './authorise.ts';
import { reverse } from './take-back.ts';

async function run(
  core: TestCore,
  handler: typeof authorise,
  message: TerminalMessage,
): Promise<ReplyFields | undefined | Error> {
  const ended = served(handler, inbound(core, message), core.ports).catch((error: Error) => error);
  await core.clock.advance(10_000);
  return ended;
}

const RRN = '632812000001';
const preAuthorisation = purchaseMessage({ de25: '06', de37: RRN });
const completion = (overrides: Partial<TerminalMessage> = {}): TerminalMessage => ({
  ...purchaseMessage({ de25: '06', de37: RRN, de4: '000000002000' }),
  mti: '0220',
  de11: '000002',
  de7: '1123130000',
  ...overrides,
});
const offline = (overrides: Partial<TerminalMessage> = {}): TerminalMessage => ({
  ...purchaseMessage(),
  mti: '0220',
  de38: 'OFF123',
  ...overrides,
});

const first = (core: TestCore) => readTransaction(core.journal, core.journal.entries[0]?.transaction ?? '');
const tasks = (core: TestCore) => core.journal.followUps.map(({ task }) => task);

async function carryOut(
  core: TestCore,
  task: 'advise-network' | 'reverse-network' | 'complete-pop',
  attempt = 1,
) {
  const { id } = await first(core);
  const result = followUpTasks(core.ports)[task]({ transaction: id, attempt, lane: 'test' });
  await core.clock.advance(50);
  return result;
}

describe('a pre-authorisation', () => {
  it('opens the network leg only: nothing was bought yet', async () => {
    const core = createTestCore();
    expect(await run(core, authorise, preAuthorisation)).toMatchObject({ code: '00' });
    expect(core.sent.initiated).toEqual([]);
    expect(await first(core)).toMatchObject({ state: 'approved', pop: 'not-applicable' });
  });

  it('is not completed by an advice with the approval code of another', async () => {
    const core = createTestCore();
    await run(core, authorise, preAuthorisation);
    expect(await run(core, advise, completion({ de38: 'Z9Z9Z9' }))).toMatchObject({
      code: 'SW_ORIGINAL_UNKNOWN',
    });
    expect(await run(core, advise, completion({ de11: '000003', de38: 'A1B2C3' }))).toMatchObject({
      code: '00',
    });
  });

  it('completed for less: captured, and network and consensus hear of what was captured', async () => {
    const core = createTestCore();
    await run(core, authorise, preAuthorisation);
    expect(await run(core, advise, completion())).toMatchObject({ code: '00', rrn: RRN });
    expect(await first(core)).toMatchObject({ state: 'captured', standingMinorUnits: 2_000, pop: 'planned' });
    expect(tasks(core)).toEqual(['watch-hold', 'advise-network', 'complete-pop']);
    expect(await carryOut(core, 'advise-network')).toEqual({ done: true });
    core.standing = { status: 'absent' };
    await carryOut(core, 'complete-pop');
    expect(core.sent.initiated).toHaveLength(1);
    expect(await first(core)).toMatchObject({ network: 'advised', pop: 'accepted', popMinorUnits: 2_000 });
  });

  it.each([
    ['more than was authorised', { de4: '000000002501' }, 'SW_AMOUNT'],
    ['another card', { de2: Pan.of('4111111111111111') }, 'SW_CARD_CONTRADICTORY'],
    ['another currency', { de49: '392' }, 'SW_AMOUNT'],
    ['an unknown reference', { de37: '632812999999' }, 'SW_ORIGINAL_UNKNOWN'],
  ])('is not completed for %s', async (_, change, code) => {
    const core = createTestCore();
    await run(core, authorise, preAuthorisation);
    expect(await run(core, advise, completion(change))).toMatchObject({ code });
    expect(await first(core)).toMatchObject({ state: 'approved' });
  });

  it('is completed once: a repeat hears the same, a second completion is refused', async () => {
    const core = createTestCore();
    await run(core, authorise, preAuthorisation);
    const answer = await run(core, advise, completion());
    expect(await run(core, advise, completion({ mti: '0221' }))).toEqual(answer);
    expect(await run(core, advise, completion({ de11: '000009' }))).toMatchObject({
      code: 'SW_ORIGINAL_STATE',
    });
    expect(tasks(core)).toEqual(['watch-hold', 'advise-network', 'complete-pop']);
  });

  it('a purchase cannot be completed', async () => {
    const core = createTestCore();
    await run(core, authorise, purchaseMessage({ de37: RRN }));
    expect(await run(core, advise, completion())).toMatchObject({ code: 'SW_ORIGINAL_STATE' });
  });
});

describe('an offline purchase', () => {
  it('is accepted once durable, then told to network and consensus', async () => {
    const core = createTestCore();
    expect(await run(core, advise, offline())).toMatchObject({ code: '00' });
    expect(core.sent.authorised).toEqual([]);
    expect(tasks(core)).toEqual(['advise-network', 'complete-pop']);
    await carryOut(core, 'advise-network');
    expect(await first(core)).toMatchObject({
      state: 'captured',
      network: 'advised',
      networkMinorUnits: 2_500,
    });
  });

  it('is retried with the repeat MTI, and put before people where the network refuses it', async () => {
    const core = createTestCore();
    await run(core, advise, offline());
    core.reversal = { status: 'unknown', reason: 'silence' };
    expect(await carryOut(core, 'advise-network')).toMatchObject({ retryAfterMs: expect.any(Number) });
    core.reversal = { status: 'refused', code: '14' };
    expect(await carryOut(core, 'advise-network', 2)).toEqual({ done: true });
    expect(await first(core)).toMatchObject({ network: 'advice-refused', cases: ['advice-refused'] });
  });

  it('repeated hears the same and has one effect; other content is refused 94', async () => {
    const core = createTestCore();
    const answer = await run(core, advise, offline());
    expect(await run(core, advise, offline({ mti: '0221' }))).toEqual(answer);
    expect(await run(core, advise, offline({ de4: '000000009900' }))).toMatchObject({
      code: 'SW_KEY_REUSED',
    });
    expect(tasks(core)).toEqual(['advise-network', 'complete-pop']);
  });

  it('is no other one of its retrieval reference, whose reversal came before it', async () => {
    const core = createTestCore();
    const numbers = { de37: RRN, de11: '000001', de4: '000000005600', de7: '1123115900', de12: '125900' };
    await run(core, reverse, { ...purchaseMessage(numbers), mti: '0420' });
    expect(core.journal.kinds(core.journal.entries[0]?.transaction ?? '')).toEqual(['remembered']);
    expect(await run(core, advise, offline({ de37: RRN, de11: '000002' }))).toMatchObject({ code: '00' });
    const same = offline({ ...numbers, de7: '1123121500', de12: '131500' });
    expect(await run(core, advise, same)).toMatchObject({ code: 'SW_ALREADY_REVERSED' });
  });

  it('can be taken back; the network hears of both, in this order', async () => {
    const core = createTestCore();
    await run(core, advise, offline({ de37: RRN }));
    await run(core, reverse, {
      ...purchaseMessage(),
      mti: '0400',
      de11: '000005',
      de37: RRN,
    });
    expect(await first(core)).toMatchObject({ state: 'taken-back' });
    await carryOut(core, 'advise-network');
    await carryOut(core, 'reverse-network');
    expect(core.sent.reversed).toHaveLength(1);
    expect(await first(core)).toMatchObject({ network: 'reversed', networkMinorUnits: 0 });
  });
});

describe('other services', () => {
  it.each([
    ['cash', '010000', {}],
    ['refund', '200000', {}],
    ['balance', '310000', {}],
  ] as const)('%s asks the network alone', async (kind, de3, change) => {
    const core = createTestCore();
    expect(await run(core, authorise, purchaseMessage({ de3, ...change }))).toMatchObject({ code: '00' });
    expect(core.sent.authorised).toMatchObject([{ kind, processingCode: de3 }]);
    expect(core.sent.initiated).toEqual([]);
  });

  it('a cashback is witnessed without the cash', async () => {
    const core = createTestCore();
    const cash = { accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: '000000001000' };
    await run(core, authorise, purchaseMessage({ de3: '090000', de54: [cash] }));
    expect(core.sent.authorised).toMatchObject([{ kind: 'cashback', cashbackMinorUnits: 1_000 }]);
    expect(core.sent.initiated).toHaveLength(1);
  });

  it('more cashback than purchase is refused', async () => {
    const core = createTestCore();
    const cash = { accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: '000000009900' };
    const answer = await run(core, authorise, purchaseMessage({ de3: '090000', de54: [cash] }));
    expect(answer).toMatchObject({ code: 'SW_AMOUNT', responseCode: '13' });
  });

  it('an account is verified with no amount, and an unknown outcome leaves nothing to reverse', async () => {
    const core = createTestCore();
    core.network.afterMs = 60_000;
    const message = purchaseMessage({ de4: '000000000000', de25: '51' });
    expect(await run(core, authorise, message)).toMatchObject({ code: '91' });
    expect(core.sent.authorised).toMatchObject([{ kind: 'account-verification' }]);
    expect(tasks(core)).toEqual([]);
  });

  it('a balance is told in the reply', async () => {
    const core = createTestCore();
    const balances = [{ accountType: '10', amountType: '02', currency: '978', minorUnits: 12_345 }];
    core.network.outcome = { status: 'approved', code: '00', balances };
    expect(await run(core, authorise, purchaseMessage({ de3: '310000' }))).toMatchObject({
      code: '00',
      balances,
    });
  });
});
