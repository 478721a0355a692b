/**
 * All patterns at once over gigabytes: Wu and Manber's search. A table says for each group of three bytes how far the
 * window may move on; where it may not, the patterns that begin with the six bytes that end here are compared. One
 * search a pattern was rejected: there are thousands, and a run would take an hour. A regular expression over a text
 * was rejected as well: memory is no text.
 */
import type { Canary } from '../secrets/canary.ts';
import { formsOf, LEAST_BYTES } from '../secrets/forms.ts';

export interface Needle {
  readonly canary: Canary;
  readonly encoding: string;
  readonly bytes: Buffer;
}

const GROUP = 3;
const TABLE_BITS = 18;
const TABLE_SIZE = 1 << TABLE_BITS;
/** No group of three of a head is further from its end. */
const FURTHEST = LEAST_BYTES - GROUP + 1;

export class Needles {
  readonly longest: number;
  readonly #shift = new Uint8Array(TABLE_SIZE).fill(FURTHEST);
  readonly #byHead = new Map<number, Needle[]>();

  constructor(canaries: readonly Canary[]) {
    const needles = canaries.flatMap((canary) => formsOf(canary).map((form) => ({ canary, ...form })));
    for (const needle of needles) this.#add(needle);
    this.longest = needles.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
  }

  /** Calls `found` for every pattern that begins before `before`; what begins later is of the next piece. */
  search(piece: Buffer, before: number, found: (needle: Needle, at: number) => void): void {
    const shift = this.#shift;
    const last = Math.min(piece.length, before + LEAST_BYTES - 1);
    let end = LEAST_BYTES - 1;
    while (end < last) {
      const move = shift[groupAt(piece, end)] ?? FURTHEST;
      if (move === 0) this.#compare(piece, end - LEAST_BYTES + 1, found);
      end += move === 0 ? 1 : move;
    }
  }

  #compare(piece: Buffer, at: number, found: (needle: Needle, at: number) => void): void {
    const needles = this.#byHead.get(headAt(piece, at));
    if (!needles) return;
    for (const needle of needles) if (isAt(piece, at, needle.bytes)) found(needle, at);
  }

  #add(needle: Needle): void {
    const { bytes } = needle;
    for (let end = GROUP - 1; end < LEAST_BYTES; end += 1) {
      const group = groupAt(bytes, end);
      this.#shift[group] = Math.min(this.#shift[group] ?? FURTHEST, LEAST_BYTES - 1 - end);
    }
    const head = headAt(bytes, 0);
    const others = this.#byHead.get(head);
    if (others) others.push(needle);
    else this.#byHead.set(head, [needle]);
  }
}

/** The three bytes that end here, folded into the table. */
function groupAt(bytes: Buffer, end: number): number {
  const first = bytes[end - 2] ?? 0;
  const second = bytes[end - 1] ?? 0;
  const third = bytes[end] ?? 0;
  return ((first << 10) ^ (second << 5) ^ third) & (TABLE_SIZE - 1);
}

/** The six bytes from here on, as one number. */
function headAt(bytes: Buffer, at: number): number {
  return bytes.readUIntBE(at, LEAST_BYTES);
}

function isAt(piece: Buffer, at: number, bytes: Buffer): boolean {
  if (at + bytes.length > piece.length) return false;
  return piece.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0;
}
