import { expect, it } from 'vitest';
import { type Lane, laneOf, SHED } from './lanes.ts';

it.each<[string, string, string, string | undefined, Lane]>([
  ['a purchase', '0200', '000000', undefined, 'opens-legs'],
  ['a pre-authorisation', '0100', '000000', '06', 'opens-legs'],
  ['a refund', '0200', '200000', undefined, 'opens-legs'],
  ['something unserved of the same type', '0200', '990000', undefined, 'opens-legs'],
  ['a balance', '0100', '310000', undefined, 'verification'],
  ['an account verification', '0100', '000000', '51', 'verification'],
  ['a purchase sent again', '0201', '000000', undefined, 'repeats'],
  ['a balance sent again', '0101', '310000', undefined, 'repeats'],
  ['a void', '0200', '020000', undefined, 'must-serve'],
  ['a void sent again', '0201', '020000', undefined, 'must-serve'],
  ['a reversal', '0400', '000000', undefined, 'must-serve'],
  ['a reversal sent again', '0421', '000000', undefined, 'must-serve'],
  ['an advice', '0220', '000000', undefined, 'must-serve'],
  ['an upload', '0320', '000000', undefined, 'must-serve'],
  ['a settlement', '0500', '920000', undefined, 'must-serve'],
  ['a key message', '0800', '', undefined, 'must-serve'],
])('%s', (_, mti, de3, de25, lane) => {
  expect(laneOf({ mti, de3, ...(de25 !== undefined && { de25 }) })).toBe(lane);
});

it('only what opens legs for the first time is ever refused', () => {
  expect(SHED).toEqual({
    'must-serve': 'leave',
    repeats: 'leave',
    'opens-legs': 'refuse',
    verification: 'refuse',
  });
});
