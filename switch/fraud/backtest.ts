/**
 * Rules tested against the past: every payment of the journal is judged as it would have been then, from what was known
 * then, and what became of it stands beside. It is the same watch that judges in service, on the journal's own clock.
 * What nobody wrote down cannot be tested: the check digit, the expiry and the address.
 */
import type {
  CheckName,
  CheckOf,
  FraudCheck,
  FraudEvent,
  FraudSettings,
  FraudSubject,
} from '../config/fraud.ts';
import type { DecidedBody, OpeningBody } from '../transaction/entries.ts';
import type { FraudDeed } from '../transaction/suspicion.ts';
import type { EntryLine } from './entry-lines.ts';
import { eventsOf } from './events.ts';
import { type FraudParts, FraudWatch } from './fraud-watch.ts';
import { rulesOf } from './rules.ts';

/** How payments ended on which a rule fired, or all of them. */
export interface Tally {
  payments: number;
  approved: number;
  declined: number;
  /** Of what was approved, by currency, in minor units. */
  readonly approvedMinorUnits: Record<string, number>;
}

export interface BacktestReport {
  readonly all: Tally;
  /** What would have been done, and to how many. */
  readonly would: Readonly<Record<FraudDeed, Tally>>;
  /** By rule, in the order of the rules; of those that can be tested. */
  readonly rules: readonly (Tally & { readonly id: string; readonly action: string })[];
  /** Rules that look at what the journal does not have. */
  readonly untested: readonly string[];
}

export type BacktestParts = Pick<FraudParts, 'settings' | 'networks' | 'placeOf'>;

interface Later {
  readonly at: number;
  readonly line: EntryLine;
}

export class Backtest {
  readonly #settings: FraudSettings;
  readonly #watch: FraudWatch;
  readonly #all = noTally();
  readonly #would = { monitor: noTally(), flag: noTally(), review: noTally(), block: noTally() };
  readonly #rules = new Map<string, Tally>();
  /** What happened to payments after they were asked for, oldest first: seconds of it. */
  readonly #later: Later[] = [];
  #now = 0;

  constructor({ settings, networks, placeOf }: BacktestParts) {
    this.#settings = { ...settings, mode: 'enforce' };
    const clock = { wall: () => this.#now };
    this.#watch = new FraudWatch({ settings: this.#settings, networks, placeOf, clock });
  }

  /** Takes the entries of payments, oldest payment first. */
  take(lines: readonly EntryLine[]): void {
    for (const [index, line] of lines.entries()) {
      if (line.kind === 'intended') this.#judge(line, decisionBehind(lines, index));
      else this.#putOff(line);
    }
  }

  report(): BacktestReport {
    this.#catchUp(Number.POSITIVE_INFINITY);
    const rules = rulesOf(this.#settings);
    const untested = rules.filter(({ checks }) => !canBeTested(checks));
    const tested = rules.filter((rule) => !untested.includes(rule));
    return {
      all: this.#all,
      would: this.#would,
      rules: tested.map(({ id, action }) => ({ id, action, ...(this.#rules.get(id) ?? noTally()) })),
      untested: untested.map(({ id }) => id),
    };
  }

  #judge(line: EntryLine, decided: DecidedBody | undefined): void {
    this.#catchUp(line.at);
    this.#now = line.at;
    const opening = line.body as OpeningBody;
    const suspicion = this.#watch.judge(opening);
    this.#watch.note(line, line.at);

    const events = decided ? eventsOf(decided).events : [];
    count(this.#all, opening, events);
    if (!suspicion) return;
    count(this.#would[suspicion.did], opening, events);
    for (const { id } of suspicion.found) count(this.#tallyOf(id), opening, events);
  }

  #tallyOf(id: string): Tally {
    const known = this.#rules.get(id) ?? noTally();
    this.#rules.set(id, known);
    return known;
  }

  #putOff(line: EntryLine): void {
    let place = this.#later.length;
    while (place > 0 && (this.#later[place - 1]?.at ?? 0) > line.at) place -= 1;
    this.#later.splice(place, 0, { at: line.at, line });
  }

  /** What had happened by then was known then. */
  #catchUp(until: number): void {
    let past = 0;
    while (past < this.#later.length && (this.#later[past]?.at ?? until) < until) past += 1;
    for (const { line, at } of this.#later.splice(0, past)) this.#watch.note(line, at);
  }
}

function noTally(): Tally {
  return { payments: 0, approved: 0, declined: 0, approvedMinorUnits: {} };
}

function count(tally: Tally, { facts }: OpeningBody, events: readonly FraudEvent[]): void {
  const { minorUnits, currency } = facts.amount;
  tally.payments += 1;
  if (events.includes('declined')) tally.declined += 1;
  if (!events.includes('approved')) return;
  tally.approved += 1;
  tally.approvedMinorUnits[currency] = (tally.approvedMinorUnits[currency] ?? 0) + minorUnits;
}

/** How a payment ended that is asked for there: its entries stand behind each other. */
function decisionBehind(lines: readonly EntryLine[], index: number): DecidedBody | undefined {
  const { transaction } = lines[index] ?? {};
  for (let next = index + 1; lines[next]?.transaction === transaction && next < lines.length; next += 1) {
    if (lines[next]?.kind === 'decided') return lines[next]?.body as DecidedBody;
  }
  return undefined;
}

const always = () => true;
const never = () => false;

/** Whether the journal has what a check looks at. */
const IS_WRITTEN: { readonly [Name in CheckName]: (check: CheckOf<Name>) => boolean } = {
  velocity: ({ by }) => by.every(isWritten),
  total: ({ by }) => by.every(isWritten),
  distinct: ({ by, what }) => isWritten(by) && isWritten(what),
  amount: always,
  outlier: always,
  travel: always,
  behaviour: always,
  collusion: always,
  luhn: never,
  expiry: never,
};

function isWritten(subject: FraudSubject): boolean {
  return subject !== 'address';
}

function canBeTested(checks: readonly FraudCheck[]): boolean {
  return checks.every((check) => (IS_WRITTEN[check.check] as (check: FraudCheck) => boolean)(check));
}
