import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { startTestHsm, type TestHsm } from '../../hsm/testing/index.ts';
import { type Clock, silentLog, systemClock } from '../../runtime/index.ts';
import { AUDIT_DEFAULTS } from '../config/audit.ts';
import type { PostgresJournal } from '../journal/postgres-journal.ts';
import {
  admin,
  claim,
  database,
  intended,
  newTransaction,
  openJournal,
  openJournals,
} from '../journal/testing.ts';
import { headLines, publicKeys } from './anchors.ts';
import { PostgresEndedEpochs } from './ended-epochs.ts';
import type { Evidence } from './evidence.ts';
import { databaseEvidence } from './evidence-database.ts';
import type { AuditReport } from './findings.ts';
import { HeadFolder } from './head-book.ts';
import { readSeries } from './head-series.ts';
import { HeadPublisher, type PublisherParts } from './publisher.ts';
import { verifyAudit } from './verify.ts';

export let hsm: TestHsm;
/** Where the heads of a test are; outside the database. */
export let folder: string;
const publishers = new Set<HeadPublisher>();

/** A token for the file, a folder for each test, and every publisher closed. Call it behind `useFreshDatabase`. */
export function useAudit(): void {
  beforeAll(async () => {
    hsm = await startTestHsm();
  });
  afterAll(() => hsm.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'etika-audit-'));
  });
  afterEach(async () => {
    await Promise.all([...publishers].map((each) => each.close(false)));
    publishers.clear();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** Its timers run fifty times as fast. */
const HURRIED: Clock = {
  ...systemClock,
  after: (delayMs, action) => systemClock.after(delayMs / 50, action),
};

/** Signs the heads of a journal, due at once. */
function publish(
  journal: PostgresJournal,
  node: string,
  changes: Partial<PublisherParts> = {},
): HeadPublisher {
  const publisher = new HeadPublisher({
    node,
    epoch: journal.epoch,
    chain: () => journal.chain,
    signer: {
      publicKey: () => hsm.client.publicKey(AUDIT_DEFAULTS.key),
      sign: (text) => hsm.client.sign(AUDIT_DEFAULTS.key, Buffer.from(text)),
    },
    book: new HeadFolder(folder, node),
    ended: new PostgresEndedEpochs(database.url, 5_000, silentLog),
    clock: HURRIED,
    log: silentLog,
    everyMs: 0,
    everyEntries: 1,
    lateAfterMs: 60_000,
    ...changes,
  });
  publishers.add(publisher);
  return publisher;
}

/** A node whose heads are signed when the test says so. */
export async function openNode(name: string) {
  return nodeOf(await openJournal(name), name);
}

export function nodeOf(journal: PostgresJournal, node: string, changes: Partial<PublisherParts> = {}) {
  let shown = journal.chain;
  let isDead = false;
  const clock: Clock = { ...HURRIED, after: (ms, action) => HURRIED.after(ms, () => !isDead && action()) };
  const publisher = publish(journal, node, { chain: () => shown, clock, ...changes });
  const show = () => {
    shown = journal.chain;
  };
  const sign = async () => {
    show();
    await vi.waitFor(() => expect(publisher.status().signedSequence).toBe(shown.sequence), 5_000);
  };
  return {
    journal,
    epoch: journal.epoch,
    publisher,
    show,
    sign,
    /** It dies: its heads end here, whatever it has written. */
    forsake() {
      publishers.delete(publisher);
      isDead = true;
    },
    /** Stops in order, as the service does. */
    async close() {
      openJournals.delete(journal);
      await journal.close();
      show();
      publishers.delete(publisher);
      await publisher.close(journal.isChainFinal);
    },
  };
}

/** Purchases of one flush, each with a unique key and an alias. */
export async function flush(journal: PostgresJournal, purchases: number): Promise<string[]> {
  const transactions = Array.from({ length: purchases }, newTransaction);
  const entries = transactions.map((each) => ({
    ...intended(each),
    claims: [claim(`key of ${each}`, each), claim(`alias of ${each}`, each, 'alias')],
  }));
  await Promise.all(entries.map((each) => journal.append(each)));
  return transactions;
}

/** As `etika-switch audit verify` would, a minute later at least. */
export function verify(
  evidence: AsyncIterable<Evidence> | Iterable<Evidence> = databaseEvidence(database.url),
  heads = readSeries(headLines([folder]), publicKeys([folder])),
) {
  return verifyAudit(evidence, { heads, unsignedBefore: (Date.now() + 60_000) * 1_000 });
}

/** What is wrong, in a line each: `epoch CODE from-to`. */
export function findings({ epochs, breaks, doubts }: AuditReport): string[] {
  const all = [
    ...epochs.flatMap(({ epoch, ...found }) =>
      [...found.breaks, ...found.doubts].map((each) => ({ where: `${epoch} `, ...each })),
    ),
    ...[...breaks, ...doubts].map((each) => ({ where: '', ...each })),
  ];
  return all.map(
    ({ where, code, from, to }) => `${where}${code}${from === undefined ? '' : ` ${from}-${to}`}`,
  );
}

/** A change that no right of the switch allows. */
export async function asSuperuser(sql: string, values: unknown[] = []): Promise<void> {
  const { rowCount } = await admin.query(sql, values);
  if (!rowCount) throw new Error(`nothing was changed by: ${sql}`);
}
