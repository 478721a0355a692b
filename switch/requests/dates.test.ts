import { expect, test } from 'vitest';
import { systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { dayStamp, openedAt, withYear } from './dates.ts';

const at = (iso: string) => Date.parse(`${iso}T12:00:00Z`);

test.each([
  ['of today', '1129', '2026-11-29', '2026'],
  ['of yesterday, a month ago by its number', '1130', '2026-12-01', '2026'],
  ['of a terminal whose clock is ahead', '1201', '2026-11-30', '2026'],
  ['of last year, on the first of January', '1231', '2027-01-01', '2026'],
  ['of next year, on the last of December', '0101', '2026-12-31', '2027'],
  ['of an original from before the summer', '0615', '2026-11-29', '2026'],
  ['of an original from last December', '1231', '2026-11-29', '2025'],
  ['of a clock that is as far ahead as is believed', '0710', '2026-06-10', '2026'],
  ['of a clock that would be further ahead', '0711', '2026-06-10', '2025'],
  ['of a leap day, refunded the day after', '0229', '2028-03-01', '2028'],
])('the year of a message %s', (_, monthAndDate, now, year) => {
  expect(withYear(`${monthAndDate}235959`, at(now))).toBe(`${year}${monthAndDate}235959`);
});

test('a day as keys have it', () => {
  expect(dayStamp(at('2026-11-30'))).toBe('20261130');
});

test('the moment at which a transaction was opened is in its id, to the millisecond', async () => {
  const clock = new VirtualClock();
  await clock.advance(987_654_321);
  expect(openedAt(timeOrderedUuid(clock, systemRandom))).toBe(Math.floor(clock.wall()));
  expect(openedAt('12345678-9abc-7def-8000-000000000000')).toBe(0x12_34_56_78_9a_bc);
});
