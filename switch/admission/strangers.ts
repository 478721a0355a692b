import type { Clock, Timer } from '../../runtime/index.ts';
import { DEFAULT_STRANGERS, type StrangerSettings } from '../config/strangers.ts';
import { Budgets } from './budgets.ts';
import { FairQueue, type Waiting } from './fair-queue.ts';
import { TurnedAway } from './turned-away.ts';

/** A message of a peer that has proven nothing, before anything is spent on it. */
export interface Unproven {
  readonly circle: string;
  /** Its connection: those of one circle take turns. */
  readonly connection: string;
  readonly patienceMs: number;
  /** Called once: its proof may be asked for. `ended` must be called then. */
  begin(): void;
  /** Called instead where its turn does not come in time. */
  giveUp(): void;
}

interface Entry extends Waiting {
  readonly unproven: Unproven;
}

/** Messages of one circle that wait for their turn. */
const MOST_WAITING = 512;
const LOOK_EVERY_MS = 20;

/**
 * Lets messages of strangers through to their proof, by turns of the connections of a circle. A wrong MAC costs as much
 * as a right one: whoever sends nothing but wrong ones gets so many a second, and costs nobody else anything. A ban of
 * an address was rejected, since a thousand honest terminals may be behind it.
 */
export class Strangers {
  /** What came to nothing, for whoever looks whether that is a flood. */
  readonly turnedAway: TurnedAway;
  readonly #clock: Clock;
  readonly #budgets: Budgets;
  readonly #waiting = new Map<string, FairQueue<Entry>>();
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    settings: StrangerSettings = DEFAULT_STRANGERS,
    turnedAway: TurnedAway = new TurnedAway(),
  ) {
    const { proofsAtOnce: atOnce, proofsPerSecond: perSecond } = settings;
    this.turnedAway = turnedAway;
    this.#clock = clock;
    this.#budgets = new Budgets(clock, { atOnce, perSecond });
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0);
  }

  ask(unproven: Unproven): void {
    const { circle, connection, patienceMs } = unproven;
    const queue = this.#waiting.get(circle);
    if (!queue && this.#budgets.take(circle)) {
      unproven.begin();
      return;
    }

    const expiresAt = this.#clock.monotonic() + patienceMs;
    const ofCircle = queue ?? new FairQueue<Entry>(1);
    this.#waiting.set(circle, ofCircle);
    ofCircle.add({ path: [connection], expiresAt, unproven });
    if (ofCircle.size > MOST_WAITING) ofCircle.dropLatest()?.unproven.giveUp();
    this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  /** @param isHonest it was proven, or nothing was wrong with it: it costs its circle nothing */
  ended(circle: string, isHonest: boolean): void {
    if (isHonest) this.#budgets.giveBack(circle);
    if (isHonest && this.#waiting.has(circle)) this.#letIn(circle);
  }

  close(): void {
    this.#timer?.cancel();
    for (const queue of this.#waiting.values()) {
      for (let entry = queue.take(); entry; entry = queue.take()) entry.unproven.giveUp();
    }
    this.#waiting.clear();
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (const [circle, queue] of this.#waiting) {
      for (const { unproven } of queue.takeExpired(now)) unproven.giveUp();
      this.#letIn(circle);
    }
    if (this.#waiting.size > 0) this.#timer ??= this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #letIn(circle: string): void {
    const queue = this.#waiting.get(circle);
    if (!queue) return;
    while (queue.size > 0 && this.#budgets.take(circle)) queue.take()?.unproven.begin();
    if (queue.size === 0) this.#waiting.delete(circle);
  }
}
