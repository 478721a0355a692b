import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { EntryLine, EntryLines, EpochLine } from './entry-lines.ts';
import { JournalFollower } from './follow-journal.ts';
import type { NotedEntry } from './fraud-watch.ts';

class Lines implements EntryLines {
  epochList: EpochLine[] = [];
  written: EntryLine[] = [];
  isAway = false;
  asked = 0;

  write(epoch: number, count = 1): void {
    for (let index = 0; index < count; index += 1) {
      const sequence = this.written.filter((each) => each.epoch === epoch).length + 1;
      const transaction = `${epoch}-${sequence}`;
      this.written.push({ transaction, version: 1, kind: 'intended', body: {}, at: 1, epoch, sequence });
    }
  }

  async epochs() {
    this.asked += 1;
    if (this.isAway) throw new Error('away');
    return this.epochList;
  }

  async after(cursors: ReadonlyMap<number, number>, _since: number, most: number) {
    return [...cursors].flatMap(([epoch, from]) =>
      this.written.filter((each) => each.epoch === epoch && each.sequence > from).slice(0, most),
    );
  }
}

const open: JournalFollower[] = [];
afterEach(() => Promise.all(open.splice(0).map((follower) => follower.close())));

function follow(lines: Lines, clock = new VirtualClock()) {
  const noted: string[] = [];
  const watch = { note: ({ transaction }: NotedEntry) => noted.push(transaction) };
  const follower = new JournalFollower({ lines, watch, node: 'a', epoch: 7, clock, log: silentLog });
  open.push(follower);
  return { follower, noted, clock };
}

describe('the journal as rules follow it', () => {
  test('what others write, and what this node wrote in earlier lives, is counted once', async () => {
    const lines = new Lines();
    lines.epochList = [
      { epoch: 3, node: 'a' },
      { epoch: 5, node: 'b' },
      { epoch: 7, node: 'a' },
    ];
    for (const epoch of [3, 5, 7]) lines.write(epoch);
    const { noted, clock } = follow(lines);
    await clock.advance(5_000);
    expect(noted).toEqual(['3-1', '5-1']);
    lines.write(5);
    lines.epochList.push({ epoch: 9, node: 'c' });
    lines.write(9);
    await clock.advance(1_000);
    expect(noted).toEqual(['3-1', '5-1', '5-2', '9-1']);
  });

  test('a long journal is read in parts, and says that it is behind until it is read', async () => {
    const lines = new Lines();
    lines.epochList = [{ epoch: 5, node: 'b' }];
    lines.write(5, 500);
    const { follower, noted, clock } = follow(lines);
    await clock.advance(1);
    expect(noted.length).toBe(200);
    expect(follower.status()).toEqual({ entries: 200, isBehind: true, wholeAgoMs: null });
    await clock.advance(100);
    expect(noted.length).toBe(500);
    expect(follower.status()).toMatchObject({ entries: 500, isBehind: false });
  });

  test('a database that is away is asked again, once a second', async () => {
    const lines = new Lines();
    lines.epochList = [{ epoch: 5, node: 'b' }];
    lines.write(5);
    lines.isAway = true;
    const { follower, noted, clock } = follow(lines);
    await clock.advance(10_000);
    expect(lines.asked).toBeLessThanOrEqual(11);
    expect(follower.status().isBehind).toBe(true);
    lines.isAway = false;
    await clock.advance(1_000);
    expect(noted).toEqual(['5-1']);
  });
});
