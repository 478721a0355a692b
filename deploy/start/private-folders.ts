/**
 * The folders of a start: keys, logs with masked cards, ledgers with card hashes. They are their owner's alone. The
 * data directory itself lets a second user pass where PostgreSQL has to run as one: who is root may not be PostgreSQL.
 */
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const OWN = 0o700;
/** Others pass through, and read nothing. */
const PASSABLE = 0o711;
const FOLDERS = ['logs', 'audit', 'visa-simulator', 'iso87-simulator', 'pop-simulator', 'terminal'];
/** The server's user has folders of its own in it. */
const OF_SERVER = 'postgres';

/** Makes what is missing, and takes from others what an earlier release left open. */
export function privateFolders(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: OWN });
  for (const folder of FOLDERS) mkdirSync(join(dataDir, folder), { recursive: true, mode: OWN });
  for (const { name } of readdirSync(dataDir, { withFileTypes: true }).filter((each) => each.isDirectory())) {
    if (name !== OF_SERVER) chmodSync(join(dataDir, name), OWN);
  }
  chmodSync(dataDir, process.getuid?.() === 0 ? PASSABLE : OWN);
}
