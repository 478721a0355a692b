import type { Link } from './chain.ts';
import type { ClaimName } from './claim-names.ts';
import type { PendingEntry } from './entry.ts';
import { type FlushLines, flushLines } from './flush-lines.ts';

/** Which flush: how its first and last entries are numbered, and the link of the chain before it. */
export interface FlushPlace {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  readonly link: Link;
}

/** A flush that is known to be committed, as it can be written again. */
export interface KeptFlush extends FlushPlace {
  readonly lines: FlushLines;
  /** Aliases of it that had an owner: they were not written. */
  readonly owned: readonly ClaimName[];
}

/**
 * What a node keeps of its own writes, outside the database: a fail-over may lose what the database had acknowledged,
 * and nobody else knows then what was answered (switch/own-copy).
 */
export interface FlushKeeper {
  /** Takes it along at once: never throws, and nobody waits for it. */
  keep(flush: KeptFlush): void;
  /**
   * Looks whether the database still has what was kept, and writes again what it lacks. Before a lease is opened, and
   * with every new connection, before anything is written by it.
   * @param database names the database, whatever server it is on
   * @throws where it cannot be done now: then nothing may be written
   */
  compare(database: string): Promise<void>;
}

/**
 * A flush of which these entries were appended.
 * @param lines as they were sent, where all of the batch was appended; absent: they are made again
 */
export function keptFlush(
  epoch: number,
  appended: readonly PendingEntry[],
  { link, isClaimed, lines }: { link: Link; isClaimed: (name: ClaimName) => boolean; lines?: FlushLines },
): KeptFlush {
  const owned = appended.flatMap(({ claims }) =>
    claims.flatMap(({ name, role }) => (role === 'alias' && !isClaimed(name) ? [name] : [])),
  );
  const [first, last] = [appended[0]?.sequence ?? 0, appended.at(-1)?.sequence ?? 0];
  return { epoch, first, last, link, lines: lines ?? flushLines(appended, link), owned };
}

/** For people: how far a chain goes. */
export const placeText = ({ epoch, last }: FlushPlace): string => `epoch ${epoch}, entry ${last}`;
