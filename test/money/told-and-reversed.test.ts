import { describe, expect, it } from 'vitest';
import { Counter, originalElements, purchase, replacement, reversal } from './core-cases.ts';

// A sale that its terminal approved by itself is told of by an advice, and reversed as any other: before it came here,
// and by the name of its repeat.

const ADVICE = { mti: '0220', de38: undefined };
const advice = (change = {}) => purchase({ ...ADVICE, ...change });
/** As many terminals reverse: without DE90, by the STAN and the local time of the original. */
const bare = (change = {}) => reversal({ de11: '000001', de7: '1123120000', de90: undefined, ...change });

describe('an advice that comes behind its own reversal', () => {
  it.each(['0220', '0120'])('(%s) is refused where the reversal has no DE90', async (mti) => {
    const counter = new Counter();
    expect(await counter.heard(bare())).toMatchObject({ code: '00' });
    expect(await counter.heard(advice({ mti }))).toMatchObject({ code: '12' });
    expect(counter.payments()).toEqual([]);
    expect(counter.work()).toEqual([]);
  });

  it('is refused where DE90 gives no message type, and all else that a reversal may name', async () => {
    const counter = new Counter();
    const named = { de7: '1123120500', de12: '130500', de37: '632812000001' };
    const heard = await counter.heard(
      reversal({ ...named, de90: originalElements('0000', '000001', '1123120000') }),
    );
    expect(heard).toMatchObject({ code: '00' });
    expect(await counter.heard(advice({ mti: '0120' }))).toMatchObject({ code: '12' });
  });
});

describe('an advice and its repeat with another DE7', () => {
  const repeat = { mti: '0221', de7: '1123120004' };
  const ofTheRepeat = {
    de12: undefined,
    de13: undefined,
    de90: originalElements('0220', '000001', '1123120004'),
  };

  it('are one sale, which is reversed by the DE7 of either', async () => {
    const counter = new Counter();
    await counter.heard(advice());
    await counter.heard(advice(repeat));
    await counter.heard(reversal({ ...ofTheRepeat, de95: replacement(1_000) }));
    expect(counter.payments()).toMatchObject([{ standingMinorUnits: 1_000 }]);
    expect(counter.cases()).toEqual([]);
  });

  it('are taken back where the reversal of the repeat comes before the repeat', async () => {
    const counter = new Counter();
    await counter.heard(advice());
    await counter.heard(reversal(ofTheRepeat));
    expect(await counter.heard(advice(repeat))).toMatchObject({ code: '12' });
    expect(counter.payments()).toMatchObject([{ state: 'taken-back', standingMinorUnits: 0 }]);
  });
});
