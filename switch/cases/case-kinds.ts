import type { Repair } from '../transaction/entries.ts';

/** What can be done about a case. `by-hand`: outside the switch, a note says how. `accept`: it stays as it is. */
export type CaseAction = Repair | 'by-hand' | 'accept';

const REPAIRS: Readonly<Record<Repair, string>> = {
  'resend-reversal': 'reverse the network leg down to what stands',
  'resend-advice': 'tell the network again of what was approved or captured',
  'initiate-proof': 'have the consensus witness the purchase',
  'cancel-proof': 'cancel the proof of a purchase that does not stand',
};

export const CASE_ACTIONS: Readonly<Record<CaseAction, string>> = {
  ...REPAIRS,
  'by-hand': 'put right outside the switch; the note says how',
  accept: 'explained: it stays as it is',
};

export function isRepair(action: CaseAction): action is Repair {
  return action in REPAIRS;
}

export function isCaseAction(text: string): text is CaseAction {
  return Object.hasOwn(CASE_ACTIONS, text);
}

/** Every kind of difference, with what it means. docs/reconciliation.md has a section on them. */
export const CASE_KINDS = {
  'missing-at-network': 'it stands here, and the network has no money of it',
  'missing-in-journal': 'the network has money of it, and nobody here knows it',
  'amount-differs': 'it stands here and at the network with different amounts',
  'currency-differs': 'the network has it in another currency',
  'stands-at-network': 'it does not stand here, and the network has money of it',
  'reversed-at-network': 'it stands here, and the network has reversed it',
  'movement-differs': 'what was moved on a day is not in the ledger of that day as it is here',
  'completion-missing': 'it was captured here, and the network still holds it',
  'reversal-refused': 'the network refused its reversal',
  'reversal-not-found': 'the network approved it, and its reversal found nothing there',
  'answer-disagrees': 'the network answered it with another amount, currency or card',
  'advice-refused': 'the network refused to be told of it',
  'proof-missing': 'it stands here, and the consensus has no proof of it',
  'pop-rejected': 'it stands here, and the consensus rejected its proof',
  'proof-amount-differs': 'its proof witnesses another amount',
  'proof-of-nothing': 'a proof is under way for what does not stand here',
  'pop-stands': 'a proof is final for what does not stand here, or for another amount',
  'proof-unknown-purchase': 'the consensus has a proof of a purchase that nobody here knows',
  'proof-not-final': 'its proof has been under way for too long',
  'unreadable-entry': 'an entry of it has a form that this release cannot read: nothing counts it',
  'reversal-unmatched':
    'a terminal reversed what is not known by its numbers, and may mean a payment that stands',
  'reversal-repeated': 'a terminal repeated a reversal without end that cannot be carried out',
  'void-reversed-late': 'a terminal reversed its void, and the network had been told of the void',
  'hold-reversed': 'a terminal reversed the completion of a hold, and the hold went with it',
  'advice-kept':
    'a terminal told of something that is no service here, that did not take place, or of a sale that nobody here knows',
  'chip-refused': 'it stands here, and the chip says that it did not take place',
  'chip-approved': 'it was declined here, and the chip says that its terminal approved it',
  'refund-unmatched': 'a refund was given at the terminal that its sale has no more money for',
  'proof-of-refund': 'it was refunded, and the proof of what it bought goes on to stand',
  'fraud-review': 'it was approved, and a rule of fraud wants somebody to look at it',
  'answer-lost': 'a fail-over lost what a terminal was answered, and it could not be written again',
  'batch-out-of-balance': 'a terminal closed its batch with other totals than ours',
} as const;

export type CaseKind = keyof typeof CASE_KINDS;

/** The kinds that a transaction's own entries may ask for. */
const JOURNAL_KINDS = [
  ...(['pop-rejected', 'pop-stands', 'reversal-refused', 'advice-refused'] as const),
  ...(['reversal-not-found', 'answer-disagrees'] as const),
  ...(['reversal-unmatched', 'reversal-repeated', 'void-reversed-late', 'hold-reversed'] as const),
  ...(['advice-kept', 'chip-refused', 'chip-approved', 'refund-unmatched', 'proof-of-refund'] as const),
  'fraud-review',
] as const;

/** The kind of a case that a transaction's entries name. */
export function journalCaseKind(name: string): CaseKind | undefined {
  return JOURNAL_KINDS.find((kind) => kind === name);
}
