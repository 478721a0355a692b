/**
 * A place is something that can be read from one end to the other in pieces: a folder, a dump, the memory of a
 * process, what was answered. Pieces of one source overlap by as much as the longest pattern, so that none is cut in
 * two.
 */
export const PLACES = [
  'logs',
  'files',
  'crash-reports',
  'dump',
  'raw-data',
  'wal',
  'metrics',
  'http-answers',
  'replies',
  'command-line',
  'memory',
] as const;
export type PlaceName = (typeof PLACES)[number];

export interface Piece {
  /** A file, a table, a process, a request. */
  readonly source: string;
  /** Where in its source it begins; of memory, the address. */
  readonly from: number;
  readonly bytes: Buffer;
  /** Patterns that begin at this index or later are found in the next piece as well. */
  readonly before: number;
}

export interface Place {
  readonly name: PlaceName;
  pieces(overlap: number): AsyncIterable<Piece> | Iterable<Piece>;
}

/** A source that is small enough to be one piece. */
export function whole(source: string, bytes: Buffer): Piece {
  return { source, from: 0, bytes, before: bytes.length };
}
