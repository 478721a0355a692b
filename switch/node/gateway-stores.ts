import type { Log } from '../../runtime/index.ts';
import { ApplicationPayments, type PaymentPages } from '../projection/application-payments.ts';
import type { CardTokens } from '../vault/card-tokens.ts';
import { PostgresCardTokens } from '../vault/postgres-card-tokens.ts';

/** What a gateway keeps and looks up in the database, beside the journal. */
export interface GatewayStores {
  /** What its applications have in the place of card numbers. */
  readonly tokens: CardTokens;
  /** What they have paid. */
  readonly pages: PaymentPages;
}

export function openGatewayStores(databaseUrl: string, log: Log) {
  const tokens = new PostgresCardTokens(databaseUrl, log);
  const pages = new ApplicationPayments(databaseUrl, log);
  return {
    tokens,
    pages,
    async close(): Promise<void> {
      await Promise.all([tokens.close(), pages.close()]);
    },
  };
}
