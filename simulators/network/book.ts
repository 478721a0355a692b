import type { Clock, Random } from '../../runtime/index.ts';
import { type Ledger, openLedger } from '../common/ledger.ts';
import { type Tally, tally } from '../common/tally.ts';
import { type CardAccounts, cardAccounts, type Standing } from './card-accounts.ts';
import {
  APPROVED,
  adviceOutcome,
  approval,
  type Outcome,
  PARTIALLY_APPROVED,
  repeatedAuthorisation,
  reversalOutcome,
} from './outcomes.ts';
import type { AdviceRequest, AuthorisationRequest, NetworkRow, ReversalRequest } from './rows.ts';
import { transactions } from './transactions.ts';

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
  onBroken(error: unknown): void;
}

const NOT_SUFFICIENT_FUNDS = '51';

/** The network's accounts: every effect is in the ledger, from which all is rebuilt. */
export async function openNetworkBook(options: BookOptions): Promise<NetworkBook> {
  const { clock, random } = options;
  const known = transactions();
  const accounts = cardAccounts(options.cardFunds);
  const sums = tally();
  let identifiers = 0;

  const apply = (row: NetworkRow) => {
    sums.add(row.currency, row.kind, row.amount);
    if (row.transactionId !== undefined)
      identifiers = Math.max(identifiers, Number(row.transactionId.slice(3)));
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
    const { code, amount = request.amount } = decide();
    if (code !== APPROVED && code !== PARTIALLY_APPROVED) return { kind: 'declined', code };
    const spends = request.service === 'debit' || request.service === 'hold';
    if (spends && !accounts.covers(request, amount)) return { kind: 'declined', code: NOT_SUFFICIENT_FUNDS };
    return named(approval(request, code, amount));
  };

  return {
    ledger,
    totals: sums.totals,
    balance: accounts.balance,
    positions: accounts.positions,
    authorise(request, decide) {
      const before = known.byIdentity(request);
      const outcome = before ? repeatedAuthorisation(request, before) : decideNew(request, decide);
      return record({ ...request, ...outcome });
    },
    advise({ holds, ...request }) {
      const outcome = adviceOutcome(
        { holds, ...request },
        known.ofAdvice({ holds, ...request }),
        known.advice(request),
      );
      return record({ ...request, ...(outcome.kind === 'advised' ? named(outcome) : outcome) });
    },
    reverse({ remaining, ...request }) {
      const whole = remaining === undefined ? request : { ...request, remaining };
      return record({ ...request, ...reversalOutcome(whole, known.byOriginal(request)) });
    },
  };
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
