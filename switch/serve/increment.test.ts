import { describe, expect, it } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { type Clock, DAY_MS } from '../../runtime/index.ts';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { followUpTasks } from '../follow-up/tasks.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { readTransaction } from '../transaction/append-next.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { advise } from './advise.ts';
import { authorise } from './authorise.ts';
import { increment } from './increment.ts';
import { reverse, voidPayment } from './take-back.ts';

type Handler = typeof authorise;

async function run(core: TestCore, handler: Handler, message: TerminalMessage) {
  const ended: Promise<ReplyFields | undefined | Error> = served(
    handler,
    inbound(core, message),
    core.ports,
  ).catch((error: Error) => error);
  await core.clock.advance(10_000);
  return ended;
}

const RRN = '632812000001';
const preAuthorisation = purchaseMessage({ de25: '06', de37: RRN, de4: '000000010000' });
const more = (stan: string, change: Partial<TerminalMessage> = {}): TerminalMessage =>
  purchaseMessage({
    de25: '06',
    de37: RRN,
    de38: 'A1B2C3',
    de4: '000000005000',
    de11: stan,
    de7: '1123121000',
    ...change,
  });
const completion = (de4: string, stan = '000090', change = {}): TerminalMessage => ({
  ...purchaseMessage({ de25: '06', de37: RRN, de4, de11: stan, de7: '1123130000', ...change }),
  mti: '0220',
});
const reversalOf = (stan: string, change: Partial<TerminalMessage> = {}): TerminalMessage => ({
  ...purchaseMessage({ de4: '000000000000', de37: RRN, de11: `9${stan.slice(1)}`, de7: '1123140000' }),
  mti: '0400',
  de90: {
    mti: '0100',
    stan,
    transmission: stan === '000001' ? '1123120000' : '1123121000',
    acquirer: '00000000000',
    forwarder: '00000000000',
  },
  ...change,
});
const replacement = (minorUnits: number) => ({
  transaction: String(minorUnits).padStart(12, '0'),
  settlement: '000000000000',
  transactionFee: 'C00000000',
  settlementFee: 'C00000000',
});

const held = (core: TestCore) => readTransaction(core.journal, core.journal.entries[0]?.transaction ?? '');
const tasks = (core: TestCore) => core.journal.followUps.map(({ task }) => task);

async function carryOut(core: TestCore, task: 'close-increment' | 'reverse-network' | 'advise-network') {
  const { id } = await held(core);
  return followUpTasks(core.ports)[task]({ transaction: id, attempt: 1, lane: 'test' });
}

/** A pre-authorisation of 100.00 with these increments of 50.00. */
async function extended(...stans: string[]): Promise<TestCore> {
  const core = createTestCore();
  await run(core, authorise, preAuthorisation);
  for (const stan of stans) expect(await run(core, increment, more(stan))).toMatchObject({ code: '00' });
  return core;
}

describe('an increment', () => {
  it('adds to what stands and what the network holds, asks under its own STAN, and names the hold', async () => {
    const core = await extended('000002', '000003');
    expect(core.sent.authorised.slice(1)).toMatchObject(
      ['000002', '000003'].map((stan) => ({
        kind: 'increment',
        stan,
        rrn: '632700000001',
        amount: { minorUnits: 5_000, currency: '978' },
        addsTo: { stan: '000001', approvalCode: 'A1B2C3' },
      })),
    );
    expect(await held(core)).toMatchObject({
      state: 'approved',
      standingMinorUnits: 20_000,
      networkMinorUnits: 20_000,
    });
    expect(core.sent.initiated).toEqual([]);
  });

  it('repeated hears the same and adds nothing; other content is refused 94', async () => {
    const core = await extended('000002');
    const asked = core.sent.authorised.length;
    expect(await run(core, increment, more('000002', { mti: '0101' }))).toMatchObject({
      code: '00',
      rrn: RRN,
    });
    expect(await run(core, increment, more('000002', { de4: '000000009900' }))).toMatchObject({
      code: 'SW_KEY_REUSED',
    });
    expect(core.sent.authorised).toHaveLength(asked);
    expect(await held(core)).toMatchObject({ standingMinorUnits: 15_000 });
  });

  it('that is declined leaves the hold as it is', async () => {
    const core = await extended();
    core.network.outcome = { status: 'refused', code: '51' };
    expect(await run(core, increment, more('000002'))).toMatchObject({ code: '51' });
    expect(await held(core)).toMatchObject({ standingMinorUnits: 10_000, networkMinorUnits: 10_000 });
  });

  it('that is approved in part adds the part', async () => {
    const core = await extended();
    core.network.outcome = { status: 'approved', code: '10', approvedMinorUnits: 2_000 };
    expect(await run(core, increment, more('000002'))).toMatchObject({
      code: '10',
      approvedMinorUnits: 2_000,
    });
    expect(await held(core)).toMatchObject({ standingMinorUnits: 12_000, networkMinorUnits: 12_000 });
  });

  it('whose outcome is unknown is declined, and its part alone is reversed', async () => {
    const core = await extended('000002');
    core.network.afterMs = 60_000;
    expect(await run(core, increment, more('000003'))).toMatchObject({ code: '91' });
    expect(await held(core)).toMatchObject({ standingMinorUnits: 15_000, networkMinorUnits: 20_000 });
    expect(await carryOut(core, 'reverse-network')).toEqual({ done: true });
    expect(core.sent.reversed).toMatchObject([{ facts: { stan: '000003' }, reason: 'no-confirmation' }]);
    expect(await held(core)).toMatchObject({ state: 'approved', networkMinorUnits: 15_000 });
  });

  it('whose reversal nobody answered is reversed again as a repeat, by whichever follow-up', async () => {
    const core = await extended('000002');
    core.network.afterMs = 60_000;
    await run(core, increment, more('000003'));
    core.reversal = { status: 'unknown', reason: 'no answer' };
    expect(await carryOut(core, 'reverse-network')).toMatchObject({ retryAfterMs: expect.any(Number) });
    core.reversal = { status: 'acknowledged', code: '00' };
    core.network.afterMs = 0;
    const cancel = purchaseMessage({
      mti: '0200',
      de3: '020000',
      de37: RRN,
      de4: '000000015000',
      de11: '000070',
    });
    expect(await run(core, voidPayment, cancel)).toMatchObject({ code: '00' });
    core.sent.reversed.length = 0;
    await carryOut(core, 'reverse-network');
    expect(core.sent.reversed).toMatchObject([
      { facts: { stan: '000003' }, repeat: true },
      { facts: { stan: '000002' }, repeat: true },
      { facts: { stan: '000001' }, repeat: true },
    ]);
  });

  it.each([
    ['what was never held', { de37: '632812999999' }, 'SW_ORIGINAL_UNKNOWN'],
    ['another card', { de2: Pan.of('4111111111111111') }, 'SW_CARD_CONTRADICTORY'],
    ['another currency', { de49: '840' }, 'SW_AMOUNT'],
    ['what was approved under another code', { de38: 'Z9Z9Z9' }, 'SW_ORIGINAL_UNKNOWN'],
  ])('to %s is refused, and nothing is sent', async (_, change, code) => {
    const core = await extended();
    expect(await run(core, increment, more('000002', change))).toMatchObject({ code });
    expect(core.sent.authorised).toHaveLength(1);
  });

  it('to a purchase, a completed or a voided hold is refused; so is one beyond what the scheme allows', async () => {
    const bought = createTestCore();
    await run(bought, authorise, purchaseMessage({ de37: RRN }));
    expect(await run(bought, increment, more('000002'))).toMatchObject({ code: 'SW_ORIGINAL_STATE' });
    const completed = await extended();
    await run(completed, advise, completion('000000008000'));
    expect(await run(completed, increment, more('000002'))).toMatchObject({ code: 'SW_ORIGINAL_STATE' });
    const full = await extended('000002', '000003');
    expect(await run(full, increment, more('000004'))).toMatchObject({ code: 'SW_ORIGINAL_STATE' });
  });

  it('whose node dies is closed by its follow-up, not before its time, and reversed', async () => {
    const core = await extended();
    core.network.afterMs = 60_000;
    void served(increment, inbound(core, more('000002')), {
      ...core.ports,
      checkpoint: (at) => {
        if (at === 'network-answered') throw new Error('the node died');
      },
    }).catch(() => {});
    await core.clock.advance(1_000);
    expect(tasks(core)).toEqual(['watch-hold', 'close-increment']);
    expect(await carryOut(core, 'close-increment')).toEqual({ retryAfterMs: 1_000 });
    await core.clock.advance(1_000);
    expect(await carryOut(core, 'close-increment')).toEqual({ done: true });
    expect(tasks(core)).toEqual(['watch-hold', 'close-increment', 'reverse-network']);
    await carryOut(core, 'reverse-network');
    expect(await held(core)).toMatchObject({ standingMinorUnits: 10_000, networkMinorUnits: 10_000 });
    expect(await run(core, increment, more('000002', { mti: '0101' }))).toMatchObject({ code: '91' });
  });

  it('whose node dies is closed in time, though its clock was a day ahead', async () => {
    const core = await extended();
    core.network.afterMs = 60_000;
    const { clock } = core;
    const ahead: Clock = {
      wall: () => clock.wall() + DAY_MS,
      monotonic: () => clock.monotonic(),
      after: (ms, done) => clock.after(ms, done),
    };
    void served(increment, inbound(core, more('000002')), {
      ...core.ports,
      clock: ahead,
      checkpoint: (at) => {
        if (at === 'network-answered') throw new Error('the node died');
      },
    }).catch(() => {});
    await core.clock.advance(2_000);
    expect(await carryOut(core, 'close-increment')).toEqual({ done: true });
    expect(tasks(core)).toContain('reverse-network');
  });

  it('that cannot be decided is declined where the journal has nothing of it, and silent where it may', async () => {
    for (const [mood, code] of [
      ['away', '96'],
      ['unknown-lost', undefined],
    ] as const) {
      const core = await extended();
      core.journal.moods = ['well', mood];
      const reply = (await run(core, increment, more('000002'))) as ReplyFields | undefined;
      expect(reply?.code).toBe(code);
      await carryOut(core, 'close-increment');
      await carryOut(core, 'reverse-network');
      expect(await held(core)).toMatchObject({ standingMinorUnits: 10_000, networkMinorUnits: 10_000 });
    }
  });
});

describe('what was added', () => {
  it('is completed with the hold, and no more than all of it', async () => {
    const core = await extended('000002');
    expect(await run(core, advise, completion('000000015001'))).toMatchObject({ code: 'SW_AMOUNT' });
    expect(await run(core, advise, completion('000000015000', '000091'))).toMatchObject({ code: '00' });
    expect(await carryOut(core, 'advise-network')).toEqual({ done: true });
    expect(await held(core)).toMatchObject({
      state: 'captured',
      standingMinorUnits: 15_000,
      networkMinorUnits: 15_000,
      network: 'advised',
    });
    await carryOut(core, 'reverse-network');
    expect(core.sent.reversed).toEqual([]);
  });

  it('is given back with the hold by a void, message by message, the last one first', async () => {
    const core = await extended('000002', '000003');
    const cancel = (de4: string, de11: string) =>
      run(core, voidPayment, purchaseMessage({ mti: '0200', de3: '020000', de37: RRN, de4, de11 }));
    expect(await cancel('000000012345', '000069')).toMatchObject({ code: 'SW_ORIGINAL_UNKNOWN' });
    expect(await cancel('000000020000', '000070')).toMatchObject({ code: '00' });
    expect(await cancel('000000020000', '000071')).toMatchObject({ code: 'SW_ORIGINAL_STATE' });
    await carryOut(core, 'reverse-network');
    expect(core.sent.reversed.map(({ facts }) => facts.stan)).toEqual(['000003', '000002', '000001']);
    expect(await held(core)).toMatchObject({
      state: 'taken-back',
      network: 'reversed',
      networkMinorUnits: 0,
    });
  });

  it('is reversed by itself, in part or in full; the hold stands', async () => {
    const core = await extended('000002', '000003');
    expect(await run(core, reverse, reversalOf('000002', { de95: replacement(2_000) }))).toMatchObject({
      code: '00',
    });
    expect(await run(core, reverse, reversalOf('000003'))).toMatchObject({ code: '00' });
    expect(await run(core, reverse, reversalOf('000003', { mti: '0401' }))).toMatchObject({ code: '00' });
    await carryOut(core, 'reverse-network');
    expect(core.sent.reversed).toMatchObject([
      { facts: { stan: '000003' }, reason: 'no-confirmation' },
      { facts: { stan: '000002' }, reason: 'partial', remainingMinorUnits: 2_000 },
    ]);
    expect(await held(core)).toMatchObject({
      state: 'approved',
      standingMinorUnits: 12_000,
      networkMinorUnits: 12_000,
    });
  });

  it('shares a partial reversal of the whole: what came last is given back first', async () => {
    const core = await extended('000002', '000003');
    const partly = reversalOf('000001', { de95: replacement(12_000) });
    expect(await run(core, reverse, partly)).toMatchObject({ code: '00' });
    await carryOut(core, 'reverse-network');
    expect(core.sent.reversed.map(({ facts, remainingMinorUnits: left = 0 }) => [facts.stan, left])).toEqual([
      ['000003', 0],
      ['000002', 2_000],
    ]);
    expect(await held(core)).toMatchObject({ standingMinorUnits: 12_000, networkMinorUnits: 12_000 });
  });

  it('names the hold by the approval code that it was given itself', async () => {
    const core = await extended();
    core.network.outcome = { status: 'approved', code: '00', approvalCode: 'D4E5F6' };
    await run(core, increment, more('000002'));
    const named = (de38: string, stan: string) =>
      run(core, advise, completion('000000012000', stan, { de38 }));
    expect(await named('G7H8J9', '000091')).toMatchObject({ code: 'SW_ORIGINAL_UNKNOWN' });
    expect(await named('D4E5F6', '000092')).toMatchObject({ code: '00' });
  });

  it('cannot be reversed by itself once it is completed', async () => {
    const core = await extended('000002');
    await run(core, advise, completion('000000012000'));
    expect(await run(core, reverse, reversalOf('000002'))).toMatchObject({ code: 'SW_ORIGINAL_STATE' });
    expect(await held(core)).toMatchObject({ state: 'captured', standingMinorUnits: 12_000 });
  });
});

describe('an increment in flight', () => {
  async function inFlight() {
    const core = await extended();
    core.network.afterMs = 500;
    const reply = served(increment, inbound(core, more('000002')), core.ports);
    await core.clock.advance(100);
    return { core, reply };
  }

  it.each([
    ['its own reversal', reverse, reversalOf('000002'), 10_000, 'approved'],
    ['a reversal of the hold', reverse, reversalOf('000001'), 0, 'taken-back'],
    ['a completion', advise, completion('000000010000'), 10_000, 'captured'],
  ] as const)(
    'loses against %s: the terminal hears nothing, and its part is reversed',
    async (_, handler, message, stands, state) => {
      const { core, reply } = await inFlight();
      expect(await served(handler, inbound(core, message), core.ports)).toMatchObject({ code: '00' });
      await core.clock.advance(10_000);
      expect(await reply).toBeUndefined();
      expect(tasks(core)).toContain('reverse-network');
      await carryOut(core, 'advise-network');
      await carryOut(core, 'reverse-network');
      expect(core.sent.reversed.map(({ facts }) => facts.stan)).toContain('000002');
      expect(await held(core)).toMatchObject({
        state,
        standingMinorUnits: stands,
        networkMinorUnits: stands,
      });
    },
  );
});

it('a reversal of an increment that never came leaves the hold alone; should it come, it is refused', async () => {
  const core = await extended();
  expect(await run(core, reverse, reversalOf('000005'))).toMatchObject({ code: '00' });
  expect(await held(core)).toMatchObject({ state: 'approved', standingMinorUnits: 10_000 });
  expect(await run(core, increment, more('000005'))).toMatchObject({ code: 'SW_ALREADY_REVERSED' });
  expect(core.sent.authorised).toHaveLength(1);
});
