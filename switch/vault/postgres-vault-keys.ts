import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { Refusal } from '../errors.ts';
import type { VaultKeyRecord, VaultKeyRecords } from './sealed-text.ts';

const STATEMENT_MS = 1_000;
const ACTIVE = 'select id, handle from switch.vault_key where is_active';
const FIND = 'select id, handle from switch.vault_key where id = $1';
const FIRST = `insert into switch.vault_key (handle) values ($1)
  on conflict (is_active) where is_active do nothing returning id, handle`;

/** The vault's keys in the switch's database: handles, which only the HSM makes keys of. */
export class PostgresVaultKeys implements VaultKeyRecords {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-vault-keys', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'vault.connection', err: error }));
  }

  active(): Promise<VaultKeyRecord | undefined> {
    return this.#one(ACTIVE, []);
  }

  find(id: number): Promise<VaultKeyRecord | undefined> {
    return this.#one(FIND, [id]);
  }

  async first(handle: Buffer): Promise<VaultKeyRecord> {
    const record = (await this.#one(FIRST, [handle])) ?? (await this.active());
    if (!record) throw new Refusal('SW_VAULT');
    return record;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #one(text: string, values: unknown[]): Promise<VaultKeyRecord | undefined> {
    try {
      return (await this.#pool.query<VaultKeyRecord>(text, values)).rows[0];
    } catch (error) {
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }
}
