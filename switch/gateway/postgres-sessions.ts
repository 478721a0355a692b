import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { Refusal } from '../errors.ts';
import type { Claim, PaymentSession, PaymentSessions, SessionState } from './sessions.ts';

const STATEMENT_MS = 1_000;
const MOST_CONNECTIONS = 4;
const COLUMNS = `session, merchant, name, content, amount::double precision as "minorUnits", currency, details, state,
  extract(epoch from created_at)::double precision * 1000 as "createdAt",
  extract(epoch from expires_at)::double precision * 1000 as "expiresAt", payment, claimed_by as "claimedBy",
  extract(epoch from claimed_at)::double precision * 1000 as "claimedAt"`;

const OPEN = `insert into switch.payment_session
    (session, merchant, name, content, amount, currency, details, state, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)
  on conflict (merchant, name) do nothing returning ${COLUMNS}`;
const NAMED = `select ${COLUMNS} from switch.payment_session where merchant = $1 and name = $2`;
const FIND = `select ${COLUMNS} from switch.payment_session where session = $1 and merchant = $2`;
/** The row's lock is what makes it one: who waits for it looks at the row again. */
const CLAIM = `update switch.payment_session set claimed_by = $2, claimed_at = $3
  where session = $1 and state = 'open' and expires_at > $3 and claimed_by is null
  returning session`;
const PAY = `update switch.payment_session
  set state = 'paid', payment = $3, closed_at = $4, claimed_by = null, claimed_at = null
  where session = $1 and state = 'open' and claimed_by = $2 returning session`;
const RELEASE = `update switch.payment_session set claimed_by = null, claimed_at = null
  where session = $1 and state = 'open' and claimed_by = $2 and claimed_at = $3 returning session`;
const CLOSE = `update switch.payment_session set state = $2, closed_at = $3
  where session = $1 and state = 'open' and claimed_by is null and ($2 = 'cancelled' or expires_at <= $3)
  returning session`;
const FORGET = `delete from switch.payment_session where session in (
    select session from switch.payment_session where expires_at < $1 and (state <> 'open' or claimed_by is null)
      order by expires_at limit $2 for update skip locked
  ) returning session`;

interface Row extends Omit<PaymentSession, 'payment' | 'claim'> {
  readonly payment: string | null;
  readonly claimedBy: string | null;
  readonly claimedAt: number | null;
}

/** Payment sessions in the switch's database. */
export class PostgresSessions implements PaymentSessions {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-sessions', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: MOST_CONNECTIONS, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'sessions.connection', err: error }));
  }

  async open(wanted: PaymentSession): Promise<PaymentSession> {
    const { session, merchant, name, content, minorUnits, currency, details, createdAt, expiresAt } = wanted;
    const named = [session, merchant, name, content, minorUnits, currency, details];
    const [made] = await this.#ask(OPEN, [...named, timeOf(createdAt), timeOf(expiresAt)]);
    const [kept] = made ? [made] : await this.#ask(NAMED, [merchant, name]);
    if (!kept) throw new Refusal('SW_VAULT');
    return asSession(kept);
  }

  async find(merchant: string, session: string): Promise<PaymentSession | undefined> {
    const [found] = await this.#ask(FIND, [session, merchant]);
    return found && asSession(found);
  }

  async claim(session: string, { by, at }: Claim): Promise<boolean> {
    return (await this.#ask(CLAIM, [session, by, timeOf(at)])).length === 1;
  }

  async pay(session: string, by: string, payment: string, at: number): Promise<void> {
    await this.#ask(PAY, [session, by, payment, timeOf(at)]);
  }

  async release(session: string, { by, at }: Claim): Promise<void> {
    await this.#ask(RELEASE, [session, by, timeOf(at)]);
  }

  async close(session: string, state: Exclude<SessionState, 'open' | 'paid'>, at: number): Promise<boolean> {
    return (await this.#ask(CLOSE, [session, state, timeOf(at)])).length === 1;
  }

  async forget(before: number, limit: number): Promise<number> {
    return (await this.#ask(FORGET, [timeOf(before), limit])).length;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  async #ask(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function asSession({ payment, claimedBy, claimedAt, createdAt, expiresAt, ...rest }: Row): PaymentSession {
  return {
    ...rest,
    createdAt: Math.round(createdAt),
    expiresAt: Math.round(expiresAt),
    ...(payment !== null && { payment }),
    ...(claimedBy !== null && claimedAt !== null && { claim: { by: claimedBy, at: Math.round(claimedAt) } }),
  };
}
