import { Client } from 'pg';
import { type Clock, LastingTrouble, type Log, type Timer } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { keepCalendar } from './kept-calendar.ts';
import { projectAgain, projectStep, type StepOptions } from './project-step.ts';
import { RecentHistories } from './recent-histories.ts';
import { YoungIntentions } from './young-intentions.ts';

export interface ProjectorSettings {
  /** A database that `migrate` has prepared. */
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  /** When a business day begins, and by whose clocks: UTC's where absent. */
  readonly cutOverHour: number;
  readonly timeZone?: string | undefined;
  /** After how long an accepted proof is final, as a rule. */
  readonly finalityMs: number;
  /** How often it looks for new entries, in milliseconds; who cannot wait says so on `PROJECTION_WANTED`. */
  readonly pollMs?: number;
  /** Entries of one epoch that a step reads at most. */
  readonly maxEntries?: number;
  /** For how long a payment that is open need not be projected, in milliseconds. */
  readonly openAfterMs?: number;
}

const PROJECTOR_ROLE = 'etika_projector';
/** Held by the connection of the one that projects: of several nodes one does, and another when it is gone. */
const PROJECTOR_LOCK = 0x70726f6a; // 'proj'
const STATEMENT_MS = 30_000;
/**
 * What came meanwhile is taken together: most payments are read from their beginning to their decision and become one
 * row, written once. A step four times a second tore one of five apart, and wrote its row twice.
 */
const DEFAULT_POLL_MS = 1_000;
const STANDBY_MS = 1_000;
/** After so much silence the server ends the session of the one that projects, and its lock with it. */
const SILENT_MS = 15_000;
const DEFAULT_MAX_ENTRIES = 4_000;
const DEFAULT_OPEN_AFTER_MS = 3_000;

/** The channel on which those who wait for the projection ask for a step at once. */
export const PROJECTION_WANTED = 'projection_wanted';

const TABLES = [
  'projection_cursor',
  'projected_transaction',
  'projected_movement',
  'projected_refund',
  'projected_batch',
  'projected_batch_member',
  'projected_upload',
  'awaited_proof',
  'open_hold',
];

/**
 * Keeps the queryable rows in step with the journal, until stopped. Only one of all nodes projects at a time; the
 * others stand by. While the database is away it keeps trying.
 */
export class Projector {
  readonly #settings: ProjectorSettings;
  readonly #failure: LastingTrouble;
  readonly #recent = new RecentHistories();
  readonly #young = new YoungIntentions();
  #client: Client | undefined;
  #timer: Timer | undefined;
  #isWanted = false;
  #working: Promise<void> = Promise.resolve();
  #isStopped = false;
  #isProjecting = false;
  #undatedHour = 0;

  constructor(settings: ProjectorSettings) {
    this.#settings = settings;
    this.#failure = new LastingTrouble('projection.failed', settings);
    this.#schedule(0);
  }

  /** Whether this is the one that projects now. */
  get isProjecting(): boolean {
    return this.#isProjecting;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#working;
    await this.#disconnect();
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#settings.clock.after(this.#isWanted ? 0 : delayMs, () => {
      this.#timer = undefined;
      this.#isWanted = false;
      this.#working = this.#work().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** Somebody waits for what was committed until now. */
  #hurry(): void {
    this.#isWanted = true;
    if (!this.#timer) return; // at work: the next step follows at once
    this.#timer.cancel();
    this.#schedule(0);
  }

  /** @returns when to look again, in milliseconds */
  async #work(): Promise<number> {
    const { log, pollMs = DEFAULT_POLL_MS } = this.#settings;
    try {
      this.#client ??= await this.#connect();
      if (!this.#isProjecting && !(await this.#begin(this.#client))) return STANDBY_MS;
      const { hasMore, unreadable } = await projectStep(this.#client, this.#stepOptions());
      for (const each of unreadable) log.error({ event: 'projection.unreadable', ...each });
      this.#failure.over();
      return hasMore ? 0 : pollMs;
    } catch (error) {
      this.#failure.failed(error);
      await this.#disconnect();
      return STANDBY_MS;
    }
  }

  #stepOptions(): StepOptions {
    const { clock, maxEntries = DEFAULT_MAX_ENTRIES, openAfterMs = DEFAULT_OPEN_AFTER_MS } = this.#settings;
    const openSince = clock.wall() - openAfterMs;
    const { finalityMs } = this.#settings;
    const kept = { recent: this.#recent, young: this.#young };
    return { undatedHour: this.#undatedHour, finalityMs, maxEntries, ...kept, openSince };
  }

  async #connect(): Promise<Client> {
    const { databaseUrl, log } = this.#settings;
    const client = new Client(switchConnection(databaseUrl, 'etika-projector', STATEMENT_MS, PROJECTOR_ROLE));
    client.on('error', (error) => log.warn({ event: 'projection.connection', err: error }));
    await client.connect();
    // One that stands still, paused or cut off, must not keep the others from projecting: it looks every second.
    await client.query(`set idle_session_timeout = ${SILENT_MS}`);
    await client.query(`set idle_in_transaction_session_timeout = ${SILENT_MS}`);
    return client;
  }

  async #begin(client: Client): Promise<boolean> {
    const { log, cutOverHour, timeZone = 'UTC' } = this.#settings;
    const { rows } = await client.query<{ ours: boolean }>('select pg_try_advisory_lock($1) as ours', [
      PROJECTOR_LOCK,
    ]);
    if (!rows[0]?.ours) return false;
    this.#undatedHour = await keepCalendar(client, { timeZone, cutOverHour });
    client.on('notification', () => this.#hurry());
    await client.query(`listen ${PROJECTION_WANTED}`);
    const { finalityMs } = this.#settings;
    const again = await projectAgain(client, { undatedHour: this.#undatedHour, finalityMs });
    this.#isProjecting = true;
    log.info({ event: 'projection.begins', cutOverHour, timeZone, again });
    return true;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#isProjecting = false;
    await client?.end().catch(() => {});
  }
}

/** Forgets every row: whoever projects makes them again, from the first entry on. */
export async function rebuildProjection(databaseUrl: string): Promise<void> {
  const client = new Client(switchConnection(databaseUrl, 'etika-projector', STATEMENT_MS, PROJECTOR_ROLE));
  await client.connect();
  try {
    await forgetRows(client);
  } finally {
    await client.end();
  }
}

async function forgetRows(client: Client): Promise<void> {
  await client.query(`truncate ${TABLES.map((name) => `switch.${name}`).join(', ')}`);
}
