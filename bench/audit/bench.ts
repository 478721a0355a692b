import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../deploy/postgres/start-postgres.ts';
import { silentLog, systemClock, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { databaseEvidence } from '../../switch/audit/evidence-database.ts';
import { readSeries } from '../../switch/audit/head-series.ts';
import { verifyAudit } from '../../switch/audit/verify.ts';
import { migrate } from '../../switch/database/migrate.ts';
import { firstLink, lineOf, nextLink } from '../../switch/journal/chain.ts';
import { createJournal, type PostgresJournal } from '../../switch/journal/postgres-journal.ts';

const PURCHASES = 20_000;
const IN_FLIGHT = 64;
/** As large as what the switch writes. */
const BODY = { facts: { amount: { minorUnits: 2_500, currency: '978' }, rest: 'x'.repeat(600) } };

export const HELP = `npm run bench -- audit [options]

What the hash chain costs the node that makes it, and how fast an auditor verifies one, beside reading the same rows
only.

  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- audit --json`;

/**
 * What the chain costs the node that makes it, and how fast an auditor verifies one, beside reading the same rows only.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-bench-'));
  const server = await startPostgres({ dataDir, log: silentLog });
  try {
    await migrate(server.url, silentLog);
    const limits = { maxWaiting: 20_000, appendDeadlineMs: 10_000, leaseMs: 10_000 };
    const around = { node: 'bench', clock: systemClock, log: silentLog, onFenced() {} };
    const journal = await createJournal({ databaseUrl: server.url, ...around, ...limits });
    await fill(journal);
    await journal.close();
    const read = await entriesPerSecond(async () => {
      let entries = 0;
      for await (const each of databaseEvidence(server.url)) if ('entry' in each) entries += 1;
      return entries;
    });
    const heads = readSeries([], new Map());
    const verified = await entriesPerSecond(async () => {
      const report = await verifyAudit(databaseEvidence(server.url), { heads, unsignedBefore: 0 });
      if (report.outcome !== 'unproven') {
        throw new Error(`without heads a chain is unproven, not ${report.outcome}`);
      }
      return report.entries;
    });
    print({ case: 'an auditor verifies', ours: verified, bare: read, unit: 'entries/s' }, json);
    print({ case: 'a node chains an entry with three claims', ours: chainingUs(), unit: 'µs' }, json);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function fill(journal: PostgresJournal): Promise<void> {
  let left = PURCHASES;
  const loop = async () => {
    while (left-- > 0) {
      const transaction = timeOrderedUuid(systemClock, systemRandom);
      const claims = (['unique', 'unique', 'alias'] as const).map((role) => ({
        key: `terminals-ascii|0100|TERM0001|${randomBytes(12).toString('hex')}`,
        fingerprint: 'f',
        role,
      }));
      await journal.append({ transaction, version: 1, kind: 'intended', body: BODY, claims });
      await journal.append({ transaction, version: 2, kind: 'decided', body: BODY });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
}

async function entriesPerSecond(work: () => Promise<number>): Promise<number> {
  await work(); // warms caches
  const from = performance.now();
  const entries = await work();
  return entries / ((performance.now() - from) / 1_000);
}

/** In flushes of 64, as under load. */
function chainingUs(): number {
  const transaction = timeOrderedUuid(systemClock, systemRandom);
  const claims = [1, 2, 3].map((n) => [`terminals-ascii|0100|TERM0001|${n}`, 'f', transaction] as const);
  const entry = {
    transaction,
    version: 1,
    atMicros: 0,
    kind: 'intended',
    body: JSON.stringify(BODY),
    claims,
  };
  const flush = Array.from({ length: 64 }, (_, sequence) => ({ ...entry, sequence }));
  let link = firstLink(1, 'bench');
  const rounds = (count: number) => {
    for (let i = 0; i < count; i += 1) link = nextLink(link, flush.map(lineOf));
  };
  rounds(500);
  const from = performance.now();
  rounds(500);
  return ((performance.now() - from) * 1_000) / (500 * flush.length);
}

function print(
  { case: name, ours, bare, unit }: { case: string; ours: number; bare?: number; unit: string },
  json: boolean,
): void {
  const [rounded, ratio] = [Math.round(ours * 100) / 100, bare && Math.round((ours / bare) * 100) / 100];
  if (json) console.log(JSON.stringify({ case: name, unit, ours: rounded, ...(bare && { bare, ratio }) }));
  else {
    console.log(`${name.padEnd(48)} ${rounded} ${unit}${bare ? `  ${ratio} times ${Math.round(bare)}` : ''}`);
  }
}
