import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { Refusal } from '../errors.ts';
import type { CardTokens, TokenisedCard } from './card-tokens.ts';
import { Grouped } from './grouped.ts';

const STATEMENT_MS = 1_000;
const MOST_CONNECTIONS = 4;
const COLUMNS = `token, pan_ciphertext as ciphertext, card_reference as reference, last_four as "lastFour", expiry`;

const KEEP = {
  name: 'keep-card-token',
  text: `insert into switch.card_token (token, merchant, card_reference, pan_ciphertext, last_four, expiry)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (merchant, card_reference) do update
      set expiry = coalesce(excluded.expiry, switch.card_token.expiry), pan_ciphertext = excluded.pan_ciphertext
    returning ${COLUMNS}`,
};
const FIND = {
  name: 'find-card-tokens',
  text: `select merchant, ${COLUMNS} from switch.card_token where token = any ($1)`,
};
const ERASE = {
  name: 'erase-card-token',
  text: 'delete from switch.card_token where token = $1 and merchant = $2',
};

type Row = Omit<TokenisedCard, 'expiry'> & { readonly expiry: string | null };
type FoundRow = Row & { readonly merchant: string };

interface Wanted {
  readonly merchant: string;
  readonly token: string;
}

/** Card tokens in the switch's database. */
export class PostgresCardTokens implements CardTokens {
  readonly #pool: Pool;
  readonly #found = new Grouped<Wanted, TokenisedCard>((wanted) => this.#find(wanted));

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-vault', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: MOST_CONNECTIONS, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'vault.connection', err: error }));
  }

  async keep(merchant: string, card: TokenisedCard): Promise<TokenisedCard> {
    const { token, reference, ciphertext, lastFour, expiry = null } = card;
    const values = [token, merchant, reference, ciphertext, lastFour, expiry];
    const [kept] = await this.#ask<Row>({ ...KEEP, values });
    if (!kept) throw new Refusal('SW_VAULT');
    return asCard(kept);
  }

  /** Every payment asks: those of many are looked up at once. */
  find(merchant: string, token: string): Promise<TokenisedCard | undefined> {
    return this.#found.get({ merchant, token });
  }

  async erase(merchant: string, token: string): Promise<boolean> {
    try {
      const { rowCount } = await this.#pool.query({ ...ERASE, values: [token, merchant] });
      return rowCount === 1;
    } catch (error) {
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #find(wanted: readonly Wanted[]): Promise<(TokenisedCard | undefined)[]> {
    const rows = await this.#ask<FoundRow>({ ...FIND, values: [wanted.map(({ token }) => token)] });
    const byToken = new Map(rows.map((row) => [row.token, row]));
    return wanted.map(({ merchant, token }) => {
      const row = byToken.get(token);
      if (row?.merchant !== merchant) return undefined;
      const { merchant: _, ...card } = row;
      return asCard(card);
    });
  }

  async #ask<R extends object>(query: { name: string; text: string; values: unknown[] }): Promise<R[]> {
    try {
      return (await this.#pool.query<R>(query)).rows;
    } catch (error) {
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }
}

function asCard({ expiry, ...card }: Row): TokenisedCard {
  return { ...card, ...(expiry !== null && { expiry }) };
}
