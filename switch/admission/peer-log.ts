import type { Clock, Log, Timer } from '../../runtime/index.ts';

/** Lines that one peer can cause: one at once and one with the count of the rest, per event and interval. */
const INTERVAL_MS = 10_000;
/** Beyond so many peers and events at once, the others share one count per event. */
const MOST_REMEMBERED = 1_024;

interface Told {
  readonly event: string;
  readonly peer: string;
  more: number;
}

/**
 * A log with a budget for what peers cause: bad frames, refusals, full listeners. A peer that sends nothing but
 * garbage costs two lines in ten seconds, and no stack traces. Sampling by chance was rejected: a single event, which
 * is what a terminal vendor's tester makes, must always show.
 */
export class PeerLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #listener: string;
  readonly #told = new Map<string, Told>();
  #timer: Timer | undefined;

  constructor(listener: string, clock: Clock, log: Log) {
    this.#listener = listener;
    this.#clock = clock;
    this.#log = log;
  }

  /** @param peer without its port: who comes with a thousand connections is one peer */
  warn(event: string, peer: string, facts: Readonly<Record<string, unknown>> = {}): void {
    const told = this.#toldOf(event, peer);
    if (told) {
      told.more += 1;
      return;
    }
    this.#log.warn({ event, listener: this.#listener, peer, ...facts });
  }

  close(): void {
    this.#timer?.cancel();
    this.#sumUp();
  }

  /** What is counted already; nothing where this is the first. */
  #toldOf(event: string, peer: string): Told | undefined {
    const key = `${event} ${peer}`;
    const known = this.#told.get(key);
    if (known) return known;
    const isCrowded = this.#told.size >= MOST_REMEMBERED;
    const others = isCrowded ? this.#told.get(event) : undefined;
    if (others) return others;
    const told = { event, peer: isCrowded ? 'others' : peer, more: isCrowded ? 1 : 0 };
    this.#told.set(isCrowded ? event : key, told);
    this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.#sumUp());
    return undefined;
  }

  #sumUp(): void {
    this.#timer = undefined;
    for (const { event, peer, more } of this.#told.values()) {
      if (more > 0) this.#log.warn({ event, listener: this.#listener, peer, more });
    }
    this.#told.clear();
  }
}

/** `address:port` without its port. */
export function hostOf(peer: string): string {
  const colon = peer.lastIndexOf(':');
  return colon < 0 ? peer : peer.slice(0, colon);
}
