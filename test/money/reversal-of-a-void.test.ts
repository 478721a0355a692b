import { describe, expect, it } from 'vitest';
import { Counter, originalElements, played, purchase, replacement, reversal, voidOf } from './core-cases.ts';

// Who reverses a void says that it does not know of its void. The sale stands again while the network was not told
// otherwise, and a void that comes behind its own reversal does nothing.

const REVERSES_THE_VOID = {
  de11: '000004',
  de7: '1123120700',
  de90: originalElements('0200', '000003', '1123120600'),
};

describe('the reversal of a void', () => {
  const before = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const voided = await counter.heard(voidOf(bought));
    const { code } = await counter.heard(reversal({ ...REVERSES_THE_VOID, de37: bought.rrn }));
    await counter.follows('reverse-network');
    return { voided, code, payment: counter.payment(), reversed: counter.core.sent.reversed.length };
  });
  const overtaking = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(reversal({ ...REVERSES_THE_VOID, de37: bought.rrn }));
    const stands = counter.payment().standingMinorUnits;
    const late = await counter.heard(voidOf(bought));
    return { stands, late, payment: counter.payment() };
  });

  const ofARefusedOne = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const voided = await counter.heard(voidOf(bought, { de11: '000001', de4: '000000009900' }));
    const named = {
      de11: '000004',
      de7: '1123120700',
      de12: '130700',
      de90: originalElements('0200', '000001', '1123120600'),
    };
    await counter.heard(reversal({ ...named, de3: '020000', de37: bought.rrn }));
    return { isRefused: voided.code !== '00', stands: counter.payment().standingMinorUnits };
  });

  it('that was refused does not reverse the sale, though it counted the same STAN', () => {
    expect(ofARefusedOne()).toEqual({ isRefused: true, stands: 2_500 });
  });

  it('leaves the sale standing, where the network was not told of the void', () => {
    const stands = { state: 'approved', standingMinorUnits: 2_500 };
    expect(before()).toMatchObject({ voided: { code: '00' }, code: '00', payment: stands, reversed: 0 });
  });

  it('leaves what remains of it, where a part was reversed beside the void', async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(voidOf(bought));
    const part = reversal({ de11: '000005', de7: '1123120650', de95: replacement(1_000) });
    expect(await counter.heard(part)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
    expect(await counter.heard(reversal({ ...REVERSES_THE_VOID, de37: bought.rrn }))).toMatchObject({
      code: '00',
    });
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 1_000 });
  });

  it('does not reverse the sale, where it overtakes the void', () => {
    expect(overtaking().stands).toBe(2_500);
  });

  it('keeps the void that comes late from being executed', () => {
    expect(overtaking().payment).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });

  it('of the second void leaves what stood before that one', async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(voidOf(bought));
    await counter.heard(reversal({ ...REVERSES_THE_VOID, de12: '130700' }));
    const ofAPart = { de11: '000005', de7: '1123120800', de12: '130800', de95: replacement(1_000) };
    await counter.heard(reversal(ofAPart));
    const again = { de11: '000006', de7: '1123120900', de12: '130900', de4: undefined };
    expect((await counter.heard(voidOf(bought, again))).code).toBe('00');
    const de90 = originalElements('0200', '000006', '1123120900');
    await counter.heard(reversal({ de11: '000007', de7: '1123121000', de12: '131000', de90 }));
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 1_000 });
  });
});

describe('a reversal with DE3 02 that names no message, and the sale by its DE37', () => {
  const voidLike = async (change: Parameters<typeof reversal>[0] = {}) => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    const own = { de11: '000044', de7: '1123130000', de12: '140000', de3: '020000', de37: rrn };
    const { code } = await counter.heard(reversal({ ...own, de90: undefined, ...change }));
    return { code, standing: counter.payment().standingMinorUnits, cases: counter.cases() };
  };

  it('may be a void, or the reversal of one that never came: the sale stands, and people look', async () => {
    const seen = { code: '00', standing: 2_500, cases: ['reversal-unmatched'] };
    expect(await voidLike()).toEqual(seen);
    expect(await voidLike({ de90: originalElements('0000', '000000', '0000000000') })).toEqual(seen);
  });

  it('is no case where it names the void that never came', async () => {
    const de90 = originalElements('0200', '000003', '1123120600');
    expect(await voidLike({ de90 })).toEqual({ code: '00', standing: 2_500, cases: [] });
  });
});
