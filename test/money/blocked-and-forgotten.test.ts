import { describe, expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { Unsettled } from '../../switch/journal/unsettled.ts';
import { Counter, DAY_MS, played, purchase, replacement, reversal, SILENT_MS, voidOf } from './core-cases.ts';

// Nothing that the switch owes the network, the terminal or the customer is blocked for ever by something else that
// went wrong, and nothing of it is forgotten while the node lives.

describe('a partial reversal that the network refuses', () => {
  const voided = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    counter.core.reversal = { status: 'refused', code: '12' };
    const first = await counter.follows('reverse-network');
    const before = counter.core.sent.reversed.length;
    counter.core.reversal = { status: 'acknowledged', code: '00' };
    const { code } = await counter.heard(voidOf(bought));
    await counter.follows('reverse-network');
    const sent = counter.core.sent.reversed.length - before;
    return { first, code, sent, payment: counter.payment() };
  });

  it('is put before people', () => {
    expect(voided()).toMatchObject({ first: { park: expect.any(String) }, code: '00' });
    expect(voided().payment.cases).toContain('reversal-refused');
  });

  it('does not keep the void that comes after it from the network', () => {
    expect(voided()).toMatchObject({ sent: 1, payment: { network: 'reversed', networkMinorUnits: 0 } });
  });
});

describe('a refund whose answer never came', () => {
  const refunded = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const refund = (stan: string) =>
      purchase({ de3: '200000', de11: stan, de7: `1123${stan}`, de12: stan, de37: bought.rrn });
    counter.core.network.afterMs = SILENT_MS;
    const unknown = await counter.heard(refund('130001'));
    counter.core.network.afterMs = 20;
    const second = await counter.heard(refund('130002'));
    return { unknown: unknown.code, second: second.code };
  });

  it('is declined 91', () => {
    expect(refunded().unknown).toBe('91');
  });

  it('counts as paid until it is known not to be: the customer gets the whole once', () => {
    expect(refunded().second).not.toBe('00');
  });
});

describe('more decisions that the journal cannot take than are kept in memory', () => {
  const outage = played(async () => {
    const counter = new Counter({}, ({ journal, clock }) => ({
      unsettled: new Unsettled(journal, clock, silentLog, 1),
    }));
    counter.core.journal.moods = ['well', 'well', 'away', 'away'];
    const both = ['000001', '000002'].map((stan) =>
      counter.asked(purchase({ de11: stan, de7: `1123${stan}`, de12: stan })),
    );
    await counter.core.clock.advance(600_000);
    const codes = (await Promise.all(both)).map((answer) => answer?.de39);
    return { codes, states: counter.payments().map(({ state }) => state), work: counter.work() };
  });

  it('decline both', () => {
    expect(outage().codes).toEqual(['96', '96']);
  });

  it('are both decided in the end', () => {
    expect(outage().states).toEqual(['declined', 'declined']);
  });

  it('are both reversed', () => {
    expect(outage().work.filter((task) => task === 'reverse-network')).toHaveLength(2);
  });
});

describe('a payment whose route has left the settings', () => {
  const repeated = played(async () => {
    const counter = new Counter();
    const first = await counter.heard(purchase());
    Object.assign(counter.ports, { directory: { ...counter.ports.directory, networkFor: () => undefined } });
    return { first, repeat: await counter.heard(purchase({ mti: '0201' })) };
  });

  it('was approved', () => {
    expect(repeated().first.code).toBe('00');
  });

  it('answers its repeat as before', () => {
    expect(repeated().repeat).toEqual(repeated().first);
  });
});

describe('a pre-authorisation', () => {
  const HOLD = { mti: '0100', de25: '06', de4: '000000020000' };
  const left = played(async () => {
    const counter = new Counter();
    const { code } = await counter.heard(purchase(HOLD));
    const work = counter.work();
    await counter.core.clock.advance(60 * DAY_MS);
    return { code, work, payment: counter.payment() };
  });
  const completedLate = played(async () => {
    const counter = new Counter();
    const { rrn, approvalCode } = await counter.heard(purchase(HOLD));
    await counter.core.clock.advance(60 * DAY_MS);
    const numbers = { de11: '000009', de7: '0122123000', de13: '0122', de12: '133000' };
    const named = { de4: '000000018000', de37: rrn, de38: approvalCode };
    const { code } = await counter.heard(purchase({ ...HOLD, mti: '0220', ...numbers, ...named }));
    return { code, cases: counter.cases() };
  });

  it('is held at the network', () => {
    expect(left()).toMatchObject({ code: '00', payment: { network: 'approved' } });
  });

  it('that nobody completes has an end: something is left to be done for it', () => {
    expect(left().work).not.toEqual([]);
  });

  it('that is completed after its end is refused, or taken and put before people', () => {
    expect(completedLate()).not.toEqual({ code: '00', cases: [] });
  });
});

describe('the proof of a purchase that is refunded', () => {
  const refunded = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    counter.core.standing = { status: 'validated', validation: 'v-1' };
    await counter.follows('complete-pop');
    const before = counter.work().length;
    const numbers = { de11: '000010', de7: '1123130001', de12: '140001' };
    const { code } = await counter.heard(purchase({ de3: '200000', ...numbers, de37: bought.rrn }));
    return { code, pop: counter.payment().pop, work: counter.work().slice(before), cases: counter.cases() };
  });

  it('was final, and the refund is approved', () => {
    expect(refunded()).toMatchObject({ code: '00', pop: 'validated' });
  });

  it('does not stand without a follow-up or a case', () => {
    expect([...refunded().work, ...refunded().cases]).not.toEqual([]);
  });

  it('is a case too where the proof of another amount was cancelled, and the right one has yet to be asked for', async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const less = { de7: '1123130001', de11: '000010', de12: '140001' };
    await counter.heard(reversal({ ...less, de95: replacement(2_000) }));
    counter.core.standing = { status: 'pending', validation: 'v-1' };
    await counter.follows('complete-pop');
    expect(counter.payment()).toMatchObject({ pop: 'cancelled', standingMinorUnits: 2_000 });
    const back = { de3: '200000', de4: '000000000500', de7: '1123130002', de11: '000011', de12: '140002' };
    expect(await counter.heard(purchase({ ...back, de37: bought.rrn }))).toMatchObject({ code: '00' });
    expect(counter.cases()).toEqual(['proof-of-refund']);
  });
});
