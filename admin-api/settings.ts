import { databaseProblems } from '../switch/index.ts';
import { AdminError } from './errors.ts';

export interface AdminSettings {
  host: string;
  port: number;
  databaseUrl: string;
  switchStatusUrl: string;
  /** Under which names it may be called, beside its addresses and localhost. */
  hostNames: string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings of the admin API: `ADMIN_HOST`, `ADMIN_PORT`, `ADMIN_HOST_NAMES`, `DATABASE_URL`, `SWITCH_STATUS_URL`.
 * @throws {AdminError} ADM_SETTINGS_INVALID naming the setting and what was expected, never its value
 */
export function readSettings(environment: Environment): AdminSettings {
  const read = (key: string, fallback: string | undefined, pattern: RegExp, expected: string): string => {
    const text = environment[key] || fallback;
    if (text !== undefined && pattern.test(text)) return text;
    const given = text === undefined ? 'nothing' : `text of ${text.length} characters`;
    throw new AdminError('ADM_SETTINGS_INVALID', { setting: key, given, expected });
  };
  const port = Number(read('ADMIN_PORT', '8080', /^\d{1,5}$/, 'a port, 0 to 65535'));
  if (port > 65_535) {
    throw new AdminError('ADM_SETTINGS_INVALID', { setting: 'ADMIN_PORT', expected: 'a port, 0 to 65535' });
  }
  const databaseUrl = read('DATABASE_URL', undefined, /^postgres(ql)?:\/\//, 'postgres://…');
  const isExposed = [...databaseProblems(databaseUrl)].length > 0;
  if (environment['NODE_ENV'] === 'production' && isExposed) {
    const expected = 'sslmode=verify-full, since the database is not on this machine';
    throw new AdminError('ADM_SETTINGS_INVALID', { setting: 'DATABASE_URL', given: 'plain text', expected });
  }
  const names = read('ADMIN_HOST_NAMES', ',', /^[\w.,-]{1,1000}$/, 'host names, separated by commas');
  return {
    hostNames: names.split(',').filter((name) => name !== ''),
    host: read('ADMIN_HOST', '127.0.0.1', /^[\w.:-]{1,255}$/, 'an address to listen on'),
    port,
    databaseUrl,
    switchStatusUrl: read(
      'SWITCH_STATUS_URL',
      'http://127.0.0.1:8585/status',
      /^https?:\/\//,
      'the address of a switch node’s status, http://…',
    ),
  };
}
