import { describe, expect, it } from 'vitest';
import { Counter, OTHER_CARD, originalElements, purchase, reversal } from './core-cases.ts';

// A terminal that is refused repeats, and sells nothing meanwhile. There is an end: it is acknowledged after a set
// number, nothing is done, and people have a case with all that it said.

const TIMES = 6;

async function codesOf(counter: Counter, change: object): Promise<(string | undefined)[]> {
  const codes = [];
  for (let time = 0; time < TIMES; time += 1) {
    const mti = time === 0 ? '0220' : '0221';
    codes.push((await counter.heard(purchase({ ...change, mti, de11: '000090', de7: '1123130000' }))).code);
  }
  return codes;
}

describe('an advice that is refused and repeated', () => {
  it('is acknowledged after a set number, kept whole, with one case', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 3 } });
    const { rrn } = await counter.heard(purchase());
    const tip = { de3: '020000', de37: rrn, de4: '000000002600', de2: OTHER_CARD, de12: '130000' };
    expect(await codesOf(counter, tip)).toEqual(['30', '30', '30', '00', '00', '00']);
    expect(counter.cases()).toEqual(['advice-kept']);
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
    const kept = counter.core.journal.entries.find(({ kind }) => kind === 'advice-kept');
    expect(kept?.body).toMatchObject({ reason: 'repeated', minorUnits: 2_600 });
  });

  it('that names no sale is acknowledged, too', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 3 } });
    const tip = { de3: '020000', de37: '632812000077', de4: '000000002600', de12: '130000' };
    expect((await codesOf(counter, tip)).slice(2)).toEqual(['25', '00', '00', '00']);
    expect(counter.payments()).toEqual([]);
  });

  it('is not counted while our own parts are away', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 1 } });
    counter.core.journal.moods = Array.from({ length: 100 }, () => 'away' as const);
    const codes = await codesOf(counter, { de38: undefined });
    expect(codes).not.toContain('00');
  });
});

describe('a reversal that is refused, and comes again under numbers of its own each time', () => {
  const refusing = { unmatchedReversal: 'refuse' } as const;

  async function codesOfAttempts(counter: Counter, change: object) {
    const codes = [];
    for (let time = 0; time < TIMES; time += 1) {
      const own = { de11: `00070${time}`, de7: `112313000${time}`, de12: `14000${time}` };
      codes.push((await counter.heard(reversal({ ...own, ...change }), refusing)).code);
    }
    return codes;
  }

  it('is acknowledged after a set number, with one case', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 3 } });
    const named = { de90: originalElements('0200', '000555', '1123110000') };
    expect(await codesOfAttempts(counter, named)).toEqual(['25', '25', '25', '00', '00', '00']);
    expect(counter.cases()).toEqual(['reversal-repeated']);
  });

  it('is acknowledged so, too, where it names another card than the sale has', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 3 } });
    await counter.heard(purchase());
    expect((await codesOfAttempts(counter, { de2: OTHER_CARD })).slice(2)).toEqual(['25', '00', '00', '00']);
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
    expect(counter.cases()).toEqual(['reversal-repeated']);
  });

  it('is not while it names nothing that could be told apart', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 3 } });
    const unnamed = { de90: originalElements('0000', '000000', '0000000000') };
    expect(await codesOfAttempts(counter, unnamed)).not.toContain('00');
  });
});
