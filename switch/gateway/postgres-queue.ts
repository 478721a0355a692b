import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { Refusal } from '../errors.ts';
import { Grouped } from '../vault/grouped.ts';
import type { DueWanted, QueuedPayment, QueuedPayments } from './queued-payments.ts';

const STATEMENT_MS = 1_000;
const COLUMNS = `payment, merchant, name, content, network, amount::double precision as "minorUnits", currency, sealed, state, became,
  extract(epoch from created_at)::double precision * 1000 as "createdAt",
  extract(epoch from expires_at)::double precision * 1000 as "expiresAt"`;

/**
 * The count is of one moment: of many at once a few more than the limit may be taken. With each that comes two go that
 * ended long ago.
 */
const PUT = `with old as (
    delete from switch.queued_payment where state in ('sent', 'refused', 'cancelled') and payment in (
      select payment from (select payment, created_at from switch.queued_payment order by payment limit 2) as oldest
        where created_at < $9::timestamptz - interval '30 days'
    )
  )
  insert into switch.queued_payment
    (payment, merchant, name, content, network, amount, currency, sealed, state, created_at, expires_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10
    where (select count(*) from switch.queued_payment where state in ('waiting', 'sending')) < $11
  on conflict (merchant, name) do nothing returning ${COLUMNS}`;
const NAMED = `select ${COLUMNS} from switch.queued_payment
  where (merchant, name) in (select merchant, name from unnest($1::text[], $2::text[]) as wanted (merchant, name))`;
const FIND = `select ${COLUMNS} from switch.queued_payment where payment = $2 and merchant = $1`;
const CANCEL = `update switch.queued_payment set state = 'cancelled', sealed = '-'
  where payment = $2 and merchant = $1 and state in ('waiting', 'cancelled') returning ${COLUMNS}`;
const TAKE = `update switch.queued_payment set state = 'sending', claimed_at = $2 where payment in (
    select payment from switch.queued_payment
      where (state = 'waiting' and (network = any ($1) or expires_at <= $2)) or (state = 'sending' and claimed_at < $3)
      order by created_at limit $4 for update skip locked
  ) returning ${COLUMNS}`;
const SENT = `update switch.queued_payment set state = 'sent', became = $2, sealed = '-' where payment = $1
  returning ${COLUMNS}`;
const REFUSED = `update switch.queued_payment set state = 'refused', sealed = '-' where payment = $1 returning ${COLUMNS}`;

type Named = Pick<QueuedPayment, 'merchant' | 'name'>;
type QueuedRow = Omit<QueuedPayment, 'became'> & { readonly became: string | null };

/** Payments that wait, in the switch's database. */
export class PostgresQueue implements QueuedPayments {
  readonly #pool: Pool;
  readonly #found = new Grouped<Named, QueuedPayment>((wanted) => this.#named(wanted));

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-queued-payments', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 3, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'queued-payments.connection', err: error }));
  }

  async put(queued: QueuedPayment, most: number): Promise<QueuedPayment | undefined> {
    const { payment, merchant, name, content, network, minorUnits, currency, sealed } = queued;
    const times = [timeOf(queued.createdAt), timeOf(queued.expiresAt)];
    const named = [payment, merchant, name, content, network, minorUnits, currency, sealed];
    const [put] = await this.#ask(PUT, [...named, ...times, most]);
    return put ?? this.named(merchant, name);
  }

  /** Every payment asks, where there is a queue: those of many are looked up at once. */
  named(merchant: string, name: string): Promise<QueuedPayment | undefined> {
    return this.#found.get({ merchant, name });
  }

  async find(merchant: string, payment: string): Promise<QueuedPayment | undefined> {
    return (await this.#ask(FIND, [merchant, payment]))[0];
  }

  async cancel(merchant: string, payment: string): Promise<boolean> {
    return (await this.#ask(CANCEL, [merchant, payment])).length === 1;
  }

  take({ networks, now, takenBefore, limit }: DueWanted): Promise<QueuedPayment[]> {
    return this.#ask(TAKE, [networks, timeOf(now), timeOf(takenBefore), limit]);
  }

  async sent(payment: string, became: string): Promise<void> {
    await this.#ask(SENT, [payment, became]);
  }

  async refused(payment: string): Promise<void> {
    await this.#ask(REFUSED, [payment]);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  async #named(wanted: readonly Named[]): Promise<(QueuedPayment | undefined)[]> {
    const names = [wanted.map(({ merchant }) => merchant), wanted.map(({ name }) => name)];
    const rows = await this.#ask(NAMED, names);
    const byName = new Map(rows.map((row) => [`${row.merchant}|${row.name}`, row]));
    return wanted.map(({ merchant, name }) => byName.get(`${merchant}|${name}`));
  }

  async #ask(text: string, values: unknown[]): Promise<QueuedPayment[]> {
    try {
      const { rows } = await this.#pool.query<QueuedRow>(text, values);
      return rows.map(({ became, ...row }) => ({
        ...row,
        createdAt: Math.round(row.createdAt),
        expiresAt: Math.round(row.expiresAt),
        ...(became !== null && { became }),
      }));
    } catch (error) {
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
