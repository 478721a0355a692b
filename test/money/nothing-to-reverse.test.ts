import { describe, expect, it } from 'vitest';
import type { LateAnswer, NoticeOutcome } from '../../connectors/index.ts';
import { followUpTasks } from '../../switch/follow-up/tasks.ts';
import { lateAnswer } from '../../switch/node/late-answers.ts';
import { recover } from '../../switch/node/recover.ts';
import { purchaseMessage } from '../support/core.ts';
import { Counter, played, purchase, replacement, reversal, SILENT_MS } from './core-cases.ts';

// A reversal that finds nothing ends nothing by itself: an approval that was seen is a case, one that may yet come is
// looked for until the network itself has given the original up, and what comes late is asked back, however it comes.

const NOT_FOUND: NoticeOutcome = { status: 'acknowledged', code: '25' };
const REVERSED: NoticeOutcome = { status: 'acknowledged', code: '00' };

/** A purchase whose issuer is silent: 91, and a reversal that waits to be sent. */
async function unanswered() {
  const counter = new Counter();
  counter.core.network.afterMs = SILENT_MS;
  await counter.heard(purchase());
  return counter;
}

/** The reversal, over and over until its follow-up ends. @returns how long it waited before each time but the first */
async function reversedToTheEnd(counter: Counter, answer: NoticeOutcome) {
  counter.core.reversal = answer;
  const { id } = counter.payment();
  const waits: number[] = [];
  for (let attempt = 1; attempt < 20; attempt += 1) {
    const job = { transaction: id, attempt, lane: 'of-a-test' };
    const result = await followUpTasks(counter.ports)['reverse-network'](job);
    if (!('retryAfterMs' in result)) return { waits, result };
    waits.push(result.retryAfterMs);
  }
  throw new Error('the reversal never ends');
}

async function told(counter: Counter, answer: Partial<LateAnswer> = {}) {
  const { id } = counter.payment();
  const before = counter.work().length;
  await lateAnswer({ transaction: id, approved: true, code: '00', ...answer }, counter.ports);
  return counter.work().slice(before);
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

describe('a reversal of what nobody knows the outcome of, that finds nothing,', () => {
  const ended = played(async () => {
    const counter = await unanswered();
    const { waits, result } = await reversedToTheEnd(counter, NOT_FOUND);
    const { network, networkMinorUnits } = counter.payment();
    const repeats = counter.core.sent.reversed.map(({ repeat }) => repeat);
    return { waits, result, network, networkMinorUnits, cases: counter.cases(), repeats };
  });

  it('is sent again a set number of times, past the time-out of the network', () => {
    expect(ended().waits).toHaveLength(3);
    expect(sumOf(ended().waits)).toBeGreaterThan(60_000);
  });

  it('is no repeat: the network is asked anew', () => {
    expect(ended().repeats).toEqual([false, false, false, false]);
  });

  it('is left to the clearing file then, and to nobody at night', () => {
    expect(ended()).toMatchObject({ result: { done: true }, network: 'not-found', cases: [] });
    expect(ended().networkMinorUnits).toBe(2_500);
  });
});

describe('a reversal of an approval that was seen, that finds nothing,', () => {
  const ended = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal());
    const { waits } = await reversedToTheEnd(counter, NOT_FOUND);
    return { waits, cases: counter.cases(), sent: counter.core.sent.reversed };
  });

  it('is named again, then people look', () => {
    expect(ended().waits).toHaveLength(1);
    expect(ended().cases).toEqual(['reversal-not-found']);
  });

  it('is named by all that the network calls it', () => {
    expect(ended().sent.map(({ approvalCode }) => approvalCode)).toEqual(['A1B2C3', 'A1B2C3']);
  });
});

describe('a reversal in part that finds nothing', () => {
  it('does not stand in the way of one in full', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    await reversedToTheEnd(counter, NOT_FOUND);
    expect(counter.cases()).toEqual(['reversal-not-found']);

    await counter.heard(reversal({ de11: '000007', de7: '1123120700', de12: '130700' }));
    await reversedToTheEnd(counter, REVERSED);
    expect(counter.payment()).toMatchObject({ network: 'reversed', networkMinorUnits: 0 });
  });
});

describe('an approval after the reversal was given up', () => {
  const ended = played(async () => {
    const counter = await unanswered();
    await reversedToTheEnd(counter, NOT_FOUND);
    const asked = await told(counter, { approvalCode: 'LATE01', networkReference: '300000000000009' });
    const { result } = await reversedToTheEnd(counter, REVERSED);
    const { network, networkMinorUnits } = counter.payment();
    const { approvalCode, networkReference } = counter.core.sent.reversed.at(-1) ?? {};
    return {
      asked,
      result,
      network,
      networkMinorUnits,
      approvalCode,
      networkReference,
      cases: counter.cases(),
    };
  });

  it('sends it again, by the names that the approval brought', () => {
    expect(ended()).toMatchObject({ asked: ['reverse-network'], approvalCode: 'LATE01' });
    expect(ended().networkReference).toBe('300000000000009');
  });

  it('is over once that is acknowledged', () => {
    expect(ended()).toMatchObject({
      result: { done: true },
      network: 'reversed',
      networkMinorUnits: 0,
      cases: [],
    });
  });
});

describe('approvals that keep coming', () => {
  const ended = played(async () => {
    const counter = await unanswered();
    await reversedToTheEnd(counter, NOT_FOUND);
    for (let time = 0; time < 12; time += 1) await told(counter);
    await reversedToTheEnd(counter, NOT_FOUND);
    const { id } = counter.payment();
    const kinds = counter.core.journal.kinds(id);
    return { cases: counter.cases(), late: kinds.filter((kind) => kind === 'late-answer').length };
  });

  it('are one case, where the repeated reversal is not acknowledged, and not one each', () => {
    expect(ended().cases).toEqual(['reversal-not-found']);
  });

  it('are not written down for ever', () => {
    expect(ended().late).toBeLessThanOrEqual(5);
  });
});

describe('a late approval', () => {
  const counts = played(async () => {
    const seen: Record<string, string[]> = {};
    for (const code of ['00', '08', '10', '11', '16', '87', '85', 'Z9', '51']) {
      const counter = await unanswered();
      await reversedToTheEnd(counter, NOT_FOUND);
      seen[code] = await told(counter, { approved: false, code });
    }
    return seen;
  });

  it.each(['00', '08', '10', '11', '16', 'Z9'])('with %s counts as one', (code) => {
    expect(counts()[code]).toEqual(['reverse-network']);
  });

  it.each(['85', '51'])('of a purchase is none with %s', (code) => {
    expect(counts()[code]).toEqual([]);
  });

  it('of what the issuer had declined is asked back', async () => {
    const counter = new Counter();
    counter.core.network.outcome = { status: 'refused', code: '51' };
    await counter.heard(purchase());
    expect(await told(counter)).toEqual(['reverse-network']);
    await reversedToTheEnd(counter, REVERSED);
    expect(counter.core.sent.reversed).toHaveLength(1);
  });

  it('that says again what was said in time is nothing new', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await told(counter, { approvalCode: 'A1B2C3' })).toEqual([]);
    expect(counter.payment()).toMatchObject({ state: 'approved', network: 'approved' });
  });

  it('of another amount counts for nobody, and is for people to see', async () => {
    const counter = await unanswered();
    expect(await told(counter, { disagrees: ['DE4'] })).toEqual([]);
    expect(counter.cases()).toEqual(['answer-disagrees']);
  });
});

describe('a late approval that no link knows of', () => {
  const stray = {
    network: 'visa',
    numbers: { stan: '000001', terminal: 'TERM0001', merchant: 'MERCHANT0000001' },
  };

  /** As after a restart: the answer names the payment by what the network repeats. */
  async function strayAfter(change: object = {}) {
    const counter = await unanswered();
    await reversedToTheEnd(counter, NOT_FOUND);
    const { rrn, transmittedAt } = counter.payment().opening?.facts ?? { rrn: '', transmittedAt: '' };
    const numbers = {
      ...stray.numbers,
      acquirer: '123456',
      rrn,
      transmittedAt,
      minorUnits: 2_500,
      ...change,
    };
    const before = counter.work().length;
    await lateAnswer({ approved: true, code: '00', stray: { ...stray, numbers } }, counter.ports);
    return { asked: counter.work().slice(before), cases: counter.cases() };
  }

  it('is found by its numbers, and asked back', async () => {
    expect(await strayAfter()).toEqual({ asked: ['reverse-network'], cases: [] });
  });

  it('of another message is not', async () => {
    expect(await strayAfter({ stan: '000009' })).toEqual({ asked: [], cases: [] });
    expect(await strayAfter({ transmittedAt: '0101000000' })).toEqual({ asked: [], cases: [] });
  });

  it.each([
    ['terminal', { terminal: 'TERM0009' }],
    ['merchant', { merchant: 'MERCHANT0000009' }],
  ])('that has the reference of one %s and was given to another is of neither', async (_, change) => {
    const counter = await unanswered();
    await reversedToTheEnd(counter, NOT_FOUND);
    const { id } = counter.payment();
    const before = counter.work().length;
    const numbers = { ...stray.numbers, rrn: counter.payment().opening?.facts.rrn ?? '', ...change };
    const answer = { approved: true, code: '00', stray: { ...stray, numbers } };
    const looked = lateAnswer(answer, { ...counter.ports, numbers: { whose: async () => [id] } });
    await counter.core.clock.advance(SILENT_MS);
    await looked;
    expect(counter.work().slice(before)).toEqual([]);
    const own = { ...answer, stray: { ...stray, numbers: { ...numbers, ...stray.numbers } } };
    await lateAnswer(own, { ...counter.ports, numbers: { whose: async () => [id] } });
    expect(counter.work().slice(before)).toEqual(['reverse-network']);
  });

  it('of more than was asked is for people to see', async () => {
    expect(await strayAfter({ minorUnits: 9_900 })).toEqual({ asked: [], cases: ['answer-disagrees'] });
  });

  it('of nothing that was ever asked is an alert, one an hour', async () => {
    const raised: string[] = [];
    const alerts = { raise: async ({ key }: { key: string }) => void raised.push(key) };
    const { ports } = new Counter();
    const numbers = { ...stray.numbers, rrn: '999999999999' };
    const approval = { approved: true, code: '00', stray: { ...stray, numbers } };
    await lateAnswer(approval, { ...ports, alerts });
    await lateAnswer(approval, { ...ports, alerts });
    expect(new Set(raised).size).toBe(1);
  });

  it('is found as well where its node died while the network was asked', async () => {
    const counter = new Counter();
    counter.core.journal.moods = ['well', 'unknown-lost'];
    counter.core.ports.unsettled.close();
    counter.core.network.afterMs = SILENT_MS;
    await counter.heard(purchase());
    await recover(counter.ports);
    await reversedToTheEnd(counter, NOT_FOUND);
    const { rrn } = counter.payment().opening?.facts ?? { rrn: '' };
    const before = counter.work().length;
    const numbers = { ...stray.numbers, acquirer: '123456', rrn };
    await lateAnswer({ approved: true, code: '00', stray: { ...stray, numbers } }, counter.ports);
    expect(counter.work().slice(before)).toEqual(['reverse-network']);
  });
});

describe('a late approval of an increment', () => {
  const ended = played(async () => {
    const counter = new Counter();
    const hold = { mti: '0100', de25: '06' };
    const { rrn, approvalCode } = await counter.heard(purchaseMessage(hold));
    counter.core.network.afterMs = SILENT_MS;
    const more = {
      ...hold,
      de11: '000004',
      de12: '140000',
      de37: rrn,
      de38: approvalCode,
      de4: '000000001000',
    };
    await counter.heard(purchaseMessage(more));
    await reversedToTheEnd(counter, NOT_FOUND);
    const { standingMinorUnits } = counter.payment();
    const asked = await told(counter, { increment: counter.core.sent.authorised.at(-1)?.stan ?? '' });
    await reversedToTheEnd(counter, REVERSED);
    const { networkMinorUnits, state, network } = counter.payment();
    return { asked, standingMinorUnits, networkMinorUnits, state, network };
  });

  it('is asked back, and what it was to add to stands', () => {
    expect(ended()).toEqual({
      asked: ['reverse-network'],
      standingMinorUnits: 2_500,
      networkMinorUnits: 2_500,
      state: 'approved',
      network: 'approved',
    });
  });
});
