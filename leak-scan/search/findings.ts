/**
 * What was found, without what it says: the same value in the same form in the same source is one finding, with where
 * it stands first and how often.
 */

import { setImmediate as aTurn } from 'node:timers/promises';
import type { Piece, Place, PlaceName } from '../places/place.ts';
import type { Kind } from '../secrets/canary.ts';
import type { Needle, Needles } from './needles.ts';

export interface Finding {
  readonly place: PlaceName;
  readonly source: string;
  readonly kind: Kind;
  readonly encoding: string;
  /** Which canary: the message that carried it. */
  readonly of: string;
  /** Of the first, in bytes from the source's beginning; of memory, its address. */
  readonly offset: number;
  times: number;
}

export interface Searched {
  readonly findings: readonly Finding[];
  /** Bytes read of each place. */
  readonly bytes: ReadonlyMap<PlaceName, number>;
  /** Sources of each place. */
  readonly sources: ReadonlyMap<PlaceName, number>;
}

export async function search(
  places: readonly Place[],
  needles: Needles,
  say: (line: string) => void,
): Promise<Searched> {
  const found = new Map<string, Finding>();
  const bytes = new Map<PlaceName, number>();
  const sources = new Map<PlaceName, number>();
  for (const place of places) {
    const began = performance.now();
    let read = 0;
    const seen = new Set<string>();
    for await (const piece of place.pieces(needles.longest)) {
      await aTurn(); // Ctrl-C is heard between two pieces
      read += Math.min(piece.bytes.length, piece.before);
      seen.add(piece.source);
      needles.search(piece.bytes, piece.before, (needle, at) => add(found, place.name, piece, needle, at));
    }
    bytes.set(place.name, (bytes.get(place.name) ?? 0) + read);
    sources.set(place.name, (sources.get(place.name) ?? 0) + seen.size);
    say(`${place.name}: ${seen.size} sources, ${megabytes(read)} MB in ${seconds(began)} s`);
  }
  return { findings: [...found.values()], bytes, sources };
}

function add(
  found: Map<string, Finding>,
  place: PlaceName,
  piece: Piece,
  { canary, encoding }: Needle,
  at: number,
): void {
  const { source, from } = piece;
  const { kind, of } = canary;
  const key = JSON.stringify([place, source, kind, encoding, of]);
  const known = found.get(key);
  if (known) known.times += 1;
  else found.set(key, { place, source, kind, encoding, of, offset: from + at, times: 1 });
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(1);
}
