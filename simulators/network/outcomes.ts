import type {
  AdviceRequest,
  AuthorisationRequest,
  MessageIdentity,
  Moves,
  NetworkRow,
  NetworkRowKind,
  ReversalRequest,
  Service,
} from './rows.ts';
import { hasMoreToCome, heldOf, isLastOf, type Transaction } from './transactions.ts';

/** DE39. */
export const APPROVED = '00';
export const PARTIALLY_APPROVED = '10';
const INVALID_TRANSACTION = '12';
const INVALID_AMOUNT = '13';
const DUPLICATE_TRANSMISSION = '94';

/** The part of a row that a decision adds to its request. */
export type Outcome = Pick<NetworkRow, 'kind' | 'code'> &
  Partial<Pick<NetworkRow, 'amount' | 'requested' | 'approvalCode' | 'transactionId' | 'moves'>>;

const APPROVAL: Record<Service, { kind: NetworkRowKind; account?: keyof Moves }> = {
  debit: { kind: 'authorised', account: 'captured' },
  hold: { kind: 'held', account: 'held' },
  increment: { kind: 'incremented', account: 'held' },
  credit: { kind: 'refunded', account: 'refunded' },
  verification: { kind: 'verified' },
  balance: { kind: 'inquired' },
};

/** An approval of `approved` minor units. */
export function approval({ amount, service }: AuthorisationRequest, code: string, approved: number): Outcome {
  const { kind, account } = APPROVAL[service];
  return {
    kind,
    code,
    ...(code === PARTIALLY_APPROVED && { amount: approved, requested: amount }),
    ...(account && { moves: { [account]: approved } }),
  };
}

/** A request whose identity is known already. */
export function repeatedAuthorisation(
  request: AuthorisationRequest,
  { decided, reversal }: Transaction,
): Outcome {
  if (decided.kind === 'reversal-remembered') {
    return { kind: 'late-original-refused', code: INVALID_TRANSACTION };
  }
  const same =
    (decided.requested ?? decided.amount) === request.amount &&
    decided.processingCode === request.processingCode &&
    sameMoney(decided, request);
  if (!same || reversal) return { kind: 'duplicate-refused', code: DUPLICATE_TRANSMISSION };
  const { code, requested, amount } = decided;
  return {
    kind: 'duplicate',
    code,
    ...(requested !== undefined && { requested, amount }),
    ...names(decided),
  };
}

/** Why nothing is added to a hold, as DE39; nothing where it may be. */
export function incrementRefusal(
  request: AuthorisationRequest,
  hold: Transaction | undefined,
): string | undefined {
  const stands = hold?.decided.kind === 'held' && !hold.completion && hold.held > 0;
  return stands && sameMoney(hold.decided, request) ? undefined : INVALID_TRANSACTION;
}

/**
 * @param tolerance by how many percent a completion may exceed the hold
 */
export function adviceOutcome(
  request: AdviceRequest,
  known: Transaction | undefined,
  seen: NetworkRow | undefined,
  tolerance = 0,
): Outcome {
  const refused = (code: string): Outcome => ({ kind: 'advice-refused', code });
  const repeated = (row: NetworkRow): Outcome =>
    row.amount === request.amount && sameMoney(row, request)
      ? { kind: 'advice-repeated', code: APPROVED, ...names(row) }
      : refused(DUPLICATE_TRANSMISSION);

  if (seen) return repeated(seen);
  if (request.adjusts) return adjustment(request, known);
  if (known?.decided.kind === 'reversal-remembered') {
    return { kind: 'late-original-refused', code: INVALID_TRANSACTION };
  }
  if (!known || known.decided.kind === 'declined') {
    const account = request.holds ? 'held' : isCredit(request) ? 'refunded' : 'captured';
    const moves = { [account]: request.amount };
    return { kind: 'advised', code: APPROVED, moves };
  }
  if (!sameMoney(known.decided, request)) return refused(INVALID_TRANSACTION);
  const isContinued = request.part !== undefined && hasMoreToCome(known);
  if ((known.completion && !isContinued) || standing(known) === 0) return refused(INVALID_TRANSACTION);
  const held = heldOf(known);
  if (held === 0) return repeated(known.decided);
  if (request.amount > held + Math.floor((held * tolerance) / 100)) return refused(INVALID_AMOUNT);
  const isLast = request.part === undefined || isLastOf(request.part);
  const moves = { held: isLast ? -held : -Math.min(held, request.amount), captured: request.amount };
  return { kind: 'captured', code: APPROVED, ...names(known.decided), moves };
}

/** A sale has another amount than before: what was taken for it is replaced. */
function adjustment(request: AdviceRequest, known: Transaction | undefined): Outcome {
  const isSale = known !== undefined && known.captured > 0 && sameMoney(known.decided, request);
  if (!isSale) return { kind: 'advice-refused', code: INVALID_TRANSACTION };
  const moves = { captured: request.amount - known.captured };
  return { kind: 'adjusted', code: APPROVED, ...names(known.decided), moves };
}

function isCredit({ processingCode }: AdviceRequest): boolean {
  return processingCode.startsWith('20');
}

export function reversalOutcome(request: ReversalRequest, known: Transaction | undefined): Outcome {
  const { amount, remaining = 0 } = request;
  if (!known) return { kind: 'reversal-remembered', code: APPROVED };
  const { decided, completion, reversal } = known;
  const amounts = [decided.amount, decided.requested, completion?.amount, known.captured];
  const fits =
    amounts.includes(amount) &&
    remaining < amount &&
    sameMoney(decided, request) &&
    isNamed(request.original.mti, known);
  if (!fits) return { kind: 'reversal-refused', code: INVALID_TRANSACTION };
  const given = standing(known) - remaining;
  if (given > 0) {
    const moves = { [accountOf(known)]: -given };
    return { kind: 'reversed', amount: given, code: APPROVED, ...names(decided), moves };
  }
  return reversal
    ? { kind: 'reversal-repeated', amount: reversal.amount, code: reversal.code }
    : { kind: 'reversal-ineffective', amount: 0, code: APPROVED, ...names(decided) };
}

/** By the message that began the transaction, or one that completed it or told of it. */
function isNamed(mti: string | undefined, { decided, completion, told }: Transaction): boolean {
  // A reversal that was remembered stands for the message that it named.
  const begun = decided.kind === 'reversal-remembered' ? decided.original?.mti : decided.mti;
  const known = [begun, completion?.mti, told?.mti];
  return mti === undefined || begun === undefined || known.includes(mti);
}

/** What the transaction holds, has taken, or has given: at any time in one account only. */
function standing({ held, captured, refunded }: Transaction): number {
  return held + captured + refunded;
}

/** In whose name the rows of an increment are: that of the hold. */
export function inNameOf({ decided }: Transaction, { mti, rrn, stan, time, terminal }: MessageIdentity) {
  const message = { ...(mti !== undefined && { mti }), rrn, stan, time, terminal };
  return { rrn: decided.rrn, stan: decided.stan, time: decided.time, terminal: decided.terminal, message };
}

function accountOf({ held, captured }: Transaction): keyof Moves {
  if (held > 0) return 'held';
  return captured > 0 ? 'captured' : 'refunded';
}

type Named = Pick<NetworkRow, 'currency' | 'card'>;

function sameMoney(a: Named, b: Named): boolean {
  return a.currency === b.currency && a.card.reference === b.card.reference;
}

function names({ approvalCode, transactionId }: NetworkRow) {
  return {
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(transactionId === undefined ? {} : { transactionId }),
  };
}
