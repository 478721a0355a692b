import type { Clock, Random } from '../../runtime/index.ts';
import type { CardReference } from '../common/card.ts';
import { type Ledger, type LedgerRow, openLedger } from '../common/ledger.ts';
import { type Tally, tally } from '../common/tally.ts';

/** By what the network knows a message and its repeats: DE41, DE37, DE11, DE7. */
export interface MessageIdentity {
  terminal: string;
  rrn: string;
  stan: string;
  /** DE7, MMDDhhmmss in UTC. */
  time: string;
}

export interface AuthorisationRequest extends MessageIdentity {
  processingCode: string;
  /** Minor units. */
  amount: number;
  /** DE49, ISO 4217 numeric. */
  currency: string;
  card: CardReference;
}

export interface ReversalRequest extends MessageIdentity {
  original: { stan: string; time: string };
  amount: number;
  currency: string;
  card: CardReference;
  /** DE95: what remains of the purchase after a partial reversal. */
  remaining?: number;
}

/**
 * What a row records. With effect on money: `authorised`, `reversed`. Decisions without: `declined`,
 * `reversal-remembered` (the original is unknown, and will be refused should it come), `late-original-refused`,
 * `reversal-ineffective` (the original was declined), `reversal-refused`. Repeats, answered as before:
 * `duplicate`, `duplicate-refused` (same identity, other content), `reversal-repeated`.
 */
export type VisaRowKind =
  | 'authorised'
  | 'declined'
  | 'duplicate'
  | 'duplicate-refused'
  | 'late-original-refused'
  | 'reversed'
  | 'reversal-repeated'
  | 'reversal-remembered'
  | 'reversal-ineffective'
  | 'reversal-refused';

export interface VisaRow extends LedgerRow, MessageIdentity {
  kind: VisaRowKind;
  processingCode?: string;
  /** Minor units; of a reversal, what it gave back. */
  amount: number;
  currency: string;
  card: CardReference;
  /** DE39 as answered. */
  code: string;
  approvalCode?: string;
  /** DE62.2, the 15-digit transaction identifier. */
  transactionId?: string;
  /** Of reversals: which message they take back. */
  original?: { stan: string; time: string };
}

export interface Decision {
  code: string;
  approvalCode?: string;
  transactionId?: string;
  /** The ledger holds the decision: it may be answered now. */
  written: Promise<void>;
}

export interface VisaBook {
  /** `decide` gives DE39; it is not asked where the book knows the answer. */
  authorise(request: AuthorisationRequest, decide: () => string): Decision;
  reverse(request: ReversalRequest): Decision;
  totals: Tally['totals'];
  ledger: Ledger<VisaRow>;
}

interface Known {
  decided: VisaRow;
  reversal?: VisaRow;
}

const APPROVED = '00';
const INVALID_TRANSACTION = '12';
const DUPLICATE_TRANSMISSION = '94';

/** The network's accounts: every effect is in the ledger, from which all is rebuilt. */
export async function openVisaBook(
  file: string,
  clock: Clock,
  random: Random,
  onBroken: (error: unknown) => void,
): Promise<VisaBook> {
  const byIdentity = new Map<string, Known>();
  const sums = tally();
  let transactions = 0;

  const apply = (row: VisaRow) => {
    sums.add(row.currency, row.kind, row.amount);
    if (row.transactionId !== undefined)
      transactions = Math.max(transactions, Number(row.transactionId.slice(3)));
    remember(byIdentity, row);
  };
  const ledger = await openLedger<VisaRow>(file, apply, onBroken);
  const record = (row: Omit<VisaRow, 'at'>): Decision => {
    const whole: VisaRow = { ...row, at: new Date(clock.wall()).toISOString() };
    apply(whole);
    return decision(whole, ledger.append(whole));
  };

  return {
    ledger,
    totals: sums.totals,
    authorise(request, decide) {
      const known = byIdentity.get(identityKey(request));
      if (known) return record({ ...request, ...repeatedAuthorisation(request, known) });
      const code = decide();
      if (code !== APPROVED) return record({ ...request, kind: 'declined', code });
      return record({
        ...request,
        kind: 'authorised',
        code,
        approvalCode: String(random.integer(1_000_000)).padStart(6, '0'),
        transactionId: `300${String(transactions + 1).padStart(12, '0')}`,
      });
    },
    reverse({ remaining, ...request }) {
      const known = byIdentity.get(originalKey(request));
      return record({ ...request, ...reversalOutcome(request, remaining ?? 0, known) });
    },
  };
}

function remember(byIdentity: Map<string, Known>, row: VisaRow): void {
  switch (row.kind) {
    case 'authorised':
    case 'declined':
      byIdentity.set(identityKey(row), { decided: row });
      return;
    case 'reversal-remembered':
      byIdentity.set(originalKey(row), { decided: row, reversal: row });
      return;
    case 'reversed':
    case 'reversal-ineffective': {
      const known = byIdentity.get(originalKey(row));
      if (known) known.reversal = row;
    }
  }
}

type Outcome = Pick<VisaRow, 'kind' | 'amount' | 'code'> &
  Partial<Pick<VisaRow, 'approvalCode' | 'transactionId'>>;

function repeatedAuthorisation(request: AuthorisationRequest, { decided, reversal }: Known): Outcome {
  const { amount } = request;
  if (decided.kind === 'reversal-remembered') {
    return { kind: 'late-original-refused', amount, code: INVALID_TRANSACTION };
  }
  const same =
    decided.amount === amount &&
    decided.currency === request.currency &&
    decided.processingCode === request.processingCode &&
    decided.card.reference === request.card.reference;
  if (!same || reversal) return { kind: 'duplicate-refused', amount, code: DUPLICATE_TRANSMISSION };
  return {
    kind: 'duplicate',
    amount,
    code: decided.code,
    ...(decided.approvalCode === undefined ? {} : { approvalCode: decided.approvalCode }),
    ...(decided.transactionId === undefined ? {} : { transactionId: decided.transactionId }),
  };
}

function reversalOutcome(
  request: Omit<ReversalRequest, 'remaining'>,
  remaining: number,
  known: Known | undefined,
): Outcome {
  if (!known) return { kind: 'reversal-remembered', amount: request.amount, code: APPROVED };
  const { decided, reversal } = known;
  const fits =
    decided.amount === request.amount &&
    decided.currency === request.currency &&
    decided.card.reference === request.card.reference &&
    remaining < request.amount;
  if (!fits) return { kind: 'reversal-refused', amount: request.amount, code: INVALID_TRANSACTION };
  if (reversal) return { kind: 'reversal-repeated', amount: reversal.amount, code: reversal.code };
  const ids = decided.transactionId === undefined ? {} : { transactionId: decided.transactionId };
  if (decided.kind === 'declined') return { kind: 'reversal-ineffective', amount: 0, code: APPROVED, ...ids };
  return { kind: 'reversed', amount: decided.amount - remaining, code: APPROVED, ...ids };
}

function decision(row: VisaRow, written: Promise<void>): Decision {
  return {
    code: row.code,
    written,
    ...(row.approvalCode === undefined ? {} : { approvalCode: row.approvalCode }),
    ...(row.transactionId === undefined ? {} : { transactionId: row.transactionId }),
  };
}

function identityKey({ terminal, rrn, stan, time }: MessageIdentity): string {
  return `${terminal}|${rrn}|${stan}|${time}`;
}

function originalKey(row: {
  terminal: string;
  rrn: string;
  original?: { stan: string; time: string };
}): string {
  return `${row.terminal}|${row.rrn}|${row.original?.stan}|${row.original?.time}`;
}
