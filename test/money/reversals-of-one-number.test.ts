import { describe, expect, it } from 'vitest';
import { Counter, originalElements, purchase, replacement, reversal } from './core-cases.ts';

// Many reversals have the date and time of their original. A terminal that lost count of its STANs gives two of them
// one number then, and with that one key. Each is about the payment that it names, and says what it says.

const SECOND = { de11: '000002', de7: '1123120010', de12: '130000' };
const secondReversal = (change = {}) =>
  reversal({ de90: originalElements('0200', '000002', '1123120010'), ...change });
const partOfFirst = (remaining: number) => reversal({ de95: replacement(remaining) });

describe('two reversals of one STAN and one time', () => {
  it('each take back the payment that they name', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(purchase(SECOND));
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    expect(await counter.heard(secondReversal())).toMatchObject({ code: '00' });
    expect(counter.payments()).toMatchObject([{ standingMinorUnits: 0 }, { standingMinorUnits: 0 }]);
  });

  it('of one payment count both where they say different things of it', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(partOfFirst(2_000))).toMatchObject({ code: '00' });
    expect(await counter.heard(partOfFirst(1_000))).toMatchObject({ code: '00' });
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 0, remainders: [2_000, 1_000] });
  });

  it('are answered again as they were, each by its own answer', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(purchase(SECOND));
    const heard = [await counter.heard(partOfFirst(1_000)), await counter.heard(secondReversal())];
    const entries = counter.core.journal.entries.length;

    const again = [
      await counter.heard({ ...partOfFirst(1_000), mti: '0401' }),
      await counter.heard(secondReversal({ mti: '0401' })),
    ];
    expect(again).toEqual(heard);
    expect(counter.core.journal.entries).toHaveLength(entries);
  });

  it('leave alone what a reversal was answered that matched nothing', async () => {
    const counter = new Counter();
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    await counter.heard(purchase(SECOND));
    expect(await counter.heard(secondReversal())).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });
});
