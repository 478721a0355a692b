import type { Clock } from '../../runtime/index.ts';
import type { World } from './world.ts';

type Held = { readonly kind: 'timer' | 'io'; readonly action: () => void };

/**
 * One life of one process. Everything that reaches it goes through here: a dead process hears nothing any more, a
 * paused one (SIGSTOP, a long collection of garbage) hears it all when it goes on, timers first.
 */
export class SimProcess {
  readonly name: string;
  readonly world: World;
  readonly clock: Clock;
  /** Since when others hear nothing of it. */
  silentSince: number | undefined;
  #wallOffsetMs = 0;
  #state: 'running' | 'paused' | 'dead' = 'running';
  readonly #onDeath = new Set<() => void>();
  #held: Held[] = [];

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
    const { scheduler } = world;
    const bootedAt = world.random.stream(`boot of ${name}`).integer(1e9);
    this.clock = {
      wall: () => world.startsAt + Math.floor(scheduler.now) + this.#wallOffsetMs,
      monotonic: () => bootedAt + scheduler.now,
      after: (delayMs, action) => {
        let isSet = true;
        const fire = () => {
          if (isSet) action();
        };
        // Never early, by however little: who finds that it is not yet time would set the same timer again for ever.
        const delay = Math.ceil(delayMs * 1_000) / 1_000;
        const event = scheduler.after(delay, name, () => this.#hear('timer', fire));
        return {
          cancel: () => {
            isSet = false;
            event.action = undefined;
          },
        };
      },
    };
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  /** Something from outside reaches the process in `delayMs`. */
  deliver(delayMs: number, action: () => void): void {
    if (this.isDead) return;
    this.world.scheduler.after(delayMs, this.name, () => this.#hear('io', action));
  }

  /** @returns to be called where what dies with it is over before */
  onDeath(action: () => void): () => void {
    this.#onDeath.add(action);
    return () => this.#onDeath.delete(action);
  }

  kill(): void {
    if (this.isDead) return;
    this.silentSince ??= this.world.now;
    this.#state = 'dead';
    this.#held = [];
    for (const action of this.#onDeath) action();
  }

  pause(): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.silentSince = this.world.now;
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.silentSince = undefined;
    const held = this.#held;
    this.#held = [];
    for (const kind of ['timer', 'io'] as const) {
      for (const { action } of held.filter((one) => one.kind === kind)) this.deliver(0, action);
    }
  }

  /** The wall clock is stepped; monotonic time does not notice. */
  stepWallClock(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #hear(kind: Held['kind'], action: () => void): void {
    if (this.#state === 'dead') return;
    if (this.#state === 'paused') {
      this.#held.push({ kind, action });
      return;
    }
    try {
      action();
    } catch (error) {
      this.world.violate('process', `${this.name} died of an uncaught error: ${String(error)}`);
      this.kill();
    }
  }
}
