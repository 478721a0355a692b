// What the network has shown of each message of a transaction: whether it approved it, and what it made of its
// reversal. An approval that comes late is money only where no reversal of it was acknowledged; a reversal that finds
// nothing ends differently where the approval was seen. What is held stays what it was until it is acknowledged.

import type { DecidedBody, EntryBodies } from './entries.ts';
import { holdsTooMuch, type Increment } from './increments.ts';

export interface LegTrace {
  /** The network approved it, in time or late, or took it as told: it is there to be found. */
  readonly isSeen: boolean;
  /** The network acknowledged a reversal of it. */
  readonly isReversed: boolean;
  /** How often in a row a reversal found nothing. */
  readonly notFound: number;
  /** It is not looked for any more: people look, or the clearing file does. */
  readonly isGivenUp: boolean;
  /** Answers that came late. */
  readonly lateAnswers: number;
  /** What the network called it in a late approval, or when it was told. */
  readonly approvalCode?: string;
  readonly networkReference?: string;
  /** A late approval, or what was taken back since, asks for a reversal that may have been sent before. */
  readonly isAskedAgain?: boolean;
  /** Of how much it approved late, where that was less than was asked. */
  readonly lateMinorUnits?: number;
}

/** By the key of the increment; the message that opened the transaction has ''. */
export type LegTraces = ReadonlyMap<string, LegTrace>;

const NOTHING: LegTrace = {
  isSeen: false,
  isReversed: false,
  notFound: 0,
  isGivenUp: false,
  lateAnswers: 0,
};

/** The key of the message that opened the transaction. */
const OPENING = '';

export function traceOf({ traces }: { readonly traces: LegTraces }, increment?: string): LegTrace {
  return traces.get(increment ?? OPENING) ?? NOTHING;
}

/** A draft of what is folded. */
export type TraceDraft = Map<string, LegTrace>;

function change(traces: TraceDraft, increment: string | undefined, to: Partial<LegTrace>): void {
  traces.set(increment ?? OPENING, { ...traceOf({ traces }, increment), ...to });
}

export function seen(traces: TraceDraft, increment?: string): void {
  change(traces, increment, { isSeen: true });
}

/** It took what it was told, and may have said what it calls it. */
export function told(
  traces: TraceDraft,
  { approvalCode, networkReference }: EntryBodies['network-advised'],
): void {
  change(traces, undefined, {
    isSeen: true,
    ...(approvalCode !== undefined && { approvalCode }),
    ...(networkReference !== undefined && { networkReference }),
  });
}

/** Until not long ago "not found" was written down as an acknowledgement. */
const WAS_NOT_FOUND = '25';

export function reversed(traces: TraceDraft, { code, increment }: EntryBodies['network-reversed']): void {
  const isReversed = code !== WAS_NOT_FOUND;
  change(traces, increment, { isReversed, notFound: 0, isGivenUp: false });
}

export function notFound(traces: TraceDraft, body: EntryBodies['network-not-found']): void {
  const { times, isLast = false, increment } = body;
  change(traces, increment, { notFound: times, isGivenUp: isLast });
}

/** A late approval is looked for anew, and by the names that it brings. */
export function answeredLate(traces: TraceDraft, body: EntryBodies['late-answer']): void {
  const { mayHold, disagrees, increment, approvalCode, networkReference, approvedMinorUnits } = body;
  const lateAnswers = traceOf({ traces }, increment).lateAnswers + 1;
  const isApproval = mayHold === true && disagrees === undefined;
  change(traces, increment, {
    lateAnswers,
    ...(body.asksAgain && { isAskedAgain: true }),
    ...(isApproval && { isSeen: true, notFound: 0, isGivenUp: false }),
    ...(isApproval && approvalCode !== undefined && { approvalCode }),
    ...(isApproval && networkReference !== undefined && { networkReference }),
    ...(isApproval && approvedMinorUnits !== undefined && { lateMinorUnits: approvedMinorUnits }),
  });
}

/** A transaction whose legs are asked for anew. */
interface Asked {
  standingMinorUnits: number;
  networkMinorUnits: number;
  readonly increments: Increment[];
  readonly traces: TraceDraft;
}

/** More is to be given back than before: what was given up is asked for again. */
export function askedAnew(of: Asked): void {
  askedBeside(of);
  for (const [key, trace] of of.traces) of.traces.set(key, { ...trace, notFound: 0, isGivenUp: false });
}

/**
 * Another follow-up asks for reversals where one was to do so before. That one may be parked by then: it asks nobody
 * any more, and what it sent last was heard or not. Each of them looks at all messages: any may have been asked for.
 */
export function askedBeside(of: Asked): void {
  if (!holdsTooMuch(of)) return;
  for (const key of [OPENING, ...of.increments.map((each) => each.key)]) {
    change(of.traces, key, { isAskedAgain: true });
  }
}

/** A ledger showed what the network holds, of whichever message: it is looked for anew. */
export function found(traces: TraceDraft): void {
  for (const key of [...traces.keys(), OPENING]) {
    change(traces, key, { isSeen: true, isReversed: false, notFound: 0, isGivenUp: false });
  }
}

/**
 * Whether an approval that comes now is money that the network holds and nobody wants: what it approves does not stand,
 * and no reversal of it was acknowledged. Of what was approved in time it is a second copy.
 */
export function isUnwanted(
  of: {
    readonly decided?: Pick<DecidedBody, 'network' | 'approved'>;
    readonly increments: readonly Pick<Increment, 'key' | 'state'>[];
    readonly traces: LegTraces;
  },
  increment?: string,
): boolean {
  if (traceOf(of, increment).isReversed) return false;
  if (increment !== undefined) {
    return of.increments.some(({ key, state }) => key === increment && state !== 'approved');
  }
  return of.decided === undefined || (of.decided.network.status !== 'approved' && !of.decided.approved);
}
