import { describe, expect, it } from 'vitest';
import { Counter, played, purchase, replacement, reversal } from './core-cases.ts';

// Towards a network the numbers are the switch's own: two terminals know nothing of each other, and to the network
// two messages with the same numbers are one. Each terminal still hears the numbers that it gave.

describe('two terminals that use one STAN in the same second', () => {
  const both = played(async () => {
    const counter = new Counter();
    const answers = ['TERM0001', 'TERM0002'].map((de41) => counter.asked(purchase({ de41 })));
    await counter.core.clock.advance(5_000);
    return { answers: await Promise.all(answers), sent: counter.core.sent.authorised };
  });

  it('are both approved, and hear their own STAN', () => {
    expect(both().answers).toMatchObject([
      { de39: '00', de11: '000001', de41: 'TERM0001' },
      { de39: '00', de11: '000001', de41: 'TERM0002' },
    ]);
  });

  it('are two messages to the network', () => {
    const names = both().sent.map(({ stan, transmittedAt, acquirer }) => [stan, transmittedAt, acquirer]);
    expect(new Set(names.map(String)).size).toBe(2);
  });

  it('have two retrieval references', () => {
    expect(new Set(both().sent.map(({ rrn }) => rrn)).size).toBe(2);
  });
});

describe('a full reversal of what was approved in part', () => {
  const reversed = played(async () => {
    const counter = new Counter();
    const approved = {
      status: 'approved',
      code: '10',
      approvalCode: 'P',
      approvedMinorUnits: 1_000,
    } as const;
    counter.core.network.outcome = approved;
    const { code } = await counter.heard(purchase());
    await counter.heard(reversal());
    await counter.follows('reverse-network');
    return { code, amounts: counter.core.sent.reversed.map(({ facts }) => facts.amount.minorUnits) };
  });

  it('names the amount that was approved', () => {
    expect(reversed()).toEqual({ code: '10', amounts: [1_000] });
  });
});

describe('a full reversal after one of a part', () => {
  const reversed = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    await counter.follows('reverse-network');
    await counter.core.clock.advance(3_600_000);
    await counter.heard(reversal({ de11: '000005', de7: '1123130500', de12: '140500' }));
    await counter.follows('reverse-network');
    return counter.core.sent.reversed;
  });

  it('is sent as a message of its own, not as a repeat', () => {
    expect(reversed()).toMatchObject([{ remainingMinorUnits: 1_000, repeat: false }, { repeat: false }]);
    expect(reversed()[1]?.remainingMinorUnits).toBeUndefined();
  });

  it('has numbers of its own', () => {
    const names = reversed().map(({ facts }) => `${facts.transmittedAt} ${facts.stan}`);
    expect(new Set(names).size).toBe(2);
  });
});

describe('a reversal that is sent again', () => {
  const again = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    counter.core.reversal = { status: 'unknown', reason: 'no answer by the deadline' };
    await counter.follows('reverse-network');
    await counter.core.clock.advance(60_000);
    await counter.follows('reverse-network');
    counter.core.reversal = { status: 'acknowledged', code: '00' };
    await counter.core.clock.advance(60_000);
    await counter.follows('reverse-network');
    return counter.core.sent.reversed.map(({ facts, repeat }) => [facts.stan, facts.transmittedAt, repeat]);
  });

  it('keeps the numbers and the DE7 of the first, and is marked', () => {
    const [first, second, third] = again();
    expect(second).toEqual([...(first ?? []).slice(0, 2), true]);
    expect(third).toEqual(second);
    expect(first?.[2]).toBe(false);
  });
});

describe('a reversal in full while one of a part is still open', () => {
  const both = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    counter.core.reversal = { status: 'unknown', reason: 'no answer by the deadline' };
    await counter.follows('reverse-network');
    await counter.heard(reversal({ de11: '000005', de7: '1123130500', de12: '140500' }));
    await counter.core.clock.advance(60_000);
    await counter.follows('reverse-network');
    return counter.core.sent;
  });

  it('is another, and names the payment as the first did', () => {
    const [part, whole] = both().reversed;
    const { stan, transmittedAt } = both().authorised[0] ?? {};
    expect(whole).toMatchObject({ repeat: false, names: { stan, transmittedAt } });
    expect(part?.names).toEqual(whole?.names);
    expect(whole?.facts.stan).not.toBe(part?.facts.stan);
    expect(whole?.facts.rrn).toBe(part?.facts.rrn);
  });
});

describe('a reversal that is asked for again after it was refused', () => {
  const both = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal());
    counter.core.reversal = { status: 'refused', code: '12' };
    await counter.follows('reverse-network');
    await counter.core.clock.advance(60_000);
    counter.core.reversal = { status: 'acknowledged', code: '00' };
    await counter.follows('reverse-network');
    return counter.core.sent.reversed;
  });

  it('is another, under numbers of its own', () => {
    const names = both().map(({ facts }) => `${facts.transmittedAt} ${facts.stan}`);
    expect(new Set(names).size).toBe(2);
    expect(both().map(({ repeat }) => repeat)).toEqual([false, false]);
  });
});

describe('a reversal of a part by a worker that looked before another’s was refused', () => {
  const both = played(async () => {
    let looksBack = 0;
    const counter = new Counter({}, ({ ports: { journal } }) => ({
      journal: Object.assign(Object.create(journal), {
        history: async (id: string) => {
          const entries = await journal.history(id);
          const left = entries.slice(0, entries.length - looksBack);
          looksBack = 0;
          return left;
        },
      }),
    }));
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    counter.core.reversal = { status: 'refused', code: '57' };
    await counter.follows('reverse-network');
    await counter.core.clock.advance(60_000);
    counter.core.reversal = { status: 'acknowledged', code: '00' };
    // Its numbers, and the refusal.
    looksBack = 2;
    await counter.follows('reverse-network');
    return counter.core.sent.reversed;
  });

  it('is another, under numbers of its own', () => {
    expect(new Set(both().map(({ facts }) => `${facts.transmittedAt} ${facts.stan}`)).size).toBe(2);
    expect(both().map(({ repeat }) => repeat)).toEqual([false, false]);
  });
});

describe('a reversal of what was never answered', () => {
  const reversed = played(async () => {
    const counter = new Counter();
    counter.core.network.outcome = { status: 'unknown', reason: 'no answer by the deadline' };
    await counter.heard(purchase());
    await counter.follows('reverse-network');
    return counter.core.sent.reversed.map(({ facts }) => facts.amount.minorUnits);
  });

  it('names what was asked', () => {
    expect(reversed()).toEqual([2_500]);
  });
});

describe('a payment under numbers of ours', () => {
  const found = played(async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase({ de37: 'TERMINALS001' }));
    return { told: rrn, row: counter.rows()[0], asked: counter.core.sent.authorised[0] };
  });

  it('is told its terminal by the reference that the terminal gave', () => {
    expect(found().told).toBe('TERMINALS001');
  });

  it('is found by either pair', () => {
    const { row, asked } = found();
    expect(row).toMatchObject({ stan: '000001', rrn: 'TERMINALS001', network_rrn: asked?.rrn });
    expect(asked?.stan).toBe(asked?.rrn.slice(-6));
  });
});
