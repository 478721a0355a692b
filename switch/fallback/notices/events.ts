import type { JournalEntry } from '../../journal/journal.ts';
import type { DecidedBody, EntryBodies, EntryKind, OpeningBody } from '../../transaction/entries.ts';
import { type FallbackScenario, scenariosOf } from '../scenarios.ts';

export type NoticeType =
  /** Approved in the issuer's stead; the network is told later. */
  | 'payment.queued'
  /** The network has taken what was approved in its stead. */
  | 'payment.approved-late'
  /** Declined because a counterpart did not do its part; or refused by the issuer after all. */
  | 'payment.failed'
  /** The network acknowledged that it holds no more than what remains. */
  | 'payment.reversed'
  /** A pre-authorisation ends soon; it must be completed by then. */
  | 'hold.ending'
  /** It is over: what is left of it is given back. */
  | 'hold.expired'
  /** A completion came after its hold's end, and is taken at the merchant's risk. */
  | 'completion.late'
  | 'pop.validated'
  | 'pop.rejected'
  /** People look at it. */
  | 'case.opened';

/** What an entry means to those who are told of it. */
export interface NoticeFacts {
  readonly type: NoticeType;
  readonly scenario?: FallbackScenario;
  /** Why, as a stable word: a case's kind, or `declined` with the network's code. */
  readonly reason?: string;
  readonly code?: string;
  readonly remainingMinorUnits?: number;
  /** Of a hold: its end, RFC 3339, UTC. */
  readonly until?: string;
}

/** One notice as it is posted: nothing in it that names a card. */
export interface Notice extends NoticeFacts {
  /** The same notice has the same id, however often it is posted. */
  readonly id: string;
  /** Of the transaction: notices of a later version happened later. */
  readonly version: number;
  /** RFC 3339, UTC. */
  readonly occurredAt: string;
  readonly transaction: string;
  readonly merchant: string;
  readonly terminal: string;
  readonly rrn: string;
  readonly amount: { readonly minorUnits: number; readonly currency: string };
}

/** What an entry gives occasion to tell, by its kind and body alone. */
export function noticesIn(kind: EntryKind, body: unknown): readonly NoticeFacts[] {
  const read = READERS[kind] as ((body: unknown) => readonly NoticeFacts[]) | undefined;
  return read?.(body) ?? [];
}

const caseOf = (reason: string): NoticeFacts => ({ type: 'case.opened', scenario: 'inconsistency', reason });

const READERS: { [K in EntryKind]?: (body: EntryBodies[K]) => readonly NoticeFacts[] } = {
  decided: (body) => [
    ...paymentOf(body),
    ...proofOf(body),
    ...(body.caseKind ? [caseOf(body.caseKind)] : []),
  ],
  'network-advised': ({ reason }) => (reason === 'stand-in' ? [{ type: 'payment.approved-late' }] : []),
  'network-advice-refused': ({ code }) => [
    { type: 'payment.failed', scenario: 'inconsistency', reason: 'advice-refused', code },
    caseOf('advice-refused'),
  ],
  'network-reversed': ({ remainingMinorUnits }) => [{ type: 'payment.reversed', remainingMinorUnits }],
  'network-reversal-refused': () => [caseOf('reversal-refused')],
  'network-not-found': ({ isLast, wasSeen }) => (isLast && wasSeen ? [caseOf('reversal-not-found')] : []),
  'late-answer': ({ mayHold, disagrees }) => (mayHold && disagrees ? [caseOf('answer-disagrees')] : []),
  'hold-ending': ({ until }) => [{ type: 'hold.ending', until: new Date(until).toISOString() }],
  'hold-expired': ({ until }) => [{ type: 'hold.expired', until: new Date(until).toISOString() }],
  captured: ({ isLate }) => (isLate ? [{ type: 'completion.late' }] : []),
  'pop-validated': () => [{ type: 'pop.validated' }],
  'pop-failed': ({ reason }) => [{ type: 'pop.rejected', reason }, caseOf('pop-rejected')],
  'pop-stands': () => [caseOf('pop-stands')],
};

function paymentOf(decided: DecidedBody): NoticeFacts[] {
  const { approved, network, reply, waited } = decided;
  if (waited && network.status !== 'unreachable' && approved) return [{ type: 'payment.approved-late' }];
  if (waited && !approved) return [{ type: 'payment.failed', reason: 'declined', code: reply.code }];
  const scenario = scenariosOf(decided).find((found) => found === 'network-failure' || found === 'timeout');
  if (approved) {
    return network.status === 'unreachable' ? [{ type: 'payment.queued', scenario: 'network-failure' }] : [];
  }
  return scenario ? [{ type: 'payment.failed', scenario, reason: 'declined', code: reply.code }] : [];
}

function proofOf({ approved, pop }: DecidedBody): NoticeFacts[] {
  if (approved && pop.status === 'validated') return [{ type: 'pop.validated' }];
  return pop.status === 'rejected' ? [{ type: 'pop.rejected', reason: pop.reason }] : [];
}

/** The notices of a transaction's entries after a version, oldest first; none where it was opened by nothing. */
export function noticesAfter(
  version: number,
  opening: OpeningBody,
  entries: readonly JournalEntry[],
): Notice[] {
  const { transaction, merchant, terminal, rrn, amount } = opening.facts;
  return entries
    .filter((entry) => entry.version > version)
    .flatMap((entry) =>
      noticesIn(entry.kind as EntryKind, entry.body).map((facts) => ({
        id: `${transaction}:${entry.version}:${facts.type}`,
        ...facts,
        version: entry.version,
        occurredAt: new Date(entry.at).toISOString(),
        transaction,
        merchant: merchant.trimEnd(),
        terminal: terminal.trimEnd(),
        rrn,
        amount,
      })),
    );
}
