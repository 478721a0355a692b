/**
 * The payments that a merchant's applications asked for at the gateway, the newest first, a page at a time. What
 * terminals asked for is not among them: an index over all payments would cost every purchase of every terminal, and
 * who looks for one of those has `find`. A page begins behind a payment and not at a number of rows, so that what is
 * paid meanwhile moves nothing, and no page costs more than the first.
 */
import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import type { NetworkLegState, PopLegState } from '../transaction/leg-states.ts';
import type { TransactionState } from '../transaction/life-cycle.ts';

export interface PageWanted {
  readonly merchant: string;
  /** Transactions, both inclusive: an id begins with the time at which it was made. */
  readonly from: string;
  readonly to: string;
  /** The page begins behind it. */
  readonly after?: string | undefined;
  /** `state|pop state|is a hold`, as many as fit; all where absent. */
  readonly standings?: readonly string[] | undefined;
  readonly rrn?: string | undefined;
  readonly limit: number;
}

/** A payment as the projection has it. */
export interface ListedPayment {
  readonly transaction: string;
  readonly version: number;
  readonly state: TransactionState;
  readonly isHold: boolean;
  readonly pop: PopLegState;
  readonly network: NetworkLegState;
  readonly rrn: string;
  readonly currency: string;
  readonly asked: number;
  readonly standing: number;
  readonly responseCode: string | null;
  readonly approvalCode: string | null;
}

export interface PaymentPages {
  page(wanted: PageWanted): Promise<ListedPayment[]>;
  /** Of these transactions those that are projected, in any order; whichever way they came in. */
  standing(transactions: readonly string[]): Promise<ListedPayment[]>;
}

export function standingOf(state: TransactionState, pop: PopLegState, isHold: boolean): string {
  return `${state}|${pop}|${isHold}`;
}

const STATEMENT_MS = 1_000;
const MOST_CONNECTIONS = 2;

const COLUMNS = `transaction, version, state, kind = 'pre-authorisation' as "isHold", pop_state as pop,
    network_state as network, rrn, currency, asked::double precision as asked, standing::double precision as standing,
    response_code as "responseCode", approval_code as "approvalCode"`;
const STANDING = `select ${COLUMNS} from switch.projected_transaction where transaction = any ($1)`;
/** By the index of migration 28, backwards; by that of references where one is given. */
export const PAGE_OF_PAYMENTS = `select ${COLUMNS} from switch.projected_transaction
  where listener = 'gateway' and merchant = $1 and transaction between $2 and $3
    and ($4::uuid is null or transaction < $4) and ($6::text is null or rrn = $6)
    and ($5::text[] is null or state || '|' || pop_state || '|' || (kind = 'pre-authorisation')::text = any ($5))
  order by transaction desc limit $7`;

export class ApplicationPayments implements PaymentPages {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-payment-pages', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: MOST_CONNECTIONS, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'payment-pages.connection', err: error }));
  }

  async page(wanted: PageWanted): Promise<ListedPayment[]> {
    const { rows } = await this.#pool.query<ListedPayment>(PAGE_OF_PAYMENTS, pageValues(wanted));
    return rows;
  }

  async standing(transactions: readonly string[]): Promise<ListedPayment[]> {
    return (await this.#pool.query<ListedPayment>(STANDING, [transactions])).rows;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

export function pageValues({ merchant, from, to, after, standings, rrn, limit }: PageWanted): unknown[] {
  return [merchant, from, to, after ?? null, standings ?? null, rrn ?? null, limit];
}
