import { describe, expect, test } from 'vitest';
import { systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import {
  dayOfName,
  dayOfTime,
  dayOfTransaction,
  hashOfName,
  keyHash,
  nameClaim,
  placeOfKey,
} from './claim-names.ts';

const at = (iso: string) => Date.parse(`${iso}T12:00:00Z`);
const day = (iso: string) => dayOfTime(at(iso));

describe('where a key is looked for', () => {
  test.each([
    ['with the time of a message', '|M|T|0100|000001|local|20261129235959', '2026-11-29', 0],
    ['of a leap day', '|M|T|0100|000001|local|20280229235959', '2028-02-29', 0],
    [
      'of a day alone, which is no part of what is hashed',
      '|M|633312000001|reference|20261130',
      '2026-11-30',
      9,
    ],
    ['of another place of such a day', '|M|633312000001|reference#2|20261130', '2026-11-30', 9],
  ])('%s', (_, key, expected, hidden) => {
    expect(placeOfKey(key)).toEqual({ day: day(expected), text: key.slice(0, key.length - hidden) });
  });

  test.each([
    ['|M|633312000001|reference'],
    ['stand-in|card|12'],
    ['|M|T|0100|000001|local|20261332120000'],
    ['|M|T|0100|000001|local|20260230120000'],
    ['|M|T|0100|000001|local|20260229120000'], // 2026 has none
    ['20261129120000'],
    [''],
  ])('is no day in %s', (key) => {
    expect(placeOfKey(key)).toEqual({ day: undefined, text: key });
  });
});

test('a claim without a date is of day 0 where it must be unique, and of the day of its transaction else', () => {
  const clock = { ...systemClock, wall: () => at('2026-11-29') };
  const transaction = timeOrderedUuid(clock, systemRandom);
  const hashOf = keyHash(Buffer.from('secret'));
  const named = (role: 'unique' | 'alias', key = 'k') =>
    nameClaim(hashOf, { key, fingerprint: 'f', role }, transaction).name;
  expect(dayOfName(named('unique'))).toBe(0);
  expect(dayOfName(named('alias'))).toBe(day('2026-11-29'));
  expect(dayOfTransaction(transaction)).toBe(day('2026-11-29'));
  expect(dayOfName(named('alias', 'k|20261128120000'))).toBe(day('2026-11-28'));
  expect(hashOfName(named('unique', 'k|20261128'))).toBe(hashOf('k'));
  expect(named('unique')).toMatch(/^[0-9a-f]{40}$/);
  expect(hashOfName(named('unique'))).toBe(hashOf('k'));
  expect(keyHash(Buffer.from('another'))('k')).not.toBe(hashOf('k'));
});
