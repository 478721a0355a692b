import type { ModeRecords, OverdueFollowUps } from '../../switch/fallback/mode-records.ts';
import { POP_LANE } from '../../switch/transaction/decision-entry.ts';
import type { Database } from './database.ts';
import type { SimProcess } from './sim-process.ts';

const STATEMENT_MS = 2_000;
const OVERDUE_AFTER_MS = 10_000;

/** As a node reaches them: through the database, or not at all. */
export function modeRecordsOf(database: Database, process: SimProcess): ModeRecords {
  const { modes } = database.tables;
  const ask = asker(database, process);
  return {
    record: (change, at, node) => ask('write', () => modes.record(change, at, node)),
    latest: () => ask('read', () => modes.latest()),
  };
}

/** By lane, of all nodes. */
export function overdueIn(database: Database, process: SimProcess): OverdueFollowUps {
  const ask = asker(database, process);
  return () =>
    ask('read', () => {
      const overdue = new Map<string, number>();
      for (const { lane, runAt } of database.tables.jobs.values()) {
        if (runAt + OVERDUE_AFTER_MS < process.world.now) overdue.set(lane, (overdue.get(lane) ?? 0) + 1);
      }
      for (const { dueAt, isHandedOver } of database.tables.awaited.rows.values()) {
        const isLate = !isHandedOver && dueAt + OVERDUE_AFTER_MS < process.world.now;
        if (isLate) overdue.set(POP_LANE, (overdue.get(POP_LANE) ?? 0) + 1);
      }
      return overdue;
    });
}

function asker(database: Database, process: SimProcess) {
  return async <T>(how: 'read' | 'write', work: () => T): Promise<T> => {
    const connection = database.connect(process, STATEMENT_MS);
    try {
      return await connection[how]('modes', work);
    } finally {
      connection.close();
    }
  };
}
