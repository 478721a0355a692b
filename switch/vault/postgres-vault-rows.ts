import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { Refusal } from '../errors.ts';
import type { KeptKey, SealedRow, VaultRows } from './vault-keeper.ts';

const STATEMENT_MS = 5_000;
/** Where nothing was read yet: no row has this name. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const KEYS = `select id, is_active as "isActive", is_due as "isDue",
    extract(epoch from created_at)::double precision * 1000 as "createdAt",
    extract(epoch from retired_at)::double precision * 1000 as "retiredAt"
  from switch.vault_key order by id`;
const REPLACE = `with old as (
    update switch.vault_key set is_active = false, is_due = false, retired_at = $3 where id = $1 and is_active returning id
  )
  insert into switch.vault_key (handle, created_at) select $2, $3 from old returning id`;
/** Both tables by their keys, so that a page costs no more when much is sealed. What holds no text is '-'. */
const UNDER = `select place, text from (
    (select session as place, details as text from switch.payment_session
      where session > $2 and details not like $1 and details like 'v1.%' order by session limit $3)
    union all
    (select payment, sealed from switch.queued_payment
      where payment > $2 and sealed not like $1 and sealed like 'v1.%' order by payment limit $3)
  ) as sealed order by place limit $3`;
const RESEAL = `with session as (
    update switch.payment_session set details = $3 where session = $1 and details = $2
  )
  update switch.queued_payment set sealed = $3 where payment = $1 and sealed = $2`;
const DROP = 'delete from switch.vault_key where id = $1 and not is_active';
const ASK = 'update switch.vault_key set is_due = true where is_active returning id';
const COUNTS = `select split_part(text, '.', 2)::integer as key, count(*)::integer as texts from (
    select details as text from switch.payment_session where details like 'v1.%'
    union all select sealed from switch.queued_payment where sealed like 'v1.%'
  ) as sealed group by 1`;

type KeyRow = Omit<KeptKey, 'retiredAt'> & { readonly retiredAt: number | null };

/** The vault's keys and all that lies under them, in the switch's database. */
export class PostgresVaultRows implements VaultRows {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-vault', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'vault.connection', err: error }));
  }

  async keys(): Promise<KeptKey[]> {
    const rows = await this.#ask<KeyRow>(KEYS, []);
    return rows.map(({ retiredAt, ...key }) => (retiredAt === null ? key : { ...key, retiredAt }));
  }

  async replace(active: number, handle: Buffer, at: number): Promise<number | undefined> {
    const [made] = await this.#ask<{ id: number }>(REPLACE, [active, handle, new Date(at).toISOString()]);
    return made?.id;
  }

  under(other: number, after: string | undefined, limit: number): Promise<SealedRow[]> {
    return this.#ask<SealedRow>(UNDER, [`v1.${other}.%`, after ?? BEFORE_ALL, limit]);
  }

  async reseal({ place, text }: SealedRow, anew: string): Promise<void> {
    await this.#ask(RESEAL, [place, text, anew]);
  }

  async drop(key: number): Promise<void> {
    await this.#ask(DROP, [key]);
  }

  /** Asks the nodes for another key. @returns the one that is to go; nothing where there is none yet */
  async askForAnother(): Promise<number | undefined> {
    return (await this.#ask<{ id: number }>(ASK, []))[0]?.id;
  }

  /** How many texts lie under each key. */
  async counts(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#ask<{ key: number; texts: number }>(COUNTS, []);
    return new Map(rows.map(({ key, texts }) => [key, texts]));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #ask<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }
}
