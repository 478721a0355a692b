import { describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../test/support/memory-journal.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { NewEntry } from './journal.ts';
import { type Collision, untilAppended } from './until-appended.ts';

const TRANSACTION = '0199a000-0000-7000-8000-000000000001';
const entryOf = (version: number): NewEntry => ({
  transaction: TRANSACTION,
  version,
  kind: 'noted',
  body: {},
});

describe('until appended', () => {
  it('makes the entry anew for each writer that was first, and is told of each', async () => {
    const journal = new MemoryJournal(new VirtualClock());
    const told: (Collision | undefined)[] = [];
    const result = await untilAppended(journal, async (collision) => {
      told.push(collision);
      const version = journal.entries.length + 1;
      if (version < 3) await journal.append(entryOf(version));
      return { entry: entryOf(version), result: version };
    });
    expect(result).toBe(3);
    expect(told).toEqual([undefined, { status: 'superseded' }, { status: 'superseded' }]);
  });

  it('ends without an entry where none is due', async () => {
    const journal = new MemoryJournal(new VirtualClock());
    expect(await untilAppended(journal, () => ({ done: 'nothing' }))).toBe('nothing');
    expect(journal.entries).toEqual([]);
  });

  it('gives up with one clear error where others are first every time', async () => {
    const journal = new MemoryJournal(new VirtualClock());
    await journal.append(entryOf(1));
    let asked = 0;
    const always = () => {
      asked += 1;
      return { entry: entryOf(1), result: undefined };
    };
    await expect(untilAppended(journal, always, { maxCollisions: 4 })).rejects.toMatchObject({
      code: 'SW_JOURNAL_CONTENDED',
      committed: 'no',
      detail: { collisions: 4 },
    });
    expect(asked).toBe(4);
  });

  it('lets the deadline through', async () => {
    const journal = new MemoryJournal(new VirtualClock());
    const step = () => ({ entry: entryOf(1), result: undefined });
    await expect(untilAppended(journal, step, { deadline: 0 })).rejects.toMatchObject({ committed: 'no' });
    expect(journal.entries).toEqual([]);
  });
});
