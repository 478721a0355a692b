/**
 * The numbered versions of what all nodes have in common, in the switch's database. The highest is in force. A version
 * is written once and never changed: what a payment was judged by can be looked up for ever.
 */
import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import type { SharedSettings } from '../config/shared-settings.ts';
import { SWITCH_ROLE, switchConnection } from '../database/connection.ts';

/** Who may write a version: operators, and no process of the switch. */
export const SETTINGS_ROLE = 'etika_settings';

export interface VersionFacts {
  readonly version: number;
  readonly fingerprint: string;
  readonly appliedAt: Date;
  readonly by: string;
  readonly why: string;
}

export interface StoredVersion extends VersionFacts {
  readonly content: SharedSettings;
}

export interface NewVersion {
  readonly content: SharedSettings;
  readonly by: string;
  readonly why: string;
  /** The version that was looked at; 0 where there was none. Another in between is not written over. */
  readonly after: number;
}

export interface Follower {
  readonly process: string;
  readonly version: number;
  readonly seenAt: Date;
  readonly problem: string | null;
}

const STATEMENT_MS = 5_000;
const MAX_LISTED = 100;
const MAX_PROBLEM = 2_000;
const UNIQUE_VIOLATION = '23505';
const FACTS = 'version, fingerprint, applied_at as "appliedAt", applied_by as by, why';

export class SettingsStore {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log, role: string = SWITCH_ROLE) {
    const settings = switchConnection(databaseUrl, 'etika-settings', STATEMENT_MS, role);
    this.#pool = new Pool({ ...settings, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'settings.connection', err: error }));
  }

  /** The number of the version in force; 0 where none was ever applied. */
  async latestNumber(): Promise<number> {
    const text = 'select max(version) as version from switch.settings_version';
    const { rows } = await this.#pool.query<{ version: number | null }>({ name: 'settings-latest', text });
    return rows[0]?.version ?? 0;
  }

  async version(number: number): Promise<StoredVersion | undefined> {
    const text = `select ${FACTS}, content from switch.settings_version where version = $1`;
    return (await this.#pool.query<StoredVersion>(text, [number])).rows[0];
  }

  /** The latest first, at most 100. */
  async list(): Promise<VersionFacts[]> {
    const text = `select ${FACTS} from switch.settings_version order by version desc limit ${MAX_LISTED}`;
    return (await this.#pool.query<VersionFacts>(text)).rows;
  }

  /** @returns its number; nothing where another version came in between, which the caller has not looked at */
  async write({ content, by, why, after }: NewVersion): Promise<number | undefined> {
    try {
      const { rows } = await this.#pool.query<{ version: number }>(
        `insert into switch.settings_version (version, content, fingerprint, applied_by, why)
          select $1 + 1, $2, $3, $4, $5
            where $1 = (select coalesce(max(version), 0) from switch.settings_version)
          returning version`,
        [after, JSON.stringify(content), fingerprintOf(content), by, why],
      );
      return rows[0]?.version;
    } catch (error) {
      if ((error as { code?: string }).code === UNIQUE_VIOLATION) return undefined;
      throw error;
    }
  }

  /** Says which version a process follows, and why not the one in force where that is another. */
  async report(process: string, version: number, problem?: string): Promise<void> {
    await this.#pool.query(
      `insert into switch.settings_follower (process, version, problem) values ($1, $2, $3)
        on conflict (process) do update
          set version = excluded.version, problem = excluded.problem, seen_at = now()`,
      [process, version, problem?.slice(0, MAX_PROBLEM) ?? null],
    );
  }

  async followers(): Promise<Follower[]> {
    const text =
      'select process, version, seen_at as "seenAt", problem from switch.settings_follower order by process';
    return (await this.#pool.query<Follower>(text)).rows;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

/** Of the content, however its keys were ordered. */
function fingerprintOf(content: SharedSettings): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
