import { Pool } from 'pg';
import type { Clock, Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { JournalError } from '../journal/journal.ts';
import { NumberSpace } from './number-space.ts';

const STATEMENT_MS = 1_000;
const RESERVE = {
  name: 'reserve-numbers',
  text: 'select switch.reserve_numbers($1, $2)::double precision as first',
};

const WHOSE = {
  name: 'whose-numbers',
  text: `select transaction from switch.projected_transaction
    where network_rrn = $1 and network = $2 order by transaction desc limit 8`,
};

export interface NumbersParts {
  readonly databaseUrl: string;
  readonly networks: Iterable<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Numbers towards networks, of blocks that are reserved in the switch's database. */
export async function openNumbers({ databaseUrl, networks, clock, log }: NumbersParts) {
  const settings = switchConnection(databaseUrl, 'etika-numbers', STATEMENT_MS);
  const pool = new Pool({ ...settings, max: 1, allowExitOnIdle: true });
  pool.on('error', (error) => log.warn({ event: 'numbers.connection', err: error }));
  const reserve = async (network: string, count: number) => {
    const { rows } = await pool.query<{ first: number }>({ ...RESERVE, values: [network, count] });
    const first = rows[0]?.first;
    if (first === undefined) throw new Error('the database gave no numbers');
    return first;
  };

  const space = await NumberSpace.open(networks, { reserve, clock, log });
  return {
    next: (network: string) => space.next(network),
    async whose(network: string, rrn: string): Promise<string[]> {
      try {
        const { rows } = await pool.query<{ transaction: string }>({ ...WHOSE, values: [rrn, network] });
        return rows.map(({ transaction }) => transaction);
      } catch (error) {
        throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', {}, { cause: error });
      }
    },
    async close(): Promise<void> {
      space.close();
      await pool.end();
    },
  };
}
