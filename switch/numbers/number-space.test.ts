import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { NumberSpace } from './number-space.ts';

const open: NumberSpace[] = [];
afterEach(() => {
  for (const space of open.splice(0)) space.close();
});

/** A database that gives blocks, and processes that share it. */
function database(first = 1) {
  const clock = new VirtualClock();
  const known = { next: first, isAway: false };
  const reserve = async (_: string, count: number) => {
    if (known.isAway) throw new Error('away');
    known.next += count;
    return known.next - count;
  };
  const process = async () => {
    const space = await NumberSpace.open(['visa'], { reserve, clock, log: silentLog });
    open.push(space);
    return () => space.next('visa');
  };
  return { clock, known, process };
}

describe('numbers towards a network', () => {
  it('are six digits that count on, and twelve that begin with the day', async () => {
    const { process } = database();
    const next = await process();
    expect([next(), next()]).toEqual([
      { stan: '000001', rrn: '632700000001' },
      { stan: '000002', rrn: '632700000002' },
    ]);
  });

  it('are of one process each, also after its restart', async () => {
    const { clock, process } = database();
    const seen = new Set<string>();
    const processes = [await process(), await process(), await process()];
    for (let round = 0; round < 4_000; round += 1) {
      if (round % 500 === 0) processes.push(await process());
      if (round % 50 === 0) await clock.advance(10);
      for (const next of processes.slice(-3)) seen.add(next()?.rrn ?? '');
    }
    expect(seen.size).toBe(12_000);
    expect(seen).not.toContain('');
  });

  it('are never zero, and begin anew behind a million', async () => {
    const { process } = database(999_999);
    const next = await process();
    expect([next()?.stan, next()?.rrn]).toEqual(['999999', '632701000001']);
  });

  it('last for a while without the database, and are not made up when they are used up', async () => {
    const { clock, known, process } = database();
    const next = await process();
    known.isAway = true;
    const given = [];
    for (let round = 0; round < 2_100; round += 1) given.push(next());
    expect(given.filter(Boolean)).toHaveLength(2_000);
    await clock.advance(1);
    known.isAway = false;
    next();
    await clock.advance(1);
    expect(next()).toBeDefined();
  });

  it('of an idle process are not those that the others have counted through', async () => {
    const { clock, known, process } = database();
    const next = await process();
    await clock.advance(3_600_000);
    const before = known.next;
    expect(Number(next()?.stan)).toBeGreaterThan(before - 6_000);
    expect(before).toBeGreaterThan(80_000);
  });

  it('that are too old are not used at all', async () => {
    const { clock, known, process } = database();
    const next = await process();
    known.isAway = true;
    await clock.advance(660_000);
    expect(next()).toBeUndefined();
  });
});
