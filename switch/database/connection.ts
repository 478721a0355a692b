import type { ClientConfig } from 'pg';

/** The role that every connection of the switch takes, whatever it logged in as (migration 1). */
export const SWITCH_ROLE = 'etika_switch';

/**
 * Settings of a connection with the rights of one role only. `statementMs` bounds every statement, on the server too.
 * The role is set as the session starts, so a pooler in front of the database must pass start-up options on.
 */
export function switchConnection(
  databaseUrl: string,
  name: string,
  statementMs: number,
  role = SWITCH_ROLE,
): ClientConfig {
  return {
    connectionString: databaseUrl,
    application_name: name,
    options: [`role=${role}`, `statement_timeout=${Math.ceil(statementMs)}`]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    connectionTimeoutMillis: statementMs,
    query_timeout: 2 * Math.ceil(statementMs), // where the server cannot be heard any more
    keepAlive: true,
  };
}
