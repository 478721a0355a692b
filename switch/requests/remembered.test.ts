import { describe, expect, it } from 'vitest';
import { isForgotten, isRemembered, rememberedFingerprint } from './remembered.ts';

const UNTIL = 1_000;
const MEANING = { stan: '000001', minorUnits: 2_500, maskedPan: '424242******4242' };
const claim = rememberedFingerprint(UNTIL, MEANING);

describe('a reversal whose original never came', () => {
  it.each([
    [0, false],
    [UNTIL - 1, false],
    [UNTIL, true],
    [UNTIL + 1, true],
  ])('at %s, of a life to 1000, is forgotten: %s', (now, forgotten) => {
    expect(isForgotten(claim, now, MEANING)).toBe(forgotten);
  });

  it.each([
    ['STAN', { stan: '000002' }],
    ['amount', { minorUnits: 2_600 }],
    ['card', { maskedPan: '400005******5556' }],
  ])('means nothing with another %s', (_, other) => {
    expect(isForgotten(claim, 0, { ...MEANING, ...other })).toBe(true);
  });

  it.each(['stan', 'minorUnits', 'maskedPan'])('that says nothing of the %s means any', (left) => {
    const said = rememberedFingerprint(UNTIL, { ...MEANING, [left]: undefined });
    expect(isForgotten(said, 0, MEANING)).toBe(false);
    expect(isForgotten(claim, 0, { ...MEANING, [left]: undefined })).toBe(false);
  });

  it('is told from other claims; one of a release before has no end', () => {
    expect([claim, 'remembered', 'abc', ''].map((each) => isRemembered(each))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isForgotten('remembered', Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});
