import type { Clock, Log, Timer } from '../../runtime/index.ts';

/** Lines that one peer can cause: some at once and one with the count of the rest, per event and interval. */
const INTERVAL_MS = 10_000;
/** Beyond so many peers and events at once, the others share one count per event. */
const MOST_REMEMBERED = 1_024;

type Level = 'info' | 'warn' | 'error';

interface Told {
  readonly event: string;
  readonly peer: string;
  readonly level: Level;
  /** Lines that may still be written out in full. */
  left: number;
  more: number;
}

/**
 * A log with a budget for what peers cause: bad frames, refusals, full listeners. A peer that sends nothing but
 * garbage costs a few lines in ten seconds, and no stack traces. Sampling by chance was rejected: a single event, which
 * is what a terminal vendor's tester makes, must always show.
 */
export class PeerLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #listener: string;
  readonly #inFull: number;
  readonly #told = new Map<string, Told>();
  #timer: Timer | undefined;

  /** @param inFull lines of one peer and event that are written before the rest is counted */
  constructor(listener: string, clock: Clock, log: Log, inFull = 1) {
    this.#listener = listener;
    this.#clock = clock;
    this.#log = log;
    this.#inFull = inFull;
  }

  /** @param peer without its port: who comes with a thousand connections is one peer */
  warn(event: string, peer: string, facts: Readonly<Record<string, unknown>> = {}, text?: string): void {
    this.#tell('warn', event, peer, facts, text);
  }

  /** What is as it should be, and would still fill a disk. */
  info(event: string, peer: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#tell('info', event, peer, facts, undefined);
  }

  /** What should not happen, and a peer can make happen all the same. */
  error(event: string, peer: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#tell('error', event, peer, facts, undefined);
  }

  close(): void {
    this.#timer?.cancel();
    this.#sumUp();
  }

  #tell(
    level: Level,
    event: string,
    peer: string,
    facts: Readonly<Record<string, unknown>>,
    text: string | undefined,
  ): void {
    const told = this.#toldOf(event, peer, level);
    if (told.left > 0) {
      told.left -= 1;
      this.#log[level]({ event, listener: this.#listener, peer, ...facts }, text);
    } else {
      told.more += 1;
    }
  }

  /** What is counted already, or a new count; once it is crowded all who are new share one. */
  #toldOf(event: string, peer: string, level: Level): Told {
    const key = `${event} ${peer}`;
    const known = this.#told.get(key);
    if (known) return known;
    const isCrowded = this.#told.size >= MOST_REMEMBERED;
    const others = isCrowded ? this.#told.get(event) : undefined;
    if (others) return others;
    const told = { event, level, peer: isCrowded ? 'others' : peer, left: this.#inFull, more: 0 };
    this.#told.set(isCrowded ? event : key, told);
    this.#timer ??= this.#clock.after(INTERVAL_MS, () => this.#sumUp());
    return told;
  }

  #sumUp(): void {
    this.#timer = undefined;
    for (const { event, level, peer, more } of this.#told.values()) {
      if (more > 0) this.#log[level]({ event, listener: this.#listener, peer, more });
    }
    this.#told.clear();
  }
}

/** `address:port` without its port. */
export function hostOf(peer: string): string {
  const colon = peer.lastIndexOf(':');
  return colon < 0 ? peer : peer.slice(0, colon);
}
