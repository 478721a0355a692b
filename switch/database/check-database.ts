/**
 * Looks at the database before anything is built on it: whether it is new enough, takes writes, and gives a session
 * the role and the limits that it asks for. A pooler that swallows start-up options would have the switch work with
 * the rights of its login, and with statements that never end; a standby would refuse the first payment. Both are
 * told in words.
 */
import { Client } from 'pg';
import { hostsOf } from '../../runtime/index.ts';
import { SWITCH_ROLE, switchConnection } from './connection.ts';
import { DatabaseError, requireVersion } from './database-errors.ts';
import { type StandbyDemand, standbyProblem } from './standby.ts';

/** An odd one, which nobody has set on a login: where the session has it, what a session asks for arrives. */
const STATEMENT_MS = 4_999;
/** What a database with one address may be asked for: it is either of them, or no node starts. */
const ANY_SERVER = ['any', 'read-write', 'primary'];

/** @throws DatabaseError */
export async function checkDatabase(databaseUrl: string, standby: StandbyDemand = 'any'): Promise<void> {
  checkAddress(databaseUrl);
  const client = new Client(switchConnection(databaseUrl, 'etika-check', STATEMENT_MS));
  try {
    await connect(client);
    await requireVersion(client);
    const { rows } = await client.query<{ role: string; timeout: string; isReadOnly: boolean }>(
      `select current_user as role, current_setting('statement_timeout') as timeout,
        current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
    );
    const [session] = rows;
    if (session?.role !== SWITCH_ROLE || session.timeout !== `${STATEMENT_MS}ms`) {
      const has = `the session has the role ${session?.role}, and a time limit of ${session?.timeout}`;
      throw new DatabaseError('SW_DATABASE_SESSION', has);
    }
    if (session.isReadOnly) throw new DatabaseError('SW_DATABASE_READ_ONLY');

    const problem = standby === 'required' ? await standbyProblem(client) : undefined;
    if (problem) throw new DatabaseError('SW_DATABASE_NO_STANDBY', problem);
  } finally {
    await client.end().catch(() => {});
  }
}

/** @throws DatabaseError SW_DATABASE_ADDRESS */
export function checkAddress(databaseUrl: string): void {
  const hosts = hostsOf(databaseUrl);
  if (!hosts) throw new DatabaseError('SW_DATABASE_ADDRESS', 'postgres://… is expected');
  if (hosts.length > 1) {
    throw new DatabaseError('SW_DATABASE_ADDRESS', `${hosts.length} hosts are named, and one is expected`);
  }
  const wanted = /[?&]target_session_attrs=([a-z-]+)/.exec(databaseUrl)?.[1] ?? 'any';
  if (!ANY_SERVER.includes(wanted)) {
    throw new DatabaseError(
      'SW_DATABASE_ADDRESS',
      `target_session_attrs=${wanted} never leads to a server that is written to`,
    );
  }
}

/** A pooler says by itself that it does not know the options of a session. */
async function connect(client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    const isPooler = error instanceof Error && /unsupported startup parameter/i.test(error.message);
    throw isPooler ? new DatabaseError('SW_DATABASE_SESSION', error.message) : error;
  }
}
