import { expect, it } from 'vitest';
import { Counter, DAY_MS, purchase } from '../../test/money/core-cases.ts';
import { openHold } from './hold.ts';

const HOLD = { mti: '0100', de25: '06', de4: '000000020000' };

/** A hold with this life, as it stands, and when something is to be done about it: in days from its opening. */
async function dueAfter(lifeDays: number, change: object = {}) {
  const counter = new Counter();
  await counter.heard(purchase(HOLD));
  const [first] = counter.core.journal.entries;
  const at = first?.at ?? 0;
  const hold = { ...counter.payment(), holdUntil: at + lifeDays * DAY_MS, ...change };
  const open = openHold(hold, [{ at }]);
  return open && (open.dueAt - at) / DAY_MS;
}

it.each([
  ['two days before the end of thirty', 30, 28],
  ['two days before the end of ten', 10, 8],
  ['a fifth before the end of seven', 7, 5.6],
  ['a fifth before the end of one', 1, 0.8],
])('a hold is told of to its merchant %s', async (_, life, due) => {
  expect(await dueAfter(life)).toBeCloseTo(due, 6);
});

it('a hold that was told of is due at its end', async () => {
  expect(await dueAfter(30, { isHoldWarned: true })).toBe(30);
});

it.each([
  ['that is over', { isHoldExpired: true }],
  ['that is over, though a completion for a part of it came', { isHoldExpired: true, state: 'captured' }],
  ['that was declined', { state: 'declined' }],
  ['that is completed', { state: 'captured' }],
  ['that has no end', { holdUntil: undefined }],
])('nothing is due of a hold %s', async (_, change) => {
  expect(await dueAfter(30, change)).toBeUndefined();
});
