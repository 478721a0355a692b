import { DealtRandom } from './dealt-random.ts';
import { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The invariants of the switch, I1 … I12, and what a process must never do. */
export type Invariant =
  | 'I1 agreement'
  | 'I2 closure'
  | 'I3 one effect'
  | 'I4 conservation'
  | 'I5 audit chain'
  | 'I6 secrecy'
  | 'I7 reply discipline'
  | 'I8 liveness'
  | 'I9 isolation'
  | 'I10 fail closed'
  /** The ledgers are as the reference model says. */
  | 'I11 reference model'
  /** Memory and rows are bounded. */
  | 'I12 growth'
  | 'process';

export interface Violation {
  readonly invariant: Invariant;
  readonly at: number;
  readonly what: string;
}

export interface Line {
  readonly at: number;
  readonly actor: string;
  readonly what: string;
  /** What is held, taken or given after it, where that is known. */
  readonly money?: string;
  /** The last three digits of the amount that it is about, where the words do not say it. */
  readonly about?: number;
}

/** What all parts of one run share: time, chance, the record of what happened, and what was broken. */
export class World {
  readonly seed: number;
  /** Wall clock at the start of the run. */
  readonly startsAt: number;
  readonly scheduler = new Scheduler();
  readonly random: SeededRandom;
  readonly violations: Violation[] = [];
  /** Kept only where the run is to be read: a failing seed is run again for it. */
  readonly timeline: Line[] = [];
  /** What happened at least once, by the name of its probe. */
  readonly seen = new Set<string>();
  readonly #isTold: boolean;

  /** @param deal which deal of the seed: see `DealtRandom` */
  constructor(
    seed: number,
    isTold: boolean,
    startsAt: number = Date.UTC(2026, 10, 23, 23, 59, 30),
    deal = 0,
  ) {
    this.seed = seed;
    this.startsAt = startsAt;
    this.random = new DealtRandom(seed, 'world', deal);
    this.#isTold = isTold;
  }

  get now(): number {
    return this.scheduler.now;
  }

  tell(actor: string, what: () => string, money?: () => string | undefined): void {
    if (!this.#isTold) return;
    const stands = money?.();
    this.timeline.push({ at: this.now, actor, what: what(), ...(stands !== undefined && { money: stands }) });
  }

  /** Something that a campaign must have reached. */
  sometimes(probe: string): void {
    this.seen.add(probe);
  }

  violate(invariant: Invariant, what: string): void {
    this.violations.push({ invariant, at: this.now, what });
    this.tell('ORACLE', () => `${invariant}: ${what}`);
  }
}
