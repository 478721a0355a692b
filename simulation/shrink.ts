import type { Fault } from './faults.ts';
import { type Features, PLAIN } from './features.ts';
import type { HabitName } from './peers/habits/all-habits.ts';
import { type RunOptions, type RunResult, runSeed } from './run.ts';
import { fewest, shorter } from './shrink-steps.ts';

/** What is left of a failing seed. */
export interface Shrunk extends Case {
  /** Runs that it took. */
  readonly tries: number;
  readonly result: RunResult;
}

/** A part of a seed. */
export interface Case {
  /** Numbers of the payments that are left, from 0. */
  readonly payments: readonly number[];
  readonly faults: readonly Fault[];
  readonly habits: readonly HabitName[];
  readonly features: Omit<Features, 'habits'>;
  /** What terminals come back for. */
  readonly wishes: readonly string[];
  /** Which deal of its latencies. */
  readonly deal: number;
}

export interface ShrinkOptions extends Pick<RunOptions, 'seed' | 'forced' | 'mutant'> {
  /** After this time the best that was found is taken. */
  readonly withinMs?: number;
  /** In milliseconds, for the deadline; where it is left out, what this process had of its processor. */
  readonly now?: () => number;
  readonly onTry?: (soFar: Progress) => void;
}

export interface Progress {
  readonly tries: number;
  readonly payments: number;
  readonly faults: number;
  readonly spentMs: number;
}

/** Of the features, what a seed may do without. */
const LEFT_OUT = ['changesKeys', 'isOdd', 'hasWorker', 'hasGuests'] as const;
/**
 * A reader's patience, as processor time: on a machine that others use as well a minute by the clock is a few seconds,
 * and what was left then was no smaller than the seed.
 */
const WITHIN_MS = 60_000;
/** So often what is left is dealt anew in the end, for the sake of a plainer story. */
const LAST_DEALS = 120;
/** What a reader takes in. */
const MOST_PAYMENTS = 3;
const MOST_FAULTS = 2;
const MOST_TO_CHOOSE_FROM = 6;
/** Amounts of a payment, and of what comes of it, end in ten numbers of its own. */
const NUMBERS_EACH = 10;
const THOUSAND = 1_000;

/**
 * Takes away from a failing seed what it fails without, until nothing more can go: payments, faults, habits, what
 * terminals come back for, the other features, and the time that faults last. Whether it fails among kind peers is
 * asked first, of the whole seed; then what it names as violated is tried, since it is mostly enough. A part that no
 * longer fails is dealt anew a few times: its payments meet other latencies than they did among all others. Where too
 * much is left, it begins anew with every payment by itself and every two that follow each other, under all faults;
 * then any way of failing will do, for nothing may fail at all.
 */
export async function shrink(options: ShrinkOptions): Promise<Shrunk> {
  const whole = await runSeed({ seed: options.seed, ...given(options) });
  const shrinking = new Shrinking(options, whole);
  await shrinking.kinder();
  await shrinking.guess();
  await shrinking.reduce();
  if (!shrinking.isSmall) await shrinking.beginAnew();
  if (!shrinking.isSmall) {
    shrinking.acceptAnyFailure();
    await shrinking.beginAnew();
  }
  await shrinking.plainest();
  const { left, tries } = shrinking;
  return { ...left, tries, result: await runSeed({ ...partOf(options, left, whole), isTold: true }) };
}

class Shrinking {
  left: Case;
  tries = 0;
  readonly #options: ShrinkOptions;
  readonly #whole: RunResult;
  readonly #now: () => number;
  readonly #began: number;
  readonly #all: Case;
  #takesAny = false;

  constructor(options: ShrinkOptions, whole: RunResult) {
    this.#options = options;
    this.#whole = whole;
    this.#now = options.now ?? processorMs;
    this.#began = this.#now();
    const { habits, ...features } = whole.features;
    this.#all = {
      payments: Array.from({ length: whole.drawn }, (_, number) => number),
      faults: whole.faults,
      habits: [...habits],
      features,
      wishes: whole.wishes,
      deal: 0,
    };
    this.left = this.#all;
  }

  get isSmall(): boolean {
    const { payments, faults } = this.left;
    return payments.length <= MOST_PAYMENTS && faults.length <= MOST_FAULTS;
  }

  acceptAnyFailure(): void {
    this.#takesAny = true;
  }

  /** No habits at all, of the whole seed: once little else is left, some habit may be what makes it fail. */
  async kinder(): Promise<void> {
    if (this.left.habits.length > 0) await this.#try({ habits: [] });
  }

  /** What is violated names its payments: they alone, then with one other each. */
  async guess(): Promise<void> {
    const named = namedIn(this.#whole, this.left.payments);
    if (named.length === 0 || named.length >= this.left.payments.length) return;
    if (named.length <= MOST_PAYMENTS && (await this.#try({ payments: named }))) return;
    for (const number of named) if (await this.#try({ payments: [number] })) return;
    const [first] = named;
    for (const other of this.left.payments) {
      if (first !== undefined && other !== first && (await this.#try({ payments: [first, other] }))) return;
    }
  }

  /** From the whole seed again: one payment, or two, that fail by themselves. What was found stays where none does. */
  async beginAnew(): Promise<void> {
    const { payments } = this.#all;
    const pairs = payments.slice(1).map((number, index) => [payments[index] ?? 0, number]);
    const triples = threesOf(this.left.payments);
    for (const few of [...payments.map((number) => [number]), ...triples, ...pairs]) {
      if (this.#isLate) return;
      if (!(await this.#try({ ...this.#all, payments: few }))) continue;
      await this.reduce();
      return;
    }
  }

  /**
   * One payment without company, then all that are left without it. What needs a moment of its own, as a decision that
   * misses its deadline by a millisecond, needs many deals until it shows again; the others were there to make it.
   */
  async plainest(): Promise<void> {
    const { payments, features } = this.left;
    const alone = { ...features };
    for (const name of LEFT_OUT) alone[name] = false;
    const hasCompany = LEFT_OUT.some((name) => features[name]);
    if (payments.length > MOST_PAYMENTS || !(hasCompany || payments.length > 1)) return;
    const few = payments.length > 1 ? payments.map((number) => [number]) : [];
    for (const left of [...few, payments]) {
      if (left === payments && !hasCompany) return;
      if (await this.#try({ payments: left, features: alone }, LAST_DEALS)) return this.reduce();
    }
  }

  /** One dimension after the other, until none gives way. */
  async reduce(): Promise<void> {
    for (let before = -1; sizeOf(this.left) !== before && !this.#isLate; ) {
      before = sizeOf(this.left);
      await fewest(this.left.payments, (payments) => this.#try({ payments }));
      await fewest(this.left.faults, (faults) => this.#try({ faults }));
      await fewest(this.left.habits, (habits) => this.#try({ habits }));
      await fewest(this.left.wishes, (wishes) => this.#try({ wishes }));
      await this.#plainer();
    }
    await this.#sooner();
  }

  async #plainer(): Promise<void> {
    const { features } = this.left;
    if (features.favours.length > 0) await this.#try({ features: { ...features, favours: [] } });
    for (const name of LEFT_OUT) {
      if (features[name]) await this.#try({ features: { ...this.left.features, [name]: false } });
    }
    if (features.isCrowd) await this.#try({ features: { ...this.left.features, isCrowd: false } });
    const { day } = PLAIN;
    if (features.day !== day) await this.#try({ features: { ...this.left.features, day } });
  }

  /** Faults that last half as long, as often as that goes. */
  async #sooner(): Promise<void> {
    for (let index = 0; index < this.left.faults.length; index += 1) {
      for (let halved = shorter(this.left.faults, index); halved; ) {
        const hasWorked = await this.#try({ faults: halved });
        halved = hasWorked ? shorter(this.left.faults, index) : undefined;
      }
    }
  }

  get #isLate(): boolean {
    return this.#now() - this.#began > (this.#options.withinMs ?? WITHIN_MS);
  }

  /** Whether so much is enough; then the rest is left out. */
  async #try(change: Partial<Case>, deals?: number): Promise<boolean> {
    const part = { ...this.left, ...change };
    for (const deal of dealsOf(part, deals)) {
      if (this.#isLate) return false;
      if (await this.#fails({ ...part, deal })) {
        this.left = { ...part, deal };
        return true;
      }
    }
    return false;
  }

  async #fails(part: Case): Promise<boolean> {
    this.tries += 1;
    const { payments, faults } = this.left;
    const spentMs = this.#now() - this.#began;
    this.#options.onTry?.({ tries: this.tries, payments: payments.length, faults: faults.length, spentMs });
    const { violations } = await runSeed(partOf(this.#options, part, this.#whole));
    const wanted = this.#whole.violations[0]?.invariant;
    return violations.some(({ invariant }) => this.#takesAny || invariant === wanted);
  }
}

/** As it is dealt now, then anew: the fewer payments, the sooner a run is over. */
function dealsOf({ payments, deal }: Case, most?: number): number[] {
  const more = most ?? (payments.length <= MOST_PAYMENTS ? 5 : payments.length <= 3 * MOST_PAYMENTS ? 2 : 0);
  return [deal, ...Array.from({ length: more }, (_, index) => deal + index + 1)];
}

/** Of few payments all threes; of many it would be too much. */
function threesOf(payments: readonly number[]): number[][] {
  if (payments.length > MOST_TO_CHOOSE_FROM) return [];
  return payments.flatMap((one, first) =>
    payments
      .slice(first + 1)
      .flatMap((two, second) => payments.slice(first + second + 2).map((three) => [one, two, three])),
  );
}

function namedIn({ violations, drawn }: RunResult, among: readonly number[]): number[] {
  const [first] = violations;
  const numbers = (first?.what.match(/\d{4,9}/g) ?? []).map(Number);
  const named = new Set(numbers.map((amount) => Math.floor(((amount % THOUSAND) - 1) / NUMBERS_EACH)));
  return among.filter((number) => named.has(number) && number < drawn);
}

function partOf(options: ShrinkOptions, part: Case, whole: RunResult): RunOptions {
  const { payments, faults, habits, features, wishes, deal } = part;
  const leavesOut = new Set(whole.wishes.filter((wish) => !wishes.includes(wish)));
  const wanted = { ...features, habits: new Set(habits) };
  return { seed: options.seed, ...given(options), payments, faults, features: wanted, leavesOut, deal };
}

function given({ forced, mutant }: ShrinkOptions): Pick<RunOptions, 'forced' | 'mutant'> {
  return { ...(forced && { forced }), ...(mutant && { mutant }) };
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function sizeOf({ payments, faults, habits, wishes }: Case): number {
  return payments.length + faults.length + habits.length + wishes.length;
}
