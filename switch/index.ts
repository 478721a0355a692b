export { developmentSettings } from './config/development.ts';
export type { Settings } from './config/settings.ts';
export { PostgresFallbackRecords } from './fallback/postgres-records.ts';
export { ParkedFollowUps } from './follow-up/queue-parked.ts';
export type { JournalEntry } from './journal/journal.ts';
export { JournalReader } from './journal/journal-reader.ts';
export { reconCommand } from './reconciliation/cli.ts';
export type { NodeStatus } from './status-server.ts';
export { foldTransaction, type Transaction } from './transaction.ts';
