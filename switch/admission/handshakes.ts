import type { Clock, Handshake, HandshakeDoor, Timer } from '../../runtime/index.ts';
import { DEFAULT_STRANGERS, type StrangerSettings } from '../config/strangers.ts';
import { Budgets } from './budgets.ts';
import { addressCircle } from './circles.ts';

interface Waiting {
  readonly begin: (handshake: Handshake) => void;
  readonly giveUp: () => void;
}

/** Of one circle that wait to begin. */
const MOST_WAITING = 512;
/** Of all circles: each that waits holds a socket. */
const MOST_WAITING_IN_ALL = 4_096;
const LOOK_EVERY_MS = 20;

/**
 * Says when a TLS handshake may begin. Each costs the switch a signature, about a millisecond, and whoever asks for it
 * nothing; so an address may fail at so many a second, and those that prove somebody cost it nothing.
 *
 * Whoever waits longest is next, and who has gone waits no longer. So how long a terminal waits behind a flood from its
 * own address follows from how many lines the flood holds open, and has a bound: a full line, by handshakes a second.
 * Who finds the line full knows so at once. The latest first was rejected: it served whoever came in the right moment,
 * and buried the others until they gave up.
 */
export class Handshakes implements HandshakeDoor {
  readonly #clock: Clock;
  readonly #budgets: Budgets;
  readonly #lines = new Map<string, Set<Waiting>>();
  #waiting = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, settings: StrangerSettings = DEFAULT_STRANGERS) {
    const { handshakesAtOnce: atOnce, handshakesPerSecond: perSecond } = settings;
    this.#clock = clock;
    this.#budgets = new Budgets(clock, { atOnce, perSecond });
  }

  ask(host: string, begin: Waiting['begin'], giveUp: () => void): () => void {
    const circle = addressCircle(host);
    const line = this.#lines.get(circle);
    if (!line && this.#budgets.take(circle)) {
      begin(this.#handshake(circle));
      return () => {};
    }
    if (line && line.size >= MOST_WAITING) {
      giveUp();
      return () => {};
    }

    if (this.#waiting >= MOST_WAITING_IN_ALL) this.#makeRoom();
    const waiting = { begin, giveUp };
    this.#join(circle, waiting);
    return () => this.#leave(circle, waiting);
  }

  #handshake(circle: string): Handshake {
    let isOpen = true;
    return {
      circle,
      proved: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#budgets.giveBack(circle);
        this.#letIn(circle);
      },
    };
  }

  #join(circle: string, waiting: Waiting): void {
    const line = this.#lines.get(circle) ?? new Set();
    this.#lines.set(circle, line.add(waiting));
    this.#waiting += 1;
    this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #leave(circle: string, waiting: Waiting): void {
    const line = this.#lines.get(circle);
    if (!line?.delete(waiting)) return;
    this.#waiting -= 1;
    if (line.size === 0) this.#lines.delete(circle);
  }

  /** The longest line loses its latest, who would have waited longest. */
  #makeRoom(): void {
    const [first] = this.#lines;
    if (!first) return;
    let [circle, longest] = first;
    for (const [other, line] of this.#lines) {
      if (line.size > longest.size) [circle, longest] = [other, line];
    }

    const latest = [...longest].at(-1);
    if (!latest) return;
    this.#leave(circle, latest);
    latest.giveUp();
  }

  #look(): void {
    this.#timer = undefined;
    for (const circle of this.#lines.keys()) this.#letIn(circle);
    if (this.#lines.size > 0) this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #letIn(circle: string): void {
    for (const waiting of this.#lines.get(circle) ?? []) {
      if (!this.#budgets.take(circle)) return;
      this.#leave(circle, waiting);
      waiting.begin(this.#handshake(circle));
    }
  }
}
