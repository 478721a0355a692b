import type { EntryKind } from './entries.ts';

/**
 * Where a transaction stands as a whole. `remembered`: a reversal came before its original, which will be refused
 * should it ever come.
 */
export type TransactionState =
  | 'none'
  | 'intended'
  | 'approved'
  | 'declined'
  | 'captured'
  | 'taken-back'
  /** A pre-authorisation whose life is over: it may be completed late, where its merchant bears the risk. */
  | 'expired'
  | 'remembered'
  /** An advice that nobody can act on. */
  | 'kept';

/**
 * Which entry may follow in which state, and the state after it. What is not here is refused: money moves only along
 * these lines. `decided` leads to approved or declined by its own body.
 */
const TRANSITIONS: Readonly<Record<TransactionState, Partial<Record<EntryKind, TransactionState>>>> = {
  none: {
    intended: 'intended',
    'offline-approved': 'captured',
    remembered: 'remembered',
    'advice-kept': 'kept',
    'notice-refused': 'none',
    'stand-in-reserved': 'none',
    'batch-compared': 'none',
    'batch-closed': 'none',
    uploaded: 'none',
  },
  intended: { decided: 'approved', 'taken-back': 'taken-back' },
  approved: {
    'taken-back': 'taken-back',
    'partly-taken-back': 'approved',
    captured: 'captured',
    'refund-reserved': 'approved',
    'increment-intended': 'approved',
    'increment-decided': 'approved',
    'increment-taken-back': 'approved',
    adjusted: 'approved',
    'hold-ending': 'approved',
    'hold-expired': 'expired',
  },
  captured: {
    captured: 'captured',
    adjusted: 'captured',
    'hold-ending': 'captured',
    'hold-expired': 'captured',
    'taken-back': 'taken-back',
    'partly-taken-back': 'captured',
    'refund-reserved': 'captured',
  },
  declined: { 'taken-back': 'declined' },
  // What stood before a void stands again after its reversal: approved, or captured (`foldTransaction`).
  'taken-back': {
    'taken-back': 'taken-back',
    'partly-taken-back': 'taken-back',
    'void-reversed': 'approved',
    'increment-taken-back': 'taken-back',
    'void-reversed-late': 'taken-back',
  },
  expired: { captured: 'captured', 'taken-back': 'taken-back' },
  remembered: {},
  kept: {},
};

/** Something was approved, and nobody has taken it back. */
export function stands(state: TransactionState): boolean {
  return state === 'approved' || state === 'captured';
}

/**
 * Entries that tell what became of a leg, or what else was said. They come once a transaction is decided, and change
 * nothing else.
 */
const LEG_ENTRIES: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'reversal-numbered',
  'network-reversed',
  'network-reinstated',
  'network-reversal-refused',
  'network-not-found',
  'network-absent',
  'network-advised',
  'network-advice-refused',
  'late-answer',
  'void-told',
  'chip-told',
  'told-again',
  'named-again',
  'case-opened',
  'notified',
  'pop-asked',
  'pop-accepted',
  'pop-validated',
  'pop-failed',
  'pop-cancelled',
  'pop-stands',
  'reconciled',
]);

/**
 * The state after an entry, or `undefined` where it may not follow.
 * @param approved of a decision: whether it approves
 */
export function stateAfter(
  state: TransactionState,
  entry: EntryKind,
  approved = true,
): TransactionState | undefined {
  if (LEG_ENTRIES.has(entry)) return state === 'none' || state === 'intended' ? undefined : state;
  const next = TRANSITIONS[state][entry];
  return next === 'approved' && entry === 'decided' && !approved ? 'declined' : next;
}
