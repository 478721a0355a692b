import type { Clock, Random } from '../../runtime/index.ts';
import { type Ledger, openLedger } from '../common/ledger.ts';
import { type Tally, tally } from '../common/tally.ts';
import { type CardAccounts, cardAccounts, type Standing } from './card-accounts.ts';
import {
  APPROVED,
  adviceOutcome,
  approval,
  incrementRefusal,
  inNameOf,
  type Outcome,
  PARTIALLY_APPROVED,
  repeatedAuthorisation,
  reversalOutcome,
} from './outcomes.ts';
import type { AdviceRequest, AuthorisationRequest, NetworkRow, ReversalRequest, Service } from './rows.ts';
import { type Transaction, transactions } from './transactions.ts';

export interface Decision {
  code: string;
  approvalCode?: string;
  transactionId?: string;
  /** Of a partial approval, in minor units. */
  partial?: { approved: number; requested: number };
  /** The ledger holds the decision: it may be answered now. */
  written: Promise<void>;
}

/** What an issuer says to a request; `amount` where it approves less. */
export interface IssuerWord {
  code: string;
  amount?: number;
}

export interface NetworkBook {
  /** `decide` is not asked where the book knows the answer. */
  authorise(request: AuthorisationRequest, decide: () => IssuerWord): Decision;
  advise(request: AdviceRequest): Decision;
  reverse(request: ReversalRequest): Decision;
  balance: CardAccounts['balance'];
  /** Per currency: what stands now, the sum of all moves. */
  positions(): Record<string, Standing>;
  totals: Tally['totals'];
  ledger: Ledger<NetworkRow>;
}

export interface BookOptions {
  file: string;
  clock: Clock;
  random: Random;
  /** What each card may spend per currency, in minor units; absent: as much as it likes. */
  cardFunds?: number;
  /** By how many percent a completion may exceed what was held, by merchant category. */
  overCompletionPercent?: Readonly<Record<string, number>>;
  onBroken(error: unknown): void;
}

const NOT_SUFFICIENT_FUNDS = '51';
/** Services that take from what a card may spend. */
export const SPENDS: ReadonlySet<Service> = new Set<Service>(['debit', 'hold', 'increment']);

/** The network's accounts: every effect is in the ledger, from which all is rebuilt. */
export async function openNetworkBook(options: BookOptions): Promise<NetworkBook> {
  const { clock, random } = options;
  const known = transactions();
  const accounts = cardAccounts(options.cardFunds);
  const sums = tally();
  let identifiers = 0;

  const apply = (row: NetworkRow) => {
    sums.add(row.currency, row.kind, row.amount);
    identifiers = Math.max(identifiers, Number(row.transactionId?.slice(3) ?? 0));
    accounts.apply(row);
    known.apply(row);
  };
  const ledger = await openLedger<NetworkRow>(options.file, apply, options.onBroken);
  const record = (row: Omit<NetworkRow, 'at'>): Decision => {
    const whole: NetworkRow = { ...row, at: new Date(clock.wall()).toISOString() };
    apply(whole);
    return decision(whole, ledger.append(whole));
  };
  const named = (outcome: Outcome): Outcome => ({
    approvalCode: String(random.integer(1_000_000)).padStart(6, '0'),
    transactionId: `300${String(identifiers + 1).padStart(12, '0')}`,
    ...outcome,
  });

  const decideNew = (request: AuthorisationRequest, decide: () => IssuerWord): Outcome => {
    const outcome = wordOfIssuer(request, decide(), accounts);
    return outcome.kind === 'declined' ? outcome : named(outcome);
  };

  const increment = (request: AuthorisationRequest, decide: () => IssuerWord) => {
    const hold = known.ofIncrement(request);
    const refusal = incrementRefusal(request, hold);
    if (refusal !== undefined) return { kind: 'declined', code: refusal } as const;
    const outcome = decideNew(request, decide);
    return hold && outcome.kind === 'incremented' ? addedTo(hold, request, outcome) : outcome;
  };

  return {
    ledger,
    totals: sums.totals,
    balance: accounts.balance,
    positions: accounts.positions,
    authorise(request, decide) {
      const before = known.byIdentity(request);
      const { addsTo: _, ...shown } = request;
      if (before) return record({ ...shown, ...repeatedAuthorisation(request, before) });
      const decideIt = request.service === 'increment' ? increment : decideNew;
      return record({ ...shown, ...decideIt(request, decide) });
    },
    advise({ merchantCategory = '', ...request }) {
      const outcome = adviceOutcome(
        request,
        known.ofAdvice(request),
        known.advice(request),
        options.overCompletionPercent?.[merchantCategory],
      );
      const { holds: _, adjusts: __, ...shown } = request;
      return record({ ...shown, ...(outcome.kind === 'advised' ? named(outcome) : outcome) });
    },
    reverse({ remaining, ...request }) {
      const whole = remaining === undefined ? request : { ...request, remaining };
      const found = known.byOriginal(request);
      const names = found?.addsTo ? inNameOf(found.addsTo, request) : {};
      return record({ ...request, ...reversalOutcome(whole, found), ...names });
    },
  };
}

function wordOfIssuer(
  request: AuthorisationRequest,
  { code, amount = request.amount }: IssuerWord,
  accounts: Pick<ReturnType<typeof cardAccounts>, 'covers'>,
): Outcome {
  if (code !== APPROVED && code !== PARTIALLY_APPROVED) return { kind: 'declined', code };
  const isCovered = !SPENDS.has(request.service) || accounts.covers(request, amount);
  if (!isCovered) return { kind: 'declined', code: NOT_SUFFICIENT_FUNDS };
  return approval(request, code, amount);
}

/** Under the hold's own identifier, and in its name. */
function addedTo(hold: Transaction, request: AuthorisationRequest, outcome: Outcome) {
  const { transactionId } = hold.decided;
  return { ...outcome, ...(transactionId !== undefined && { transactionId }), ...inNameOf(hold, request) };
}

function decision(row: NetworkRow, written: Promise<void>): Decision {
  const { amount, approvalCode, code, requested, transactionId } = row;
  return {
    code,
    written,
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(transactionId === undefined ? {} : { transactionId }),
    ...(requested === undefined ? {} : { partial: { approved: amount, requested } }),
  };
}
