import type { Client } from 'pg';

/** Why a database cannot be worked with, whatever is asked of it. */
export const DATABASE_ERRORS = {
  SW_DATABASE_VERSION: 'the database is older than this release can run on: PostgreSQL 17 or later is needed',
  SW_DATABASE_ADDRESS:
    'the address of the database names no single server: give a proxy or a virtual address that leads to the primary',
  SW_DATABASE_SESSION:
    'the database does not give a session the role and the limits that it asks for: a pooler must pass start-up options on',
  SW_DATABASE_NO_STANDBY:
    'a synchronous standby is demanded, and commits of this database wait for none: a fail-over could lose what was answered',
  SW_DATABASE_READ_ONLY: 'the database takes no writes: it is a standby, or was set read-only',
} as const;

export class DatabaseError extends Error {
  readonly code: keyof typeof DATABASE_ERRORS;

  /** @param detail what was found; never the address, which holds a password */
  constructor(code: keyof typeof DATABASE_ERRORS, detail?: string) {
    super(`${DATABASE_ERRORS[code]}${detail === undefined ? '' : ` (${detail})`}`);
    this.name = 'DatabaseError';
    this.code = code;
  }
}

/** What the migrations and the functions in them were made for, as `server_version_num` has it. */
const OLDEST_SERVER = 170_000;

/** An old one would fail half way through, at some function that it does not have. @throws DatabaseError */
export async function requireVersion(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    `select current_setting('server_version_num')::integer as number, current_setting('server_version') as version`,
  );
  const [server] = rows;
  if (server && server.number < OLDEST_SERVER) {
    throw new DatabaseError('SW_DATABASE_VERSION', `it is PostgreSQL ${server.version}`);
  }
}
