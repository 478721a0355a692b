import { describe, expect, it } from 'vitest';
import type { AdviceRequest, NoticeOutcome } from '../../connectors/index.ts';
import { isHeldUpBy } from '../../switch/follow-up/queue-order.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, played, purchase, voidOf } from './core-cases.ts';

// An advice that a network refuses is a case, and asked no more. It must keep nothing else from the network: a reversal
// waits behind an advice that is still to be told, and behind a parked one until people have looked.

const amount = (minorUnits: number) => String(minorUnits).padStart(12, '0');

/** A counter whose network answers advices in turn. */
function answering(...answers: NoticeOutcome[]) {
  const counter = new Counter();
  const advised: AdviceRequest[] = [];
  const visa = counter.core.ports.networks.get('visa');
  Object.assign(visa ?? {}, {
    rules: { ...visa?.rules, maxCompletions: 9, tipPercent: { '5411': 50, '5812': 50 } },
    advise: async (request: AdviceRequest) => {
      advised.push(request);
      return answers.shift() ?? { status: 'acknowledged', code: '00' };
    },
  });
  return { counter, advised };
}

const REFUSED: NoticeOutcome = { status: 'refused', code: '57' };
const completion = (minorUnits: number, change: Partial<TerminalMessage> = {}) =>
  purchase({
    mti: '0220',
    de25: '06',
    de37: '632812000001',
    de4: amount(minorUnits),
    de11: '000090',
    de7: '1123130000',
    de12: '140000',
    ...change,
  });

describe('a completion whose advice is refused', () => {
  const seen = played(async () => {
    const { counter } = answering(REFUSED);
    await counter.heard(purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: amount(10_000) }));
    await counter.heard(completion(10_000));
    const told = await counter.follows('advise-network');
    const { code } = await counter.heard(voidOf({ rrn: '632812000001' }, { de4: undefined }));
    const before = counter.cases();
    await counter.follows('reverse-network');
    return { told, code, before, payment: counter.payment(), reversed: counter.core.sent.reversed };
  });

  it('is a case, and nothing waits behind it', () => {
    expect(seen().told).toEqual({ done: true });
    expect(isHeldUpBy('reverse-network', 'advise-network')).toBe(true);
    expect(seen().before).toContain('advice-refused');
  });

  it('has its hold given back once it is voided', () => {
    expect(seen().code).toBe('00');
    expect(seen().reversed).toHaveLength(1);
    expect(seen().payment).toMatchObject({ network: 'reversed', networkMinorUnits: 0 });
  });
});

describe('one of several completions whose advice is refused', () => {
  it('leaves the others to be told', async () => {
    const { counter, advised } = answering(REFUSED);
    await counter.heard(purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: amount(10_000) }));
    await counter.heard(completion(3_000, { de60: '0102' }));
    await counter.follows('advise-network');
    const second = { de60: '0202', de11: '000091', de7: '1123130001', de12: '140001' };
    await counter.heard(completion(7_000, second));
    await counter.follows('advise-network');
    await counter.follows('advise-network');
    expect(advised.map(({ minorUnits }) => minorUnits)).toEqual([3_000, 7_000]);
    expect(counter.cases()).toEqual(['advice-refused']);
  });
});

describe('the first of two completions, refused while the second waits,', () => {
  it('leaves the second to be told', async () => {
    const { counter, advised } = answering(REFUSED);
    await counter.heard(purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: amount(10_000) }));
    await counter.heard(completion(3_000, { de60: '0102' }));
    const second = { de60: '0202', de11: '000091', de7: '1123130001', de12: '140001' };
    await counter.heard(completion(7_000, second));
    await counter.follows('advise-network');
    await counter.follows('advise-network');
    expect(advised.map(({ minorUnits }) => minorUnits)).toEqual([3_000, 7_000]);
    expect(counter.payment().tellings).toMatchObject([{ isTold: true }, { isTold: true }]);
  });
});

describe('a tip whose advice is refused', () => {
  it('does not keep the next one from the network', async () => {
    const { counter, advised } = answering(REFUSED);
    const { rrn } = await counter.heard(purchase());
    const tip = { mti: '0220', de3: '020000', de37: rrn, de12: '150000' };
    await counter.heard(purchase({ ...tip, de4: amount(2_700), de11: '000020', de7: '1123140000' }));
    await counter.follows('advise-network');
    await counter.heard(purchase({ ...tip, de4: amount(2_600), de11: '000021', de7: '1123140001' }));
    await counter.follows('advise-network');
    expect(advised.map(({ minorUnits }) => minorUnits)).toEqual([2_700, 2_600]);
    expect(counter.payment()).toMatchObject({ network: 'advised', networkMinorUnits: 2_600 });
  });
});
