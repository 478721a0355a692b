import type { JournalEntry } from '../journal/journal.ts';
import { contradictionOf } from './chip.ts';
import type { AnsweredBody, DecidedBody, EntryBodies, EntryKind, OpeningBody } from './entries.ts';
import {
  advisedToNetwork,
  captureIncrements,
  decideIncrement,
  endIncrements,
  foundAtNetwork,
  holdAgain,
  holdsTooMuch,
  reversedAtNetwork,
  shareOut,
  takeIncrementBack,
} from './increments.ts';
import { NETWORK_STATE, POP_STATE } from './leg-states.ts';
import * as traces from './leg-traces.ts';
import { stands, stateAfter } from './life-cycle.ts';
import { WITHOUT_CASH } from './pop-purchase.ts';
import { repaired } from './repairs.ts';
import type { Draft, Transaction } from './state.ts';
import { adjust, endTellings, extendHold, heldAfter, leaveNoMore, tell, toldToNetwork } from './tellings.ts';
import {
  isVoided,
  keepForItsReversal,
  knowTakenAlong,
  leaveNoMoreAgain,
  reverseVoid,
  voidTold,
} from './voids.ts';

export type { NetworkLegState, PopLegState } from './leg-states.ts';

export type { Transaction, VoidOf } from './state.ts';

/** The key under which the reply to the message that opened the transaction is kept. */
export const OPENING_REPLY = '';

/**
 * Folds a transaction's entries, oldest first, into its state; `undefined` where there are none.
 * @param seen is shown the state after each entry, and must not keep it
 */
export function foldTransaction(
  entries: readonly JournalEntry[],
  seen?: (entry: JournalEntry, now: Transaction) => void,
): Transaction | undefined {
  const first = entries[0];
  if (!first) return undefined;
  const draft: Draft = {
    id: first.transaction,
    version: 0,
    state: 'none',
    standingMinorUnits: 0,
    networkMinorUnits: 0,
    network: 'planned',
    pop: 'not-applicable',
    popParties: null,
    isTold: false,
    isHoldWarned: false,
    isHoldExpired: false,
    refunds: [],
    increments: [],
    voids: [],
    tellings: [],
    adjustments: [],
    isBaseTold: false,
    replies: new Map(),
    names: [],
    chipWords: [],
    remainders: [],
    traces: new Map(),
    openReversals: [],
    endedReversals: new Set(),
    isReversedInPart: false,
    notifiedThrough: 0,
    cases: [],
  };
  for (const entry of entries) {
    foldEntry(draft, entry.kind as EntryKind, entry.version, entry.body);
    seen?.(entry, draft);
  }
  return draft;
}

function foldEntry(draft: Draft, kind: EntryKind, version: number, body: unknown): void {
  const fold = FOLDS[kind] as ((draft: Draft, body: unknown) => void) | undefined;
  draft.version = version;
  fold?.(draft, body);
  const approved = kind !== 'decided' || (body as DecidedBody).approved;
  const after = stateAfter(draft.state, kind, approved) ?? draft.state;
  draft.state = kind === 'void-reversed' ? (draft.voids.at(-1)?.before.state ?? after) : after;
}

const FOLDS: { [K in EntryKind]: (draft: Draft, body: EntryBodies[K]) => void } = {
  intended: (draft, body) => open(draft, body),
  'named-again': (draft, body) => name(draft, body),
  'told-again': (draft, body) => {
    name(draft, body);
    answered(draft, body);
  },
  decided: (draft, body) => decide(draft, body),
  'offline-approved': (draft, body) => {
    open(draft, body);
    draft.isTold = true;
    draft.network = 'to-advise';
    draft.standingMinorUnits = body.facts.amount.minorUnits;
    draft.capturedMinorUnits = draft.standingMinorUnits;
    draft.replies.set(OPENING_REPLY, body.reply).set(body.key, body.reply);
  },
  'stand-in-reserved': () => {},
  'batch-compared': (draft, body) => answered(draft, body),
  'batch-closed': (draft, body) => answered(draft, body),
  uploaded: (draft, body) => answered(draft, body),
  remembered: (draft, body) => {
    answered(draft, body);
    if (body.caseKind) draft.cases.push(body.caseKind);
  },
  'notice-refused': (draft, body) => answered(draft, body),
  'taken-back': (draft, body) => {
    name(draft, body);
    traces.askedAnew(draft);
    if (draft.state === 'intended') leaveOpen(draft);
    if (stands(draft.state)) keepForItsReversal(draft, body);
    draft.takenBack = body.by;
    if (body.caseKind) draft.cases.push(body.caseKind);
    endIncrements(draft);
    draft.standingMinorUnits = 0;
    draft.replies.set(body.key, body.reply);
  },
  'void-told': (draft) => voidTold(draft),
  'void-reversed': (draft, body) => {
    reverseVoid(draft, body);
    draft.replies.set(body.key, body.reply);
  },
  'void-reversed-late': (draft, body) => {
    answered(draft, body);
    draft.cases.push('void-reversed-late');
  },
  'partly-taken-back': (draft, body) => {
    traces.askedAnew(draft);
    if (isVoided(draft)) leaveNoMoreAgain(draft, body.remainingMinorUnits);
    else shareOut(draft, body.remainingMinorUnits);
    leaveNoMore(draft, body.remainingMinorUnits);
    draft.remainders.push(body.remainingMinorUnits);
    draft.replies.set(body.key, body.reply);
  },
  captured: (draft, body) => {
    name(draft, body);
    traces.askedAnew(draft);
    const isFirst = draft.capturedMinorUnits === undefined;
    draft.heldMinorUnits ??= draft.standingMinorUnits;
    captureIncrements(draft, body.minorUnits);
    draft.capturedMinorUnits = body.minorUnits;
    draft.standingMinorUnits = body.minorUnits;
    draft.completedBy = body.key;
    if (isFirst) {
      draft.popParties = body.pop;
      draft.pop = body.pop ? 'planned' : 'not-applicable';
    }
    if (body.part?.settled) draft.settledBefore = body.part.settled;
    if (body.part) tell(draft, { key: body.key, part: body.part, ...body.part });
    draft.replies.set(body.key, body.reply);
  },
  adjusted: (draft, body) => {
    name(draft, body);
    adjust(draft, body);
    shareOut(draft, body.minorUnits);
    tell(draft, body);
    draft.replies.set(body.key, body.reply);
  },
  'advice-kept': (draft, body) => {
    answered(draft, body);
    draft.cases.push('advice-kept');
  },
  'hold-ending': (draft) => {
    draft.isHoldWarned = true;
  },
  'hold-expired': (draft) => {
    traces.askedAnew(draft);
    draft.isHoldExpired = true;
    if (draft.state === 'captured') return;
    draft.heldMinorUnits ??= draft.standingMinorUnits;
    endIncrements(draft);
    draft.standingMinorUnits = 0;
  },
  'chip-told': (draft, body) => {
    name(draft, body);
    answered(draft, body);
    draft.chipWords.push(body.key);
    const contradiction = contradictionOf(body.cryptogram, draft);
    if (contradiction) draft.cases.push(contradiction);
  },
  'case-opened': (draft, { caseKind }) => {
    draft.cases.push(caseKind);
  },
  'refund-reserved': (draft, body) => {
    draft.refunds.push(body);
  },
  'increment-intended': (draft, { key, original, facts, openUntil }) => {
    name(draft, { key, original });
    const nothing = { standingMinorUnits: 0, networkMinorUnits: 0 };
    draft.increments.push({ key, original, facts, openUntil, state: 'open', ...nothing });
  },
  'increment-decided': (draft, body) => {
    const { network, approved } = body;
    const mayHold = network.status === 'approved' || network.status === 'unknown';
    if (mayHold && !approved) traces.askedBeside(draft);
    decideIncrement(draft, body);
    if (body.network.status === 'approved') traces.seen(draft.traces, body.key);
    extendHold(draft, body);
    draft.replies.set(body.key, body.reply);
  },
  'increment-taken-back': (draft, body) => {
    traces.askedAnew(draft);
    takeIncrementBack(draft, body.increment, body.remainingMinorUnits);
    draft.replies.set(body.key, body.reply);
  },
  'network-reversed': (draft, body) => {
    reversedAtNetwork(draft, body.remainingMinorUnits, body.increment);
    traces.reversed(draft.traces, body);
    endReversal(draft, body.increment);
    if (body.increment === undefined) draft.isReversedInPart = body.remainingMinorUnits > 0;
    if (draft.networkMinorUnits === 0) draft.network = 'reversed';
    else if (draft.network === 'reversal-refused' && !holdsTooMuch(draft)) draft.network = 'approved';
  },
  'reversal-numbered': (draft, body) => {
    draft.openReversals.push(body);
  },
  'network-reinstated': (draft, { minorUnits }) => {
    draft.network = 'approved';
    draft.networkMinorUnits = minorUnits;
  },
  'network-reversal-refused': (draft, { increment }) => {
    endReversal(draft, increment);
    draft.network = 'reversal-refused';
    openCase(draft, 'reversal-refused');
  },
  'network-not-found': (draft, body) => {
    traces.notFound(draft.traces, body);
    endReversal(draft, body.increment);
    if (!body.isLast) return;
    if (body.wasSeen) draft.cases.push('reversal-not-found');
    else if (draft.standingMinorUnits === 0) draft.network = 'not-found';
  },
  'network-absent': (draft) => {
    foundAtNetwork(draft, 0);
    knowTakenAlong(draft);
    draft.network = 'reversed';
  },
  'network-advised': (draft, body) => {
    const { told } = body;
    traces.told(draft.traces, body);
    draft.network = 'advised';
    const telling = told && toldToNetwork(draft, told.key);
    const held = telling ? heldAfter(telling, draft) : (draft.capturedMinorUnits ?? draft.standingMinorUnits);
    if (!told) draft.isBaseTold = true;
    if (held === undefined) return;
    advisedToNetwork(draft, held);
    knowTakenAlong(draft);
  },
  'network-advice-refused': (draft, { told }) => {
    draft.network = 'advice-refused';
    draft.cases.push('advice-refused');
    endTellings(draft, told?.key);
  },
  'late-answer': (draft, body) => answeredLate(draft, body),
  notified: (draft, { through }) => {
    draft.notifiedThrough = through;
  },
  'pop-asked': (draft, { minorUnits, over }) => {
    draft.pop = 'unknown';
    draft.popMinorUnits = minorUnits;
    if (over !== undefined) draft.popValidation = over;
  },
  'pop-accepted': (draft, body) => {
    draft.pop = 'accepted';
    draft.popValidation = body.validation;
    draft.popMinorUnits = body.minorUnits;
  },
  'pop-validated': (draft, body) => {
    draft.pop = 'validated';
    draft.popValidation = body.validation;
  },
  'pop-failed': (draft) => {
    draft.pop = 'rejected';
    draft.cases.push('pop-rejected');
  },
  'pop-cancelled': (draft) => {
    draft.pop = 'cancelled';
  },
  'pop-stands': (draft) => {
    draft.pop = 'stands';
    draft.cases.push('pop-stands');
  },
  reconciled: (draft, body) => repaired(draft, body),
};

interface Named {
  readonly key: string;
  readonly original?: string | undefined;
}

/** A reversal may name it by its DE7. */
function name(draft: Draft, { original, key }: Named): void {
  if (original !== undefined) draft.names.push({ original, key });
}

/** One that was opened stays one, however often it happens again. */
function openCase(draft: Draft, kind: string): void {
  if (!draft.cases.includes(kind)) draft.cases.push(kind);
}

/** What is sent from now on is another reversal of this message. */
function endReversal(draft: Draft, key: string | undefined): void {
  draft.openReversals = draft.openReversals.filter(({ increment }) => increment !== key);
  draft.endedReversals.add(key ?? '');
}

function answered(draft: Draft, { key, reply }: AnsweredBody): void {
  draft.replies.set(key, reply);
}

/**
 * An approval that nobody waited for is money that the network holds, unless a reversal of it was acknowledged. Of what
 * was approved in time it is a second copy.
 */
function answeredLate(draft: Draft, body: EntryBodies['late-answer']): void {
  traces.answeredLate(draft.traces, body);
  if (!body.mayHold) return;
  if (body.disagrees) {
    draft.cases.push('answer-disagrees');
    return;
  }
  const asked = draft.opening?.facts.amount.minorUnits ?? 0;
  if (!traces.isUnwanted(draft, body.increment) || asked === 0) return;
  holdAgain(draft, asked, body.increment);
  if (body.increment === undefined) draft.network = 'unknown';
}

function decide(draft: Draft, body: DecidedBody): void {
  const { network, pop, approved, reply } = body;
  draft.decided = body;
  if (network.status === 'approved') traces.seen(draft.traces);
  draft.network = NETWORK_STATE[network.status];
  draft.pop = POP_STATE[pop.status];
  if ('validation' in pop) draft.popValidation = pop.validation;
  if (pop.status === 'accepted' || pop.status === 'validated' || pop.status === 'unknown') {
    draft.popMinorUnits = witnessedAtFirst(draft, body);
  }

  const asked = draft.opening?.facts.amount.minorUnits ?? 0;
  if (network.status === 'approved') draft.networkMinorUnits = network.approvedMinorUnits ?? asked;
  if (network.status === 'unknown') draft.networkMinorUnits = asked;
  draft.standingMinorUnits = approved ? (reply.approvedMinorUnits ?? asked) : 0;
  if (approved && network.status === 'unreachable') {
    draft.network = 'to-advise';
    draft.capturedMinorUnits = draft.standingMinorUnits;
  }

  draft.replies.set(OPENING_REPLY, reply);
  if (body.caseKind) draft.cases.push(body.caseKind);
  if (body.leavesProof) draft.cases.push('proof-of-refund');
  if (approved && draft.opening?.fraud?.did === 'review') draft.cases.push('fraud-review');
}

/** What an answer in time would have approved: 87 refuses the cash, which no proof witnesses. */
function witnessedAtFirst({ opening }: Draft, { network }: DecidedBody): number {
  const isWithoutCash = network.status === 'approved' && network.code === WITHOUT_CASH;
  const { amount, cashbackMinorUnits = 0 } = opening?.facts ?? { amount: { minorUnits: 0 } };
  return amount.minorUnits - (isWithoutCash ? cashbackMinorUnits : 0);
}

/** Taken back while the legs were open: nobody will ever know more of them than their follow-ups find out. */
function leaveOpen(draft: Draft): void {
  const asked = draft.opening?.facts.amount.minorUnits ?? 0;
  draft.network = 'unknown';
  draft.networkMinorUnits = asked;
  if (!draft.popParties) return;
  draft.pop = 'unknown';
  draft.popMinorUnits = asked;
}

function open(draft: Draft, body: OpeningBody): void {
  draft.opening = body;
  if (body.facts.hold) draft.holdUntil = body.facts.hold.until;
  draft.popParties = body.pop;
  draft.pop = body.pop ? 'planned' : 'not-applicable';
}
