import { Client } from 'pg';
import type { Fault } from '../fault.ts';

const CONNECT_WITHIN_MS = 5_000;

/** Somebody's statement holds a lock on the journal: the database answers, and no append comes to its end. */
export const commitsHeldUp: Fault = {
  name: 'commits-held-up',
  what: 'a lock on the journal holds up every commit',
  lastsMs: { short: 5_000, full: 15_000 },
  lastsUntilTold: true,
  async begin({ stage }) {
    const client = new Client({
      connectionString: stage.databaseUrl,
      application_name: 'etika-chaos',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
    });
    client.on('error', () => {});
    await client.connect();
    await client.query('begin');
    await client.query("set local lock_timeout = '5s'");
    await client.query('lock table switch.journal in exclusive mode');
    return () => client.end();
  },
  expects: {
    ready: 'may say no',
    alerts: [{ kind: 'degraded-mode', subject: 'journal-degraded on node-1' }],
  },
};
