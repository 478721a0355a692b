/** Starts a server on the data directory given, says so, and stays: for tests that kill it. */
import { announceReady, silentLog } from '../../runtime/index.ts';
import { startPostgres } from './start-postgres.ts';

const { url, pid } = await startPostgres({ dataDir: process.argv[2] ?? '', log: silentLog });
announceReady({ url, server: pid });
setInterval(() => {}, 60_000);
