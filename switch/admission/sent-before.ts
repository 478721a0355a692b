import type { Clock, Monotonic } from '../../runtime/index.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

/** A terminal that repeats does so within a minute. */
const KEEP_MS = 60_000;
const MOST = 131_072;
/** Of one address: whoever sends more pushes out what it sent itself. */
const MOST_OF_ONE = 65_536;

/** A line that delivers a message twice does so within seconds; who tries again takes longer, and says so. */
const REFUSED_MS = 10_000;

/** A request that came for the first time. */
interface Sighting {
  readonly from: string;
  readonly at: Monotonic;
  /** The same again, as far as it was not left unanswered. */
  copies: number;
  /** When it was answered that it cannot be served. */
  refusedAt?: Monotonic;
}

/**
 * The numbers of requests during the last minute, at whichever listener of the node they came. A terminal that sends
 * the same request again without the repeat digit must not be told that it cannot be served: its first may be approved.
 * Nor may its first, once a copy of it was let in: the copy may be approved. What was told so stays refused for some
 * seconds, since a copy that the line brings then would be a payment of which its terminal knows nothing. Who floods
 * the node with numbers pushes out its own before anybody else's. Asking the journal was rejected: that is the work
 * which is to be spared, and it may be what is away.
 */
export class SentBefore {
  readonly #clock: Clock;
  /** The oldest first, as a map keeps them. */
  readonly #sightings = new Map<string, Sighting>();
  readonly #bySender = new Map<string, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether these numbers came before. Those that come for the first time are kept.
   * @param from an address without its port
   */
  came(numbers: string, from: string): boolean {
    const now = this.#clock.monotonic();
    this.#forgetBefore(now - KEEP_MS);
    const refused = this.#sightings.get(numbers);
    if (refused?.refusedAt !== undefined) this.#forget(numbers, refused);
    else if (this.isCopy(numbers)) return true;

    const own = this.#bySender.get(from) ?? new Set();
    this.#makeRoom(own);
    own.add(numbers);
    this.#bySender.set(from, own);
    this.#sightings.set(numbers, { from, at: now, copies: 0 });
    return false;
  }

  /** Whether they came before, where the message says so itself: then it is a copy as well, and no first is kept. */
  isCopy(numbers: string): boolean {
    const known = this.#sightings.get(numbers);
    if (known) known.copies += 1;
    return known !== undefined;
  }

  /** A copy is left unanswered: nothing can come of it. */
  leftCopy(numbers: string): void {
    const known = this.#sightings.get(numbers);
    if (known && known.copies > 0) known.copies -= 1;
  }

  /** Whether the first may be told that it cannot be served: not while a copy of it is at work. */
  refuseFirst(numbers: string): boolean {
    const known = this.#sightings.get(numbers);
    if (known && known.copies > 0) return false;
    if (known) known.refusedAt ??= this.#clock.monotonic();
    return true;
  }

  /** Whether its first was refused a moment ago: then it is refused as well, unless it says that it repeats. */
  wasRefused(numbers: string): boolean {
    const { refusedAt } = this.#sightings.get(numbers) ?? {};
    return refusedAt !== undefined && this.#clock.monotonic() - refusedAt < REFUSED_MS;
  }

  #forgetBefore(at: Monotonic): void {
    for (const [numbers, sighting] of this.#sightings) {
      if (sighting.at > at) return;
      this.#forget(numbers, sighting);
    }
  }

  /** The oldest of who has too many leaves; where only all together do, the oldest of all. */
  #makeRoom(own: ReadonlySet<string>): void {
    const share = MOST / Math.max(1, this.#bySender.size);
    const isFull = this.#sightings.size >= MOST;
    const hasTooMany = own.size >= MOST_OF_ONE || (isFull && own.size >= share);
    if (!hasTooMany && !isFull) return;
    const [oldest] = (hasTooMany ? own : this.#sightings).keys();
    const sighting = oldest === undefined ? undefined : this.#sightings.get(oldest);
    if (oldest !== undefined && sighting) this.#forget(oldest, sighting);
  }

  #forget(numbers: string, { from }: Sighting): void {
    this.#sightings.delete(numbers);
    const own = this.#bySender.get(from);
    own?.delete(numbers);
    if (own?.size === 0) this.#bySender.delete(from);
  }
}

/** What two sendings of one request have in common: the party, its STAN and its time, whatever the port. */
export function numbersOf(
  acquirer: string,
  { de41 = '', de42 = '', de11 = '', de7 = '', de12, de13 }: TerminalMessage,
): string {
  return `${acquirer} ${de42} ${de41} ${de11} ${de12 === undefined || de13 === undefined ? de7 : de13 + de12}`;
}
