import { expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { ReachWatch } from './reach-watch.ts';

/** A database whose journal and projection the test moves; it counts what it is asked. */
function createDatabase() {
  const clock = new VirtualClock();
  const state = {
    committed: { 1: 10 } as Record<string, number>,
    projected: { 1: 0 } as Record<string, number>,
  };
  const asked = { committed: 0, cursors: 0, notified: 0 };
  let failure: Error | undefined;
  const query = async (text: string) => {
    const epochs = { ...(text.includes('switch.lease') ? state.committed : state.projected) };
    await new Promise<void>((resolve) => clock.after(5, resolve));
    if (failure) throw failure;
    if (text.includes('pg_notify')) asked.notified += 1;
    else if (text.includes('switch.lease')) asked.committed += 1;
    else asked.cursors += 1;
    return { rows: [{ epochs }] };
  };
  const watch = new ReachWatch({ query } as never, clock);
  const fail = (error: Error) => {
    failure = error;
  };
  return { clock, state, asked, watch, fail };
}

it('waits for what was committed before, and for all who wait with one look', async () => {
  const { clock, state, asked, watch } = createDatabase();
  const reached = Promise.all(Array.from({ length: 100 }, () => watch.reach(1_000)));
  await clock.advance(100);
  expect(asked).toMatchObject({ committed: 1, notified: 1 });
  expect(asked.cursors).toBeLessThan(10);
  state.committed[1] = 20; // after they came
  state.projected[1] = 10;
  await clock.advance(100);
  expect((await reached).every(Boolean)).toBe(true);
});

it('asks anew for those who come while a question is under way', async () => {
  const { clock, state, watch } = createDatabase();
  const first = watch.reach(1_000);
  await clock.advance(2);
  state.committed[1] = 20;
  state.projected[1] = 10;
  const second = watch.reach(1_000);
  await clock.advance(2_000);
  expect(await first).toBe(true);
  expect(await second).toBe(false);
});

it('is over at the deadline of each, and for all where the database is away', async () => {
  const { clock, watch, fail } = createDatabase();
  const early = watch.reach(50);
  const late = watch.reach(60_000);
  const failed = expect(late).rejects.toThrow('gone');
  await clock.advance(100);
  expect(await early).toBe(false);
  fail(new Error('gone'));
  await clock.advance(100);
  await failed;
});

it('takes no more than it can hold', async () => {
  const { clock, watch } = createDatabase();
  const many = Array.from({ length: 1_200 }, () => watch.reach(500));
  await clock.advance(100);
  expect((await Promise.all(many.slice(1_000))).some(Boolean)).toBe(false);
  await clock.advance(1_000);
  await Promise.all(many);
});
