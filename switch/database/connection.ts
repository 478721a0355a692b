import type { ClientConfig } from 'pg';

/** The role that every connection of the switch takes, whatever it logged in as (migration 1). */
export const SWITCH_ROLE = 'etika_switch';

/**
 * A session keeps the plans of its statements and functions. One made while a table was small would read all of it, for
 * hours, once it is not: so rows are looked up in the order of an index, whatever the planner believes. It would also
 * collect a whole backlog to find the few follow-ups that come first. Nor is anything planned a second time.
 */
const PLANS = [
  // Those of a distribution compile what looks dear to them, which all of this does once scans are off.
  'jit=off',
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
];

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
    options: [`role=${role}`, `statement_timeout=${Math.ceil(statementMs)}`, ...PLANS]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    connectionTimeoutMillis: statementMs,
    query_timeout: 2 * Math.ceil(statementMs), // where the server cannot be heard any more
    keepAlive: true,
  };
}
