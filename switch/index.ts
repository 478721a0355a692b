export { auditCommand } from './audit/cli.ts';
export { databaseProblems } from './config/database-url.ts';
export { developmentSettings } from './config/development.ts';
export {
  DEVELOPMENT_ISSUER,
  developmentApiKey,
  developmentKeySettings,
  developmentToken,
  developmentWebhookSecret,
  PUBLISHED_TOKEN_SECRET,
} from './config/gateway.ts';
export type { Settings } from './config/settings.ts';
export { whyDatabaseIsAway } from './database/away.ts';
export { alertsCommand } from './fallback/alerts-cli.ts';
export { PostgresFallbackRecords } from './fallback/postgres-records.ts';
export { parkedCommand } from './follow-up/cli.ts';
export { FollowUpHealthReader, followUpTrouble, projectionTrouble } from './follow-up/queue-health.ts';
export { ParkedFollowUps } from './follow-up/queue-parked.ts';
export { fraudCommand } from './fraud/cli.ts';
export type { JournalEntry } from './journal/journal.ts';
export { JournalReader } from './journal/journal-reader.ts';
export type { NodeStatus } from './node/status-server.ts';
export { findCommand } from './projection/find-cli.ts';
export { TransactionFinder } from './projection/find-transactions.ts';
export { reconCommand } from './reconciliation/cli.ts';
export { settingsCommand } from './settings-store/cli.ts';
export { foldTransaction, type Transaction } from './transaction/fold.ts';
export { asNetworkKnows } from './transaction/network-facts.ts';
export { vaultCommand } from './vault/cli.ts';
