import type { EntryBodies } from './entries.ts';
import type { KeptFacts } from './network-facts.ts';

/** A message that adds to a pre-authorisation, and its part of what stands and of what the network holds. */
export interface Increment {
  readonly key: string;
  /** How a reversal names it. */
  readonly original: string;
  /** Of its own message: `amount` is what it adds. */
  readonly facts: KeptFacts;
  readonly openUntil: number;
  /** `closed`: declined, taken back, or overtaken by what ended the pre-authorisation. */
  readonly state: 'open' | 'approved' | 'closed';
  /** Minor units; part of what stands of the whole. */
  readonly standingMinorUnits: number;
  /** Minor units; part of what the network holds of the whole. */
  readonly networkMinorUnits: number;
  /** What the network approved of it, in minor units; absent where nobody knows. */
  readonly approvedMinorUnits?: number;
  /** What the network calls this message, where its answer said so. */
  readonly approvalCode?: string;
  readonly networkReference?: string;
}

type Draft = { -readonly [K in keyof Increment]: Increment[K] };

/** A pre-authorisation with what was added to it: both amounts are of the whole. */
interface Whole {
  standingMinorUnits: number;
  networkMinorUnits: number;
  readonly increments: readonly Draft[];
}

/** One message's part of what the network holds: what each is reversed down to. */
export interface Holding {
  /** Absent: the message that opened the transaction. */
  readonly increment?: Increment;
  readonly networkMinorUnits: number;
  readonly standingMinorUnits: number;
}

/** The newest first: what came last is given back first. */
export function holdingsOf(whole: Readonly<Whole>): Holding[] {
  const own = { networkMinorUnits: ownNetwork(whole), standingMinorUnits: ownStanding(whole) };
  const added = whole.increments.map((increment) => ({ ...pick(increment), increment }));
  return [own, ...added].reverse();
}

/** The network holds more of a message than stands of it, and has to be told. */
export function holdsTooMuch(whole: Readonly<Whole>): boolean {
  return holdingsOf(whole).some(
    ({ networkMinorUnits, standingMinorUnits }) => networkMinorUnits > standingMinorUnits,
  );
}

/** Nobody has decided it, and nothing has ended what it adds to. */
export function isOpenIncrement({ increments }: Pick<Readonly<Whole>, 'increments'>, key: string): boolean {
  return increments.some((each) => each.key === key && each.state === 'open');
}

export function decideIncrement(
  whole: Whole,
  { key, network, approved }: Pick<EntryBodies['increment-decided'], 'key' | 'network' | 'approved'>,
): void {
  const increment = whole.increments.find((each) => each.key === key);
  if (!increment) return;
  const asked = increment.facts.amount.minorUnits;
  if (network.status === 'approved') {
    increment.approvedMinorUnits = network.approvedMinorUnits ?? asked;
    hold(whole, increment, increment.approvedMinorUnits);
    const { approvalCode, networkReference } = network;
    if (approvalCode !== undefined) increment.approvalCode = approvalCode;
    if (networkReference !== undefined) increment.networkReference = networkReference;
  }
  if (network.status === 'unknown') hold(whole, increment, asked);
  increment.state = approved ? 'approved' : 'closed';
  if (approved) stand(whole, increment, increment.networkMinorUnits);
}

export function takeIncrementBack(whole: Whole, key: string, remainingMinorUnits: number): void {
  const increment = whole.increments.find((each) => each.key === key);
  if (!increment) return;
  if (increment.state === 'open') hold(whole, increment, increment.facts.amount.minorUnits);
  stand(whole, increment, remainingMinorUnits);
  if (remainingMinorUnits === 0) increment.state = 'closed';
}

/** The pre-authorisation is taken back or over: nothing stands of what was added, and what is open is lost. */
export function endIncrements(whole: Whole): void {
  closeOpen(whole);
  for (const increment of whole.increments) increment.standingMinorUnits = 0;
}

/** It is completed: what is open is lost, and each message stands for its share of what was taken. */
export function captureIncrements(whole: Whole, minorUnits: number): void {
  closeOpen(whole);
  shareOut(whole, minorUnits);
}

function closeOpen(whole: Whole): void {
  for (const increment of whole.increments) {
    if (increment.state !== 'open') continue;
    hold(whole, increment, increment.facts.amount.minorUnits);
    increment.state = 'closed';
  }
}

/** What each message may go on to hold where no more than this is needed of all, the newest first. */
export function holdingsFor(whole: Readonly<Whole>, neededMinorUnits: number): Holding[] {
  const [own, ...added] = holdingsOf(whole).reverse();
  let left = neededMinorUnits;
  return [own, ...added]
    .flatMap((holding): Holding[] => {
      if (!holding) return [];
      const isGiven = holding.increment === undefined || holding.increment.state === 'approved';
      const share = isGiven ? Math.min(holding.networkMinorUnits, left) : 0;
      left -= share;
      return [{ ...holding, standingMinorUnits: share }];
    })
    .reverse();
}

/** Shares what remains out among the messages, the oldest first. */
export function shareOut(whole: Whole, remainingMinorUnits: number): void {
  let left = remainingMinorUnits - Math.min(Math.max(ownStanding(whole), 0), remainingMinorUnits);
  for (const increment of whole.increments) {
    increment.standingMinorUnits = Math.min(increment.standingMinorUnits, left);
    left -= increment.standingMinorUnits;
  }
  whole.standingMinorUnits = remainingMinorUnits;
}

/** The network holds no more of one message than what remains. */
export function reversedAtNetwork(whole: Whole, remainingMinorUnits: number, key: string | undefined): void {
  const increment = whole.increments.find((each) => each.key === key);
  if (increment) hold(whole, increment, remainingMinorUnits);
  else whole.networkMinorUnits += remainingMinorUnits - ownNetwork(whole);
}

/** The network took what was added along with the rest. What nobody knows the outcome of is reversed behind it. */
export function advisedToNetwork(whole: Whole, minorUnits: number): void {
  for (const increment of whole.increments) {
    if (increment.state === 'approved') increment.networkMinorUnits = 0;
    increment.standingMinorUnits = 0;
  }
  whole.networkMinorUnits = minorUnits + sumOf(whole.increments, 'networkMinorUnits');
}

/** The network holds what one message asked for, whatever was thought of it before. */
export function holdAgain(whole: Whole, asked: number, key: string | undefined): void {
  const increment = whole.increments.find((each) => each.key === key);
  if (increment) hold(whole, increment, increment.facts.amount.minorUnits);
  else whole.networkMinorUnits += Math.max(0, asked - ownNetwork(whole));
}

/** A ledger tells what the network holds of the whole, and not of which message. */
export function foundAtNetwork(whole: Whole, minorUnits: number): void {
  for (const increment of whole.increments) {
    increment.networkMinorUnits = 0;
    increment.standingMinorUnits = 0;
  }
  whole.networkMinorUnits = minorUnits;
}

function hold(whole: Whole, increment: Draft, minorUnits: number): void {
  whole.networkMinorUnits += minorUnits - increment.networkMinorUnits;
  increment.networkMinorUnits = minorUnits;
}

function stand(whole: Whole, increment: Draft, minorUnits: number): void {
  whole.standingMinorUnits += minorUnits - increment.standingMinorUnits;
  increment.standingMinorUnits = minorUnits;
}

function ownNetwork({ networkMinorUnits, increments }: Readonly<Whole>): number {
  return networkMinorUnits - sumOf(increments, 'networkMinorUnits');
}

function ownStanding({ standingMinorUnits, increments }: Readonly<Whole>): number {
  return standingMinorUnits - sumOf(increments, 'standingMinorUnits');
}

function sumOf(increments: readonly Increment[], part: 'networkMinorUnits' | 'standingMinorUnits'): number {
  return increments.reduce((sum, increment) => sum + increment[part], 0);
}

function pick({ networkMinorUnits, standingMinorUnits }: Increment) {
  return { networkMinorUnits, standingMinorUnits };
}
