import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { BusinessCalendar, isDate, isTimeZone } from './business-calendar.ts';

const at = (iso: string) => Date.parse(iso);
const HOUR_MS = 3_600_000;

describe('a business date', () => {
  it.each([
    ['UTC', 0, '2026-11-23T23:59:59.999Z', '2026-11-23'],
    ['UTC', 0, '2026-11-24T00:00:00Z', '2026-11-24'],
    ['UTC', 22, '2026-05-03T21:59:59Z', '2026-05-03'],
    ['UTC', 22, '2026-05-03T22:00:00Z', '2026-05-04'],
    // The same evening hour, in winter and in summer.
    ['Europe/Brussels', 22, '2026-01-15T20:59:59Z', '2026-01-15'],
    ['Europe/Brussels', 22, '2026-01-15T21:00:00Z', '2026-01-16'],
    ['Europe/Brussels', 22, '2026-07-15T19:59:59Z', '2026-07-15'],
    ['Europe/Brussels', 22, '2026-07-15T20:00:00Z', '2026-07-16'],
    // Clocks are put on, and back, at 01:00 in UTC.
    ['Europe/Brussels', 0, '2026-03-28T23:00:00Z', '2026-03-29'],
    ['Europe/Brussels', 0, '2026-03-29T21:59:59Z', '2026-03-29'],
    ['Europe/Brussels', 0, '2026-03-29T22:00:00Z', '2026-03-30'],
    ['Europe/Brussels', 2, '2026-03-29T00:59:59Z', '2026-03-29'],
    ['Europe/Brussels', 2, '2026-03-29T01:00:00Z', '2026-03-30'],
    ['Europe/Brussels', 2, '2026-10-25T00:00:00Z', '2026-10-26'],
    ['Europe/Brussels', 2, '2026-10-25T01:30:00Z', '2026-10-26'],
    ['Asia/Kathmandu', 0, '2026-06-01T18:14:59Z', '2026-06-01'],
    ['Asia/Kathmandu', 0, '2026-06-01T18:15:00Z', '2026-06-02'],
    // Half an hour of summer time.
    ['Australia/Lord_Howe', 0, '2026-04-04T13:00:00Z', '2026-04-05'],
    ['America/New_York', 0, '2026-12-31T23:30:00-05:00', '2026-12-31'],
    ['America/New_York', 17, '2026-12-31T17:00:00-05:00', '2027-01-01'],
  ])('in %s, from %i o’clock on, of %s is %s', (timeZone, cutOverHour, moment, date) => {
    expect(new BusinessCalendar({ timeZone, cutOverHour }).dateOf(at(moment))).toBe(date);
  });

  it('is of UTC and the calendar where nothing is set', () => {
    expect(new BusinessCalendar().dateOf(at('2026-11-23T12:00:00Z'))).toBe('2026-11-23');
    expect(new BusinessCalendar({}).dateOf(at('2028-02-29T23:00:00Z'))).toBe('2028-02-29');
  });

  it('never goes back, in no zone and at no hour', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const moments = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') });
    fc.assert(
      fc.property(zones, fc.integer({ min: 0, max: 23 }), moments, (timeZone, cutOverHour, from) => {
        const calendar = new BusinessCalendar({ timeZone, cutOverHour });
        let before = '';
        for (let ms = from; ms < from + 30 * HOUR_MS; ms += HOUR_MS / 4) {
          const date = calendar.dateOf(ms);
          expect(date >= before).toBe(true);
          before = date;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('costs no question to the zone while the quarter of an hour lasts', () => {
    const calendar = new BusinessCalendar({ timeZone: 'Europe/Brussels', cutOverHour: 22 });
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    const from = at('2026-07-15T19:45:00Z');
    for (let n = 0; n < HOUR_MS / 4; n += 10_000) calendar.dateOf(from + n);
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
  });
});

describe('the next hour of the day', () => {
  it.each([
    ['Europe/Brussels', 3, '2026-01-15T12:00:00Z', '2026-01-16T02:00:00Z'],
    ['Europe/Brussels', 3, '2026-01-16T02:00:00Z', '2026-01-17T02:00:00Z'],
    ['Europe/Brussels', 3, '2026-01-16T01:59:59Z', '2026-01-16T02:00:00Z'],
    ['Europe/Brussels', 3, '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    // The clocks leave two o'clock out.
    ['Europe/Brussels', 2, '2026-03-28T12:00:00Z', '2026-03-30T00:00:00Z'],
    ['UTC', 0, '2026-11-23T12:34:56Z', '2026-11-24T00:00:00Z'],
  ])('in %s, %i o’clock after %s is %s', (timeZone, hour, after, next) => {
    const calendar = new BusinessCalendar({ timeZone });
    expect(new Date(calendar.next(hour, at(after)))).toEqual(new Date(next));
  });
});

it('knows zones by their names', () => {
  expect(isTimeZone('Europe/Brussels')).toBe(true);
  expect(isTimeZone('Europe/Bruxelles')).toBe(false);
  expect(() => new BusinessCalendar({ timeZone: 'nowhere' })).toThrow(RangeError);
});

it.each([
  ['2026-02-28', true],
  ['2026-02-29', false],
  ['2026-2-28', false],
  ['tomorrow', false],
])('takes %s for a date: %s', (text, isOne) => expect(isDate(text)).toBe(isOne));
