import type { NetworkOutcome, PopOutcome, TransactionFacts } from '../connectors/index.ts';
import type { JournalEntry } from './journal/journal.ts';
import type { FollowUpTask } from './outcome-table.ts';

/** What a terminal is told, in the words of no particular dialect. */
export interface ReplyFields {
  /** DE39. */
  readonly code: string;
  readonly rrn: string;
  /** DE38. */
  readonly approvalCode?: string;
  /** DE4 of a partial approval. */
  readonly approvedMinorUnits?: number;
  /** DE55, hexadecimal. */
  readonly emvHex?: string;
}

/** Who takes part in the PoP leg; `null` where card or merchant is not enrolled. */
export interface PopParties {
  readonly consumer: string;
  readonly merchant: string;
  readonly receiptHash: string;
}

/** Body of the first entry: written before any byte of any leg leaves. */
export interface IntendedBody {
  readonly facts: TransactionFacts;
  readonly listener: string;
  readonly network: string;
  /** The PAN encrypted inside the HSM, base64. */
  readonly panCiphertext: string;
  /** Keyed hash of the PAN, hexadecimal: the card's name for everyone else. */
  readonly cardReference: string;
  readonly pop: PopParties | null;
}

/** Body of the second entry: written before the reply leaves. */
export interface DecidedBody {
  readonly network: NetworkOutcome;
  readonly pop: PopOutcome;
  readonly approved: boolean;
  readonly reply: ReplyFields;
  readonly followUps: readonly FollowUpTask[];
  readonly caseKind?: string;
}

export interface EntryBodies {
  intended: IntendedBody;
  decided: DecidedBody;
  /** The network acknowledged that it holds nothing any more. */
  reversed: { readonly code: string; readonly attempts: number };
  'reversal-refused': { readonly code: string; readonly attempts: number };
  /** An answer that came after the join. */
  'late-answer': { readonly code: string };
  'pop-accepted': { readonly validation: string };
  'pop-validated': { readonly validation: string };
  'pop-failed': { readonly status: string; readonly reason: string };
  'pop-cancelled': { readonly validation: string | null };
  /** A proof stands for a purchase that does not: the chain cannot take it back. */
  'pop-stands': { readonly validation: string; readonly reason: string };
}
export type EntryKind = keyof EntryBodies;

export type NetworkLegState =
  | 'planned'
  | 'approved'
  | 'refused'
  | 'not-sent'
  | 'unknown'
  | 'reversed'
  | 'reversal-refused';

export type PopLegState =
  | 'planned'
  | 'accepted'
  | 'validated'
  | 'rejected'
  | 'not-sent'
  | 'unknown'
  | 'cancelled'
  | 'stands'
  | 'not-applicable';

/** A transaction as its journal entries tell it. */
export interface Transaction {
  readonly id: string;
  readonly version: number;
  readonly intended: IntendedBody;
  readonly decided?: DecidedBody;
  readonly network: NetworkLegState;
  readonly pop: PopLegState;
  readonly popValidation?: string;
  /** What people must look at. */
  readonly cases: readonly string[];
}

type Draft = { -readonly [K in keyof Transaction]: Transaction[K] } & { cases: string[] };

const NETWORK_STATE: Record<NetworkOutcome['status'], NetworkLegState> = {
  approved: 'approved',
  refused: 'refused',
  unreachable: 'not-sent',
  unknown: 'unknown',
};

const POP_STATE: Record<PopOutcome['status'], PopLegState> = {
  accepted: 'accepted',
  validated: 'validated',
  rejected: 'rejected',
  unreachable: 'not-sent',
  unknown: 'unknown',
  'not-applicable': 'not-applicable',
};

/** Folds a transaction's entries, oldest first, into its state; `undefined` where there are none. */
export function foldTransaction(entries: readonly JournalEntry[]): Transaction | undefined {
  const first = entries[0];
  if (!first) return undefined;
  const draft: Draft = {
    id: first.transaction,
    version: 0,
    intended: first.body as IntendedBody,
    network: 'planned',
    pop: (first.body as IntendedBody).pop ? 'planned' : 'not-applicable',
    cases: [],
  };
  for (const entry of entries) {
    draft.version = entry.version;
    const fold = FOLDS[entry.kind as EntryKind] as ((draft: Draft, body: unknown) => void) | undefined;
    fold?.(draft, entry.body);
  }
  return draft;
}

const FOLDS: { [K in EntryKind]: (draft: Draft, body: EntryBodies[K]) => void } = {
  intended: () => {},
  decided: (draft, body) => {
    draft.decided = body;
    draft.network = NETWORK_STATE[body.network.status];
    draft.pop = POP_STATE[body.pop.status];
    if ('validation' in body.pop) draft.popValidation = body.pop.validation;
    if (body.caseKind) draft.cases.push(body.caseKind);
  },
  reversed: (draft) => {
    draft.network = 'reversed';
  },
  'reversal-refused': (draft) => {
    draft.network = 'reversal-refused';
    draft.cases.push('reversal-refused');
  },
  'late-answer': () => {},
  'pop-accepted': (draft, body) => {
    draft.pop = 'accepted';
    draft.popValidation = body.validation;
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
};
