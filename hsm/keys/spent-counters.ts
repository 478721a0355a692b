/**
 * The DUKPT counters that one device has spent for one purpose, in a row of the ledger.
 *
 * Counters may arrive out of order (a terminal that kept a payment while its line was down sends it later), so those
 * that were spent are remembered one by one, the highest ones with a mark of their request. Those below the lowest that
 * is remembered count as spent: a counter is never used twice for want of memory.
 *
 * Bytes: floor u32, then for each remembered counter, in rising order, the counter u32 and the mark.
 */
const MARK_LENGTH = 8;
const ENTRY_LENGTH = 4 + MARK_LENGTH;
const REMEMBERED = 32;

interface Entry {
  readonly counter: number;
  readonly mark: Buffer;
}

export type Spending = 'free' | 'same request' | 'spent';

export class SpentCounters {
  #floor: number;
  #entries: Entry[];

  private constructor(floor: number, entries: Entry[]) {
    this.#floor = floor;
    this.#entries = entries;
  }

  /** @param upTo counters that were spent before anything was remembered one by one */
  static none(upTo: number): SpentCounters {
    return new SpentCounters(upTo, []);
  }

  static read(bytes: Uint8Array): SpentCounters {
    const buffer = Buffer.from(bytes);
    const entries: Entry[] = [];
    for (let at = 4; at < buffer.length; at += ENTRY_LENGTH) {
      entries.push({ counter: buffer.readUInt32BE(at), mark: buffer.subarray(at + 4, at + ENTRY_LENGTH) });
    }
    return new SpentCounters(buffer.readUInt32BE(0), entries);
  }

  ask(counter: number, mark: Uint8Array): Spending {
    const entry = this.#entries.find((known) => known.counter === counter);
    if (entry) return Buffer.compare(entry.mark, mark) === 0 ? 'same request' : 'spent';
    return counter <= this.#floor ? 'spent' : 'free';
  }

  /** A free counter. @returns the row's bytes from now on */
  spend(counter: number, mark: Uint8Array): Buffer {
    const kept = [...this.#entries, { counter, mark: Buffer.from(mark.subarray(0, MARK_LENGTH)) }];
    kept.sort((one, other) => one.counter - other.counter);
    for (const { counter: forgotten } of kept.splice(0, Math.max(0, kept.length - REMEMBERED))) {
      this.#floor = forgotten;
    }
    this.#entries = kept;

    const bytes = Buffer.alloc(4 + kept.length * ENTRY_LENGTH);
    bytes.writeUInt32BE(this.#floor, 0);
    for (const [index, entry] of kept.entries()) {
      bytes.writeUInt32BE(entry.counter, 4 + index * ENTRY_LENGTH);
      entry.mark.copy(bytes, 8 + index * ENTRY_LENGTH);
    }
    return bytes;
  }
}
