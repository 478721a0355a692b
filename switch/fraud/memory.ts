import { DAY_MS } from '../../runtime/index.ts';
import { EVENTS, type FraudEvent, type FraudSubject } from '../config/fraud.ts';
import { DistinctValues } from './distinct-values.ts';
import { type FraudFacts, keyOf, SUBJECT_OF } from './facts.ts';
import { Profiles } from './profiles.ts';
import type { Fits } from './scope.ts';
import { WindowCounts } from './window-counts.ts';

/** Something that is counted as payments come and end. */
interface Counted {
  note(facts: FraudFacts, at: number, code: string | undefined): void;
  readonly size: number;
  readonly forgotten: number;
}

/** What a counter is of; two rules that ask for the same have one together. */
interface CounterOf {
  readonly by: readonly FraudSubject[];
  readonly of: FraudEvent;
  readonly withinMs: number;
  /** In words, by which two of them are the same. */
  readonly scope: string;
  readonly fits: Fits;
  readonly codes?: readonly string[] | undefined;
  readonly minorUnitsAtMost?: number | undefined;
  /** It adds amounts of this currency; absent: it counts. */
  readonly currency?: string;
}

/**
 * Everything that rules remember, each part of it bounded: counters that rules share, and the profiles of cards. The
 * same events in the same order always make the same memory, whoever tells it: a payment of this node, the journal's
 * entries of another, or a test of rules against the past.
 */
export class FraudMemory {
  readonly profiles: Profiles;
  readonly #maxKeys: number;
  readonly #inADay: WindowCounts;
  readonly #bySignature = new Map<string, WindowCounts | DistinctValues>();
  readonly #counted = new Map<FraudEvent, Counted[]>(EVENTS.map((event) => [event, []]));
  readonly #placeOf: (merchant: string) => string | undefined;

  /** @param placeOf the region of a merchant */
  constructor(maxKeys: number, placeOf: (merchant: string) => string | undefined) {
    this.#maxKeys = maxKeys;
    this.#placeOf = placeOf;
    this.profiles = new Profiles(maxKeys);
    this.#inADay = new WindowCounts(DAY_MS, maxKeys);
  }

  note(event: FraudEvent, facts: FraudFacts, at: number, code?: string): void {
    if (event === 'asked') this.#inADay.add(facts.card, at);
    if (event === 'approved') this.profiles.learn(facts, at, this.placeOf(facts));
    for (const counted of this.#counted.get(event) ?? []) counted.note(facts, at, code);
  }

  placeOf({ merchant }: Pick<FraudFacts, 'merchant'>): string | undefined {
    return this.#placeOf(merchant);
  }

  /** Payments of a card in the last day. */
  inADay(facts: FraudFacts, at: number): number {
    return this.#inADay.total(facts.card, at);
  }

  counts(wanted: CounterOf): WindowCounts {
    const { fits, by, of, codes, minorUnitsAtMost, currency, withinMs } = wanted;
    const counts = () => new WindowCounts(withinMs, this.#maxKeys);
    return this.#shared(signatureOf('counts', wanted), of, counts, (own) => (facts, at, code) => {
      if (codes && (code === undefined || !codes.includes(code))) return;
      if (minorUnitsAtMost !== undefined && facts.minorUnits > minorUnitsAtMost) return;
      if (currency !== undefined && facts.currency !== currency) return;
      if (!fits(facts)) return;
      const key = keyOf(by, facts);
      if (key !== undefined) own.add(key, at, currency === undefined ? 1 : facts.minorUnits);
    });
  }

  values(wanted: CounterOf & { readonly what: FraudSubject }): DistinctValues {
    const { fits, by, what, of, withinMs } = wanted;
    const values = () => new DistinctValues(withinMs, this.#maxKeys);
    return this.#shared(signatureOf('values', wanted), of, values, (own) => (facts, at) => {
      if (!fits(facts)) return;
      const key = keyOf(by, facts);
      const value = SUBJECT_OF[what](facts);
      if (key !== undefined && value !== undefined) own.add(key, value, at);
    });
  }

  status(): { readonly keys: number; readonly forgotten: number; readonly cards: number } {
    const all = [...this.#counted.values()].flat();
    const sum = (of: (counted: Counted) => number) => all.reduce((total, each) => total + of(each), 0);
    return {
      keys: sum(({ size }) => size),
      forgotten: sum(({ forgotten }) => forgotten),
      cards: this.profiles.size,
    };
  }

  /** The counter of that signature: the one that another rule asked for, or a new one. */
  #shared<Kept extends WindowCounts | DistinctValues>(
    signature: string,
    event: FraudEvent,
    make: () => Kept,
    noteOf: (own: Kept) => Counted['note'],
  ): Kept {
    const known = this.#bySignature.get(signature);
    if (known) return known as Kept;

    const own = make();
    this.#bySignature.set(signature, own);
    const counted: Counted = {
      note: noteOf(own),
      get size() {
        return own.size;
      },
      get forgotten() {
        return own.forgotten;
      },
    };
    this.#counted.get(event)?.push(counted);
    return own;
  }
}

/** Counters that are asked for in the same words are one, whatever order the words stand in. */
function signatureOf(form: 'counts' | 'values', { fits: _, ...wanted }: CounterOf): string {
  return JSON.stringify([form, Object.entries(wanted).sort(([one], [other]) => (one < other ? -1 : 1))]);
}
