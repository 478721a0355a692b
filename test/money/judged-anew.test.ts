import { describe, expect, it } from 'vitest';
import { Pan } from '../../messages/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, originalElements, purchase, replacement, reversal, voidOf } from './core-cases.ts';

// Neighbours of what was mended: each message is one that some terminal sends, and moves money once.

const later = (index: number) => ({ de11: `00010${index}`, de7: `112313000${index}`, de12: `14000${index}` });
const amount = (minorUnits: number) => String(minorUnits).padStart(12, '0');
const standing = (counter: Counter) => counter.payments().map((each) => each.standingMinorUnits);

describe('DE90 with the other message type of a request', () => {
  it.each([
    ['0200', '0100'],
    ['0100', '0200'],
    ['0220', '0120'],
    ['0120', '0220'],
    ['0200', '0110'],
  ])('of a %s, calling it %s, means it', async (mti, named) => {
    const counter = new Counter();
    await counter.heard(purchase({ mti }));
    await counter.heard(reversal({ ...later(1), de90: originalElements(named) }));
    expect(standing(counter)).toEqual([0]);
  });

  it.each([
    ['0200', '0100'],
    ['0100', '0200'],
    ['0220', '0120'],
  ])('has a late %s refused, which it called %s', async (mti, named) => {
    const counter = new Counter();
    await counter.heard(reversal({ ...later(1), de90: originalElements(named) }));
    expect(await counter.heard(purchase({ mti }))).toMatchObject({ code: '12' });
    expect(counter.payments()).toEqual([]);
  });
});

describe('a reversal of an advice that has not come', () => {
  it('has it refused where DE90 has no time, and the reversal repeats that of the advice', async () => {
    const counter = new Counter();
    const de90 = originalElements('0120', '000001', '0000000000');
    await counter.heard(reversal({ de90, de11: '000002' }));
    expect(await counter.heard(purchase({ mti: '0120' }))).toMatchObject({ code: '12' });
  });
});

describe('the amount of a reversal', () => {
  it('is of an increment only where the increment is named', async () => {
    for (const [mti, code, cases] of [
      ['0400', '25', []],
      ['0420', '00', ['reversal-unmatched']],
    ] as const) {
      const counter = new Counter();
      const hold = await counter.heard(purchase({ mti: '0100', de25: '06' }));
      const more = { mti: '0100', de25: '06', de37: hold.rrn, de38: 'A1B2C3', de4: amount(500), ...later(1) };
      expect(await counter.heard(purchase(more))).toMatchObject({ code: '00' });
      const byReference = { mti, de90: undefined, de37: hold.rrn, de4: amount(500), ...later(2) };
      expect(await counter.heard(reversal(byReference))).toMatchObject({ code });
      expect(standing(counter)).toEqual([3_000]);
      expect(counter.cases()).toEqual(cases);
      const named = { de90: originalElements('0100', '000101', later(1).de7), de4: amount(500), ...later(3) };
      expect(await counter.heard(reversal(named))).toMatchObject({ code: '00' });
      expect(standing(counter)).toEqual([2_500]);
    }
  });

  it('may be what remained, however often it is said', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(1_000) }));
    expect(await counter.heard(reversal({ ...later(1), de4: amount(1_000) }))).toMatchObject({ code: '00' });
    expect(await counter.heard(reversal({ ...later(2), de4: amount(1_000) }))).toMatchObject({ code: '00' });
    expect(standing(counter)).toEqual([0]);
  });
});

describe('an advice of a card that no network serves', () => {
  it('is kept for people: it has happened', async () => {
    const counter = new Counter();
    const told = purchase({ mti: '0220', de2: Pan.of('9999990000000009') });
    expect(await counter.heard(told)).toMatchObject({ code: '00' });
    expect(counter.rows()).toMatchObject([{ kind: 'advice', asked: 2_500, standing: 0 }]);
    expect(counter.cases()).toEqual(['advice-kept']);
    expect(await counter.heard({ ...told, mti: '0221' })).toMatchObject({ code: '00' });
    expect(counter.rows()).toHaveLength(1);
  });
});

describe('a refund that names its sale by DE90 alone', () => {
  const refund = (change: Partial<TerminalMessage>) =>
    purchase({ de3: '200000', de90: originalElements(), ...later(1), ...change });

  it('gives back no more than the sale has left', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(refund({ de4: amount(2_600) }))).toMatchObject({ code: '13' });
    expect(await counter.heard(refund({ ...later(2), de4: amount(2_000) }))).toMatchObject({ code: '00' });
    expect(await counter.heard(refund({ ...later(3), de4: amount(600) }))).toMatchObject({ code: '13' });
    expect(await counter.heard(voidOf({ rrn: counter.payment().opening?.facts.rrn }))).toMatchObject({
      code: '12',
    });
  });

  it('of zeros names none', async () => {
    const counter = new Counter();
    const de90 = originalElements('0000', '000000', '0000000000');
    expect(await counter.heard(refund({ de90 }))).toMatchObject({ code: '00' });
  });

  it('is tied to it where it was given at the terminal', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(refund({ mti: '0220' }))).toMatchObject({ code: '00' });
    expect(counter.payment().refunds).toMatchObject([{ minorUnits: 2_500 }]);
  });

  it('and is told again with the code of its approval is one refund', async () => {
    const counter = new Counter();
    const given = await counter.heard(purchase({ de3: '200000' }));
    const again = purchase({ mti: '0220', de3: '200000', de37: given.rrn, de38: 'A1B2C3', ...later(1) });
    expect(await counter.heard(again)).toMatchObject({ code: '00' });
    expect(standing(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual([]);
  });
});
