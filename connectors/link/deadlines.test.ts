import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { Deadlines, type Expiring } from './deadlines.ts';

interface Item extends Expiring {
  readonly name: number;
}

it('what is not settled expires at its deadline, in order; what is settled does not', async () => {
  const order = fc.record({ deadline: fc.integer({ min: 0, max: 500 }), settles: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(order, { maxLength: 60 }), async (orders) => {
      const clock = new VirtualClock();
      const expired: { name: number; at: number }[] = [];
      const deadlines = new Deadlines<Item>(clock, ({ name }) =>
        expired.push({ name, at: clock.monotonic() }),
      );
      const items = orders.map(({ deadline }, name) => ({ name, deadline, isOver: false }));
      for (const item of items) deadlines.add(item);
      for (const item of items) if (orders[item.name]?.settles) deadlines.settle(item);
      await clock.advance(1_000);
      const expected = items
        .filter(({ name }) => !orders[name]?.settles)
        .map(({ name, deadline }) => ({ name, at: deadline }));
      expect(expired.toSorted((a, b) => a.name - b.name)).toEqual(expected);
      expect(expired.map(({ at }) => at)).toEqual(expired.map(({ at }) => at).toSorted((a, b) => a - b));
      expect(items.every(({ isOver }) => isOver)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

it('does not keep what is over beyond measure', () => {
  const clock = new VirtualClock();
  let timers = 0;
  const counting = {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    after(delayMs: number, action: () => void) {
      timers += 1;
      return clock.after(delayMs, action);
    },
  };
  const deadlines = new Deadlines<Item>(counting, () => {});
  for (let name = 0; name < 100_000; name += 1) {
    const item = { name, deadline: 1_750, isOver: false };
    deadlines.add(item);
    deadlines.settle(item);
  }
  expect(deadlines.size).toBeLessThan(3_000);
  expect(timers).toBe(1);
});
