import { describe, expect, test } from 'vitest';
import { systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import {
  dayOfKey,
  dayOfName,
  dayOfTime,
  dayOfTransaction,
  hashOfName,
  keyHash,
  nameClaim,
} from './claim-names.ts';

const at = (iso: string) => Date.parse(`${iso}T12:00:00Z`);
const day = (iso: string) => dayOfTime(at(iso));

describe('the day of a key', () => {
  test.each([
    ['of today', '1129', '2026-11-29', '2026-11-29'],
    ['of yesterday, a month ago by its number', '1130', '2026-12-01', '2026-11-30'],
    ['of a terminal whose clock is ahead', '1201', '2026-11-30', '2026-12-01'],
    ['of last year, on the first of January', '1231', '2027-01-01', '2026-12-31'],
    ['of next year, on the last of December', '0101', '2026-12-31', '2027-01-01'],
    ['of an original from before the summer', '0615', '2026-11-29', '2026-06-15'],
    ['of a leap day, refunded the day after', '0229', '2028-03-01', '2028-02-29'],
  ])('%s', (_, mmdd, now, expected) => {
    expect(dayOfKey(`line|0100|T|M|000001|${mmdd}235959`, at(now))).toBe(day(expected));
  });

  test.each([
    ['line|reference|T|633312000001'],
    ['stand-in|card|12'],
    ['line|0100|T|M|000001|1332120000'],
    ['line|0100|T|M|000001|0230120000'],
    ['line|0100|T|M|000001|0229120000'], // 2026 has none, nor has a year near enough
    ['1129120000'],
    [''],
  ])('is none in %s', (key) => {
    expect(dayOfKey(key, at('2026-11-29'))).toBeUndefined();
  });
});

test('a claim without a date is of day 0 where it must be unique, and of the day of its transaction else', () => {
  const clock = { ...systemClock, wall: () => at('2026-11-29') };
  const transaction = timeOrderedUuid(clock, systemRandom);
  const hashOf = keyHash(Buffer.from('secret'));
  const named = (role: 'unique' | 'alias', key = 'k') =>
    nameClaim(hashOf, { key, fingerprint: 'f', role }, transaction, at('2026-11-30')).name;
  expect(dayOfName(named('unique'))).toBe(0);
  expect(dayOfName(named('alias'))).toBe(day('2026-11-29'));
  expect(dayOfTransaction(transaction)).toBe(day('2026-11-29'));
  expect(dayOfName(named('alias', 'k|1128120000'))).toBe(day('2026-11-28'));
  expect(named('unique')).toMatch(/^[0-9a-f]{40}$/);
  expect(hashOfName(named('unique'))).toBe(hashOf('k'));
  expect(keyHash(Buffer.from('another'))('k')).not.toBe(hashOf('k'));
});
