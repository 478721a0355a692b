import type { JournalEntry } from '../journal/journal.ts';
import { withoutZeros } from '../requests/keys.ts';
import { isApprovalCode } from '../transaction/approval-codes.ts';
import { type AwaitedProof, awaitedProof, isAcceptance } from '../transaction/awaited-proof.ts';
import type { EntryBodies, EntryKind } from '../transaction/entries.ts';
import {
  type NetworkLegState,
  OPENING_REPLY,
  type PopLegState,
  type Transaction,
} from '../transaction/fold.ts';
import { type OpenHold, openHold } from '../transaction/hold.ts';
import { stands, type TransactionState } from '../transaction/life-cycle.ts';
import { dateOfEntry, foldMovements, type Movement } from '../transaction/movements.ts';
import { witnessedFacts } from '../transaction/pop-purchase.ts';

/** A transaction as a row of `switch.projected_transaction`. Amounts in minor units; moments in RFC 3339. */
export interface TransactionRow {
  readonly transaction: string;
  readonly version: number;
  /** As it was asked for; 'reversal' where only its reversal is known. */
  readonly kind: string;
  readonly state: TransactionState;
  readonly listener: string;
  readonly terminal: string;
  readonly merchant: string;
  /** As its message or its line has it. */
  readonly acquirer: string | null;
  readonly stan: string;
  readonly rrn: string;
  /** DE37 towards the network, whose last six digits are DE11; empty where the terminal's numbers are the network's. */
  readonly network_rrn: string;
  /** DE7 towards the network. */
  readonly transmitted_at: string;
  readonly masked_pan: string;
  readonly card_reference: string;
  readonly network: string;
  readonly network_state: NetworkLegState;
  readonly pop_state: PopLegState;
  readonly is_enrolled: boolean;
  /** ISO 4217 numeric. */
  readonly currency: string;
  readonly asked: number;
  /** Of a cashback: handed out, and no part of the purchase that is witnessed. */
  readonly cash: number;
  readonly approved: number;
  /** Taken or given for good: of a pre-authorisation, what was completed. */
  readonly captured: number;
  readonly standing: number;
  readonly network_amount: number;
  readonly pop_amount: number | null;
  readonly response_code: string | null;
  readonly approval_code: string | null;
  /** On which it was opened, YYYY-MM-DD. */
  readonly business_date: string;
  readonly opened_at: string;
  readonly decided_at: string | null;
  readonly cases: readonly string[];
  readonly batch_side: 'sale' | 'refund' | null;
  /** Of several completions: what was in a batch that was closed before the latest of them came. */
  readonly settled: number | null;
  readonly settled_in: string | null;
}

/** What reading a row gives beyond what its own entries say. */
export interface StoredTransaction extends TransactionRow {
  /** By approved refunds that name this transaction. */
  readonly refunded: number;
  /** The settlement that closed its terminal's batch. */
  readonly batch: string | null;
}

export interface ProjectedTransaction {
  readonly row: TransactionRow;
  readonly refunds: Transaction['refunds'];
  /** What was moved after its approval, each on its own business date. */
  readonly movements: readonly Movement[];
  /** Of a reversal that matches nothing: the payments that it may mean. */
  readonly mayMean?: readonly string[];
  /** The proof that is waited for; 'over' where one was and is not any more. */
  readonly proof?: AwaitedProof | 'over';
  /** The hold that is not over; 'over' where one was and is not any more. */
  readonly hold?: OpenHold | 'over';
}

/**
 * A transaction's row, by all of its entries, oldest first; nothing where they tell of no transaction of a card (of an
 * allowance, of a terminal's batch).
 * @param undatedHour the UTC hour at which a business day began when entries had no date
 */
export function projectTransaction(
  entries: readonly JournalEntry[],
  undatedHour: number,
): ProjectedTransaction | undefined {
  const { folded, movements } = foldMovements(entries, undatedHour);
  const [first] = entries;
  if (!folded || !first) return undefined;
  const facts = folded.opening ? openingColumns(folded) : (rememberedColumns(first) ?? keptColumns(first));
  if (!facts) return undefined;
  const decided = entries.find(({ kind }) => DECIDES.has(kind as EntryKind));
  const row: TransactionRow = {
    transaction: folded.id,
    version: folded.version,
    state: folded.state,
    ...facts,
    network_state: networkState(folded),
    pop_state: folded.pop,
    is_enrolled: folded.popParties !== null,
    approved: approvedMinorUnits(folded),
    captured: capturedMinorUnits(folded),
    standing: folded.standingMinorUnits,
    network_amount: folded.networkMinorUnits,
    pop_amount: folded.popMinorUnits ?? null,
    response_code: folded.replies.get(OPENING_REPLY)?.code ?? null,
    approval_code: folded.replies.get(OPENING_REPLY)?.approvalCode ?? null,
    business_date: dateOfEntry(first, undatedHour),
    opened_at: new Date(first.at).toISOString(),
    decided_at: decided ? new Date(decided.at).toISOString() : null,
    cases: [...new Set(folded.cases)],
    batch_side: batchSide(folded),
    settled: folded.settledBefore?.minorUnits ?? null,
    settled_in: folded.settledBefore?.batch ?? null,
  };
  const proof = awaitedProof(entries, folded) ?? (entries.some(isAcceptance) ? 'over' : undefined);
  const mayMean = meantBy(entries);
  const hold = openHold(folded, entries) ?? (folded.holdUntil === undefined ? undefined : 'over');
  return {
    row,
    refunds: folded.refunds,
    movements,
    ...(mayMean && { mayMean }),
    ...(proof && { proof }),
    ...(hold && { hold }),
  };
}

/** Said at once, or found when it was looked at once more. */
function meantBy(entries: readonly JournalEntry[]): readonly string[] | undefined {
  if (entries[0]?.kind !== 'remembered') return undefined;
  const said = entries.map(({ body }) => (body as Partial<EntryBodies['remembered']>).mayMean);
  return said.find((mayMean) => mayMean !== undefined);
}

const DECIDES: ReadonlySet<EntryKind> = new Set<EntryKind>(['decided', 'offline-approved', 'taken-back']);

/** What moves a terminal's totals: what it took, and what it gave. A pre-authorisation moves nothing until captured. */
export function batchSide({
  opening,
  state,
  standingMinorUnits,
}: Pick<Transaction, 'opening' | 'state' | 'standingMinorUnits'>): TransactionRow['batch_side'] {
  if (standingMinorUnits === 0 || !stands(state)) return null;
  switch (opening?.facts.kind) {
    case 'purchase':
    case 'cash':
    case 'cashback':
    case 'offline-purchase':
      return 'sale';
    case 'pre-authorisation':
      return state === 'captured' ? 'sale' : null;
    case 'refund':
      return 'refund';
    default:
      return null;
  }
}

function openingColumns({ opening, decided, increments }: Transaction) {
  if (!opening) return undefined;
  const { facts, listener, network, cardReference } = opening;
  return {
    kind: facts.kind as string,
    listener,
    terminal: facts.terminal.trimEnd(),
    merchant: facts.merchant.trimEnd(),
    acquirer: withoutZeros(facts.acquirer) as string | null,
    stan: facts.stan,
    rrn: facts.rrn.trimEnd(),
    network_rrn: facts.networkRrn ?? '',
    transmitted_at: facts.transmittedAt,
    masked_pan: facts.maskedPan,
    card_reference: cardReference,
    network,
    currency: facts.amount.currency,
    asked: increments.reduce(
      (sum, { facts: added }) => sum + added.amount.minorUnits,
      facts.amount.minorUnits,
    ),
    cash: witnessedFacts(opening, decided).cashbackMinorUnits ?? 0,
  };
}

/** A reversal whose original never came: it is about money that it alone tells of. */
function rememberedColumns({ kind, body }: JournalEntry): ReturnType<typeof openingColumns> {
  if (kind !== 'remembered') return undefined;
  const {
    listener,
    terminal,
    rrn,
    merchant = '',
    stan = '',
    amount,
    ...told
  } = body as EntryBodies['remembered'];
  return {
    kind: 'reversal',
    listener,
    stan,
    network_rrn: '',
    transmitted_at: '',
    network: '',
    acquirer: null,
    cash: 0,
    terminal: terminal.trimEnd(),
    merchant: merchant.trimEnd(),
    rrn: rrn.trimEnd(),
    masked_pan: told.maskedPan ?? '',
    card_reference: told.cardReference ?? '',
    currency: amount?.currency ?? '',
    asked: amount?.minorUnits ?? 0,
  };
}

/** As long as the network is to be told of another amount, or of a part, it is not up to date. */
function networkState({ network, tellings }: Transaction): NetworkLegState {
  const isBehind = tellings.some(({ isTold }) => !isTold);
  return isBehind && (network === 'approved' || network === 'advised') ? 'to-advise' : network;
}

/** An advice that nobody can act on: what it gives, with no money of it. */
function keptColumns({ kind, body }: JournalEntry): ReturnType<typeof openingColumns> {
  if (kind !== 'advice-kept') return undefined;
  const { listener, terminal, merchant, stan, rrn, transmittedAt, minorUnits, currency, card } =
    body as EntryBodies['advice-kept'];
  return {
    kind: 'advice',
    listener,
    terminal: terminal.trimEnd(),
    merchant: merchant.trimEnd(),
    acquirer: null,
    stan,
    currency,
    rrn: rrn.trimEnd(),
    network_rrn: '',
    transmitted_at: transmittedAt,
    network: '',
    asked: minorUnits,
    cash: 0,
    masked_pan: card?.maskedPan ?? '',
    card_reference: card?.reference ?? '',
  };
}

function approvedMinorUnits({ opening, decided, state, increments, replies, isTold }: Transaction): number {
  const asked = opening?.facts.amount.minorUnits ?? 0;
  if (isTold) return asked;
  if (!decided?.approved || state === 'none') return 0;
  const added = increments.filter(({ key }) => isApprovalCode(replies.get(key)?.code));
  const more = added.map(({ key, facts }) => replies.get(key)?.approvedMinorUnits ?? facts.amount.minorUnits);
  return more.reduce((sum, each) => sum + each, decided.reply.approvedMinorUnits ?? asked);
}

function capturedMinorUnits(transaction: Transaction): number {
  const {
    opening,
    state,
    capturedMinorUnits: completed,
    untippedMinorUnits,
    standingMinorUnits,
  } = transaction;
  if (untippedMinorUnits !== undefined) return standingMinorUnits;
  if (opening?.facts.kind !== 'pre-authorisation') return approvedMinorUnits(transaction);
  return state === 'captured' ? (completed ?? 0) : 0;
}
