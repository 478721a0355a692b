import type { Stage } from '../bench/end-to-end/stage/stage.ts';
import type { NetworkLine } from './scene/network-line.ts';
import type { WrongClock } from './scene/wrong-clock.ts';

/** What a fault has in its hands. */
export interface Means {
  readonly stage: Stage;
  /** Between the switch and the first network. */
  readonly line: NetworkLine;
  /** The switch's. */
  readonly clock: WrongClock;
}

/** What an operator is told of: one alert, which closes by itself. */
export interface ExpectedAlert {
  readonly kind: string;
  readonly subject: string;
}

export interface Fault {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly what: string;
  readonly lastsMs: { readonly short: number; readonly full: number };
  /** It lasts on until its alerts are raised, a minute at the most: a busy machine sees less in the same time. */
  readonly lastsUntilTold?: boolean;
  /** Lets it happen. @returns what ends it; called once, whatever happens */
  begin(means: Means): Promise<() => Promise<void>>;
  readonly expects: {
    /** Whether `/ready` has to say no while it lasts; else it has to go on saying yes. */
    readonly ready: 'says no' | 'says yes' | 'may say no';
    /** At least this share of all purchases meanwhile is approved; absent: it may be none. */
    readonly served?: number;
    /** One each, which closes by itself; the first is the fault's own, others tell of what it has beside it. */
    readonly alerts: readonly [ExpectedAlert, ...ExpectedAlert[]];
    /** Raised or not: what a machine that is busy makes of it. */
    readonly mayAlert?: readonly ExpectedAlert[];
  };
}
