import type { Clock, Log, Random } from '../../runtime/index.ts';
import type { DeliveryReader } from '../fallback/notices/deliveries.ts';
import { PostgresDeliveries } from '../fallback/notices/postgres-deliveries.ts';
import { PostgresQueue } from '../gateway/postgres-queue.ts';
import { PostgresSessions } from '../gateway/postgres-sessions.ts';
import type { QueuedPayments } from '../gateway/queued-payments.ts';
import type { PaymentSessions } from '../gateway/sessions.ts';
import { ApplicationPayments, type PaymentPages } from '../projection/application-payments.ts';
import type { SealingHsm } from '../sealing/sealing-key.ts';
import type { CardTokens } from '../vault/card-tokens.ts';
import { PostgresCardTokens } from '../vault/postgres-card-tokens.ts';
import { PostgresVaultKeys } from '../vault/postgres-vault-keys.ts';
import { PostgresVaultRows } from '../vault/postgres-vault-rows.ts';
import { SealedText } from '../vault/sealed-text.ts';
import { USUAL_KEY_DAYS, VaultKeeper } from '../vault/vault-keeper.ts';

/** What a gateway keeps and looks up in the database, beside the journal. */
export interface GatewayStores {
  /** What its applications have in the place of card numbers. */
  readonly tokens: CardTokens;
  /** What they have paid. */
  readonly pages: PaymentPages;
  /** What their merchants ask somebody to pay. */
  readonly sessions: PaymentSessions;
  /** What became of the attempts to tell them. */
  readonly deliveries: DeliveryReader;
  /** What waits for its network. */
  readonly queued: QueuedPayments;
  readonly sealed: Pick<SealedText, 'seal' | 'open'>;
}

interface StoreParts {
  readonly hsm: SealingHsm;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How long a key of the vault seals. */
  readonly keyDays?: number | undefined;
}

export function openGatewayStores(databaseUrl: string, parts: StoreParts) {
  const { hsm, clock, random, log, keyDays = USUAL_KEY_DAYS } = parts;
  const tokens = new PostgresCardTokens(databaseUrl, log);
  const pages = new ApplicationPayments(databaseUrl, log);
  const sessions = new PostgresSessions(databaseUrl, log);
  const deliveries = new PostgresDeliveries(databaseUrl, log);
  const queued = new PostgresQueue(databaseUrl, log);
  const records = new PostgresVaultKeys(databaseUrl, log);
  const rows = new PostgresVaultRows(databaseUrl, log);
  const sealed = new SealedText({ records, hsm, clock, random, log });
  const keeper = new VaultKeeper({ rows, sealed, hsm, clock, random, log, keyDays });
  return {
    tokens,
    pages,
    sessions,
    deliveries,
    queued,
    sealed,
    async close(): Promise<void> {
      await keeper.close();
      await Promise.all([
        tokens.close(),
        pages.close(),
        sessions.end(),
        queued.end(),
        deliveries.close(),
        records.close(),
        rows.close(),
      ]);
    },
  };
}
