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
const LOOK_EVERY_MS = 20;

/**
 * Says when a TLS handshake may begin. Each costs the switch a signature, about two milliseconds, and whoever asks
 * for it nothing; so an address may fail at so many a second, and those that prove somebody cost it nothing. The
 * latest goes first: under a flood whoever waits has given up already, and it is the one who has just come that may
 * be served.
 */
export class Handshakes implements HandshakeDoor {
  readonly #clock: Clock;
  readonly #budgets: Budgets;
  readonly #waiting = new Map<string, Waiting[]>();
  #timer: Timer | undefined;

  constructor(clock: Clock, settings: StrangerSettings = DEFAULT_STRANGERS) {
    const { handshakesAtOnce: atOnce, handshakesPerSecond: perSecond } = settings;
    this.#clock = clock;
    this.#budgets = new Budgets(clock, { atOnce, perSecond });
  }

  ask(host: string, begin: Waiting['begin'], giveUp: () => void): void {
    const circle = addressCircle(host);
    const waiting = this.#waiting.get(circle);
    if (!waiting && this.#budgets.take(circle)) {
      begin(this.#handshake(circle));
      return;
    }
    const ofCircle = waiting ?? [];
    this.#waiting.set(circle, ofCircle);
    ofCircle.push({ begin, giveUp });
    if (ofCircle.length > MOST_WAITING) ofCircle.shift()?.giveUp();
    this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #handshake(circle: string): Handshake {
    let isOpen = true;
    return {
      proved: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#budgets.giveBack(circle);
        this.#letIn(circle);
      },
    };
  }

  #look(): void {
    this.#timer = undefined;
    for (const circle of this.#waiting.keys()) this.#letIn(circle);
    if (this.#waiting.size > 0) this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #letIn(circle: string): void {
    const waiting = this.#waiting.get(circle);
    if (!waiting) return;
    while (waiting.length > 0 && this.#budgets.take(circle)) waiting.pop()?.begin(this.#handshake(circle));
    if (waiting.length === 0) this.#waiting.delete(circle);
  }
}
