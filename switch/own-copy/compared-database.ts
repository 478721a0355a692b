import { Client } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import type { FlushPlace, KeptFlush } from '../journal/kept-flush.ts';

/** The database as a node's own copy is compared with it. */
export interface ComparedDatabase {
  /** Whether the flush is there, under its link: with it all that its epoch wrote before. */
  holds(place: FlushPlace): Promise<boolean>;
  /** Raises the alarm, once for each place; what is open is in doubt from now on. */
  noteLoss(place: FlushPlace, summary: string): Promise<void>;
  /** As it was. @returns how many entries were not there, and how many met something else in their place */
  writeAgain(flush: KeptFlush): Promise<{ readonly written: number; readonly conflicts: number }>;
  /** Says in the alarm what became of it. */
  tell(place: FlushPlace, note: string): Promise<void>;
  /** What this node had from that epoch on is there: its open payments are in doubt no longer. */
  vouch(fromEpoch: number): Promise<void>;
}

/** Works at the database that is there now. @throws what it says, or that it is away */
export type WithDatabase = (work: (database: ComparedDatabase) => Promise<void>) => Promise<void>;

const STATEMENT_MS = 10_000;
const HOLDS = `
  select exists (select from switch.journal where epoch = $1 and sequence = $2 and link = decode($3, 'hex'))
    and exists (select from switch.journal where epoch = $1 and sequence = $4) as holds`;

export function postgresComparison(databaseUrl: string, node: string, log: Log): WithDatabase {
  return async (work) => {
    const client = new Client(switchConnection(databaseUrl, 'etika-own-copy', STATEMENT_MS));
    client.on('error', (error) => log.warn({ event: 'own-copy.connection', reason: error.message }));
    try {
      await client.connect();
      await work(comparedDatabase(client, node));
    } finally {
      await client.end().catch(() => {});
    }
  };
}

function comparedDatabase(client: Client, node: string): ComparedDatabase {
  const call = async (text: string, values: unknown[]) => {
    await client.query(text, values);
  };
  return {
    async holds({ epoch, first, last, link }) {
      const { rows } = await client.query<{ holds: boolean }>(HOLDS, [epoch, first, link, last]);
      return rows[0]?.holds ?? false;
    },
    noteLoss: ({ epoch, last }, summary) =>
      call('select switch.note_data_loss($1, $2, $3, $4)', [node, epoch, last, summary]),
    async writeAgain({ epoch, lines, owned }) {
      const { rows } = await client.query<{ written: number; conflicts: number }>(
        'select written, conflicts from switch.write_again($1, $2, $3, $4, $5, $6, $7)',
        [node, epoch, lines.entries, lines.claims, lines.followUps, lines.takes, owned],
      );
      return rows[0] ?? { written: 0, conflicts: 0 };
    },
    tell: ({ epoch, last }, note) =>
      call('select switch.told_of_loss($1, $2, $3, $4)', [node, epoch, last, note]),
    vouch: (fromEpoch) => call('select switch.vouch_for($1, $2)', [node, fromEpoch]),
  };
}
