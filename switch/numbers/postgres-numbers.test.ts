import { expect, test } from 'vitest';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { freshDatabase } from '../../test/support/postgres.ts';
import { openNumbers } from './postgres-numbers.ts';

test('processes on one database have no number in common, nor has one that comes back', async () => {
  const database = await freshDatabase();
  const around = {
    databaseUrl: database.url,
    networks: ['visa', 'iso87'],
    clock: systemClock,
    log: silentLog,
  };
  const first = await Promise.all([openNumbers(around), openNumbers(around)]);
  await first[0]?.close();
  const processes = [...first.slice(1), await openNumbers(around)];
  try {
    const given = processes.flatMap(({ next }) => Array.from({ length: 1_000 }, () => next('visa')?.rrn));
    expect(new Set(given).size).toBe(2_000);
    expect(given).not.toContain(undefined);
    expect(processes.map(({ next }) => next('unknown'))).toEqual([undefined, undefined]);
  } finally {
    await Promise.all(processes.map((each) => each.close()));
    await database.drop();
  }
});
