/**
 * The memory of living processes by /proc: every page that may be written to and is there. What processes share, as
 * those of PostgreSQL do, is read once. Pages that were never touched are passed over by the kernel's own list of
 * pages. A core dump was rejected: it would put on a disk what is looked for.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Piece, Place } from './place.ts';

export interface NamedProcess {
  readonly name: string;
  readonly pid: number;
}

const PAGE_BYTES = 4_096;
const ENTRY_BYTES = 8;
const PIECE_BYTES = 4 * 1_024 * 1_024;
/** Of an entry's last byte: the page is in memory, or swapped out. */
const IS_THERE = 0xc0;
const MOST_OVERLAP = 4_096;
/** One for all: who is given a piece is done with it before he asks for the next. */
const piece = Buffer.allocUnsafeSlow(PIECE_BYTES + MOST_OVERLAP);
const WRITABLE = /^([0-9a-f]+)-([0-9a-f]+) rw(.)(.) ([0-9a-f]+) (\S+) (\d+)\s*(.*)$/;

interface Range {
  readonly from: number;
  readonly to: number;
}

export function memoryOf(processes: readonly NamedProcess[]): Place {
  return {
    name: 'memory',
    *pieces(overlap) {
      const shared = new Set<string>();
      for (const { name, pid } of processes) yield* piecesOf(`${name} (${pid})`, pid, overlap, shared);
    },
  };
}

function* piecesOf(source: string, pid: number, overlap: number, shared: Set<string>): Generator<Piece> {
  if (!existsSync(`/proc/${pid}`)) return; // a worker of the database that has ended
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const pages = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    for (const range of writableRanges(pid, shared)) {
      for (const { from, to } of residentRanges(pages, range)) {
        for (let at = from; at < to; at += PIECE_BYTES) {
          const bytes = readAt(memory, at, Math.min(PIECE_BYTES + overlap, to - at));
          if (bytes) yield { source, from: at, bytes, before: PIECE_BYTES };
        }
      }
    }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
}

function writableRanges(pid: number, shared: Set<string>): Range[] {
  const ranges: Range[] = [];
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const [, from, to, , how, offset, device, inode] = WRITABLE.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const key = `${device} ${inode} ${offset} ${to}`;
    if (how === 's' && shared.has(key)) continue;
    if (how === 's') shared.add(key);
    ranges.push({ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) });
  }
  return ranges;
}

/** Runs of pages that are there. */
function* residentRanges(pages: number, { from, to }: Range): Generator<Range> {
  const first = from / PAGE_BYTES;
  const entries = Buffer.alloc((to / PAGE_BYTES - first) * ENTRY_BYTES);
  const length = readSync(pages, entries, 0, entries.length, first * ENTRY_BYTES);
  let begun: number | undefined;
  for (let at = 0; at < length; at += ENTRY_BYTES) {
    const isThere = ((entries[at + ENTRY_BYTES - 1] ?? 0) & IS_THERE) !== 0;
    const address = from + (at / ENTRY_BYTES) * PAGE_BYTES;
    if (isThere) begun ??= address;
    else if (begun !== undefined) {
      yield { from: begun, to: address };
      begun = undefined;
    }
  }
  if (begun !== undefined) yield { from: begun, to };
}

/** Nothing where the kernel does not show it, or it is gone since the list was read. */
function readAt(memory: number, address: number, length: number): Buffer | undefined {
  try {
    return piece.subarray(0, readSync(memory, piece, 0, length, address));
  } catch {
    return undefined;
  }
}
