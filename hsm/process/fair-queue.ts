/** What one owner has waiting: taken from the front by an index, so that taking moves nothing. */
interface Line<Item> {
  items: Item[];
  next: number;
}

/** A line's taken front is given back once it is this long, and most of the line. */
const TAKEN_AT_MOST = 1_024;

/**
 * What waits, in a line for each owner: within a line in order of arrival, among lines in turn, so that one owner with
 * thousands waiting delays another by one item and not by thousands.
 *
 * Rejected: one line in order of arrival. A bulk job with 256 requests in flight made payments wait for half a second.
 */
export class FairQueue<Owner, Item> {
  readonly #lines = new Map<Owner, Line<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(owner: Owner, item: Item): void {
    this.#size += 1;
    const line = this.#lines.get(owner);
    if (line) line.items.push(item);
    else this.#lines.set(owner, { items: [item], next: 0 });
  }

  /** The oldest item of the line whose turn it is. */
  take(): Item | undefined {
    for (const [owner, line] of this.#lines) {
      const item = line.items[line.next++];
      this.#size -= 1;

      if (line.next === line.items.length) this.#lines.delete(owner);
      else if (this.#lines.size > 1) {
        this.#lines.delete(owner);
        this.#lines.set(owner, line);
      }
      giveBack(line);
      return item;
    }
    return undefined;
  }

  /** Takes the newest item of the longest line away, where that line is longer than this owner's by two or more. */
  makeRoomFor(owner: Owner): Item | undefined {
    let longest: Line<Item> | undefined;
    for (const line of this.#lines.values()) {
      if (!longest || lengthOf(line) > lengthOf(longest)) longest = line;
    }
    const own = this.#lines.get(owner);
    if (!longest || lengthOf(longest) < (own ? lengthOf(own) : 0) + 2) return undefined;

    this.#size -= 1;
    return longest.items.pop();
  }
}

function lengthOf({ items, next }: Line<unknown>): number {
  return items.length - next;
}

function giveBack(line: Line<unknown>): void {
  if (line.next < TAKEN_AT_MOST || line.next * 2 < line.items.length) return;
  line.items.splice(0, line.next);
  line.next = 0;
}
