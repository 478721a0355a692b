import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { madeCluster } from '../../test/support/made-cluster.ts';
import { privateFolders } from '../start/private-folders.ts';
import { keepPostgres } from './keep-postgres.ts';

test('a server that is killed is started again on its port, and stopped when it is told to', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-postgres-'));
  chmodSync(dataDir, 0o755);
  await madeCluster(dataDir);
  const kept = await keepPostgres({ dataDir, log: silentLog });
  onTestFinished(async () => {
    await kept.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const first = kept.pid() ?? 0;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(
    async () => {
      expect(kept.pid()).toBeGreaterThan(0);
      expect(kept.pid()).not.toBe(first);
      const client = new Client({ connectionString: kept.url });
      await client.connect();
      await client.end();
    },
    { timeout: 20_000, interval: 100 },
  );
  await kept.stop();
  expect(kept.pid()).toBeUndefined();
}, 40_000);

test('the folders of a start are their owner’s alone, also those that were there', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'etika-folders-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  privateFolders(dataDir);
  chmodSync(join(dataDir, 'logs'), 0o755);
  privateFolders(dataDir);
  for (const folder of ['logs', 'audit', 'visa-simulator']) {
    expect(statSync(join(dataDir, folder)).mode & 0o777).toBe(0o700);
  }
  expect(statSync(dataDir).mode & 0o066).toBe(0);
});
