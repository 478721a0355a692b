/**
 * Whether what is to be followed up is followed up: which workers have said lately that they live, since when the
 * oldest follow-up that is due waits for one, and since when the oldest entry waits to be projected. All stand in the
 * database, so that it does not matter on which machine a worker runs, nor who asks. Whether it is ready, and what is
 * told to an operator, is decided here, once.
 */
import { Pool } from 'pg';
import type { Clock, Log, Monotonic, Timer } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import type { AlertBook } from '../fallback/alerts.ts';

export interface FollowUpHealth {
  /** The workers that live, by name, and how long ago they last said so, in milliseconds. */
  readonly workers: readonly { readonly name: string; readonly silentMs: number }[];
  /** How long the oldest follow-up, or proof to be asked for, that is due has waited; 0 where none waits. */
  readonly oldestDueMs: number;
  /** How long the oldest entry of the journal that is not projected has waited; 0 or absent where none waits. */
  readonly oldestUnprojectedMs?: number;
}

const STATEMENT_MS = 1_500;
/** A worker says that it lives four times in its lease of 15 seconds: this silence is no accident any more. */
const ALIVE_WITHIN_MS = 15_000;
/** So long nothing that is due should wait, however deep the queue. */
const LATE_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
/**
 * What is wrong for so long is told to people, and not in the log alone: a worker that is restarted is away for a
 * moment.
 */
const ALERT_AFTER_MS = 15_000;

/** The order of graphile-worker's own index: a first row, not a scan. */
const HEALTH = {
  name: 'follow-up-health',
  text: `select
    coalesce((select json_agg(w order by w.name) from (
      select node as name, round(extract(epoch from now() - max(renewed_at)) * 1000)::double precision as "silentMs"
        from switch.follow_up_worker where renewed_at > now() - $1 * interval '1 millisecond' group by node
    ) w), '[]') as workers,
    greatest(0,
      (select round(extract(epoch from now() - run_at) * 1000)::double precision
        from graphile_worker._private_jobs where is_available and run_at <= now()
        order by priority, run_at limit 1),
      (select round(extract(epoch from now() - due_at) * 1000)::double precision
        from switch.awaited_proof where not is_handed_over and due_at <= now()
        order by due_at limit 1)) as "oldestDueMs"`,
};

/**
 * Of every epoch that is not read to its end, the first entry that is not read. It looks into every day there is. Its
 * time is that of the node that wrote it, less what this node's clock is known to be ahead of the database's. It has no
 * name, so it is planned anew each time: a plan of when a day was empty would read all of it once it has grown.
 */
const UNPROJECTED = {
  text: `select greatest(0, round(max(
        extract(epoch from now() - e.at) * 1000 + coalesce(k.ahead_ms, 0)
      )))::double precision as ms
    from switch.lease l left join switch.projection_cursor c using (epoch)
    left join switch.node_clock k on k.node = l.node and k.measured_at > now() - interval '1 minute'
    cross join lateral (
      select j.at from switch.journal j
        where j.epoch = l.epoch and j.sequence > coalesce(c.sequence, 0) order by j.sequence limit 1
    ) e
    where c.is_finished is not true`,
};

/** What is wrong, in words; nothing where follow-ups are followed up. */
export function followUpTrouble({ workers, oldestDueMs }: FollowUpHealth): string | undefined {
  const waits = `the oldest follow-up waits for ${Math.round(oldestDueMs / 1_000)} s`;
  if (workers.length === 0) return oldestDueMs > 0 ? `no worker lives, and ${waits}` : 'no worker lives';
  return oldestDueMs > LATE_AFTER_MS ? waits : undefined;
}

/** What is wrong with the projection, in words: settlement, cases and reports are behind by as much. */
export function projectionTrouble({ oldestUnprojectedMs = 0 }: FollowUpHealth): string | undefined {
  if (oldestUnprojectedMs <= LATE_AFTER_MS) return undefined;
  return `the oldest entry that is not projected waits for ${Math.round(oldestUnprojectedMs / 1_000)} s`;
}

/** A clock that jumps is known of some seconds later: of the looks within this time the best one counts. */
const CLOCKS_KNOWN_AFTER_MS = 15_000;

export interface ReaderParts {
  readonly databaseUrl: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  /** Of so many reads one asks how far the projection is, which costs more than the rest; absent: each does. */
  readonly projectionEvery?: number;
}

/** Asks the database. */
export class FollowUpHealthReader {
  readonly #pool: Pool;
  readonly #clock: ReaderParts['clock'];
  readonly #projectionEvery: number;
  #reads = 0;
  #unprojected: readonly { readonly at: Monotonic; readonly ms: number }[] = [];

  constructor({ databaseUrl, clock, log, projectionEvery = 1 }: ReaderParts) {
    const connection = switchConnection(databaseUrl, 'etika-follow-up-health', STATEMENT_MS);
    this.#pool = new Pool({ ...connection, max: 1, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'follow-up.connection', err: error }));
    this.#clock = clock;
    this.#projectionEvery = projectionEvery;
  }

  /** @throws where the database cannot be asked now */
  async read(): Promise<FollowUpHealth> {
    const { rows } = await this.#pool.query<FollowUpHealth>({ ...HEALTH, values: [ALIVE_WITHIN_MS] });
    const { workers, oldestDueMs } = rows[0] ?? { workers: [], oldestDueMs: 0 };
    if (this.#reads % this.#projectionEvery === 0) {
      const { rows: lags } = await this.#pool.query<{ ms: number | null }>(UNPROJECTED);
      const at = this.#clock.monotonic();
      const ofLate = this.#unprojected.filter((look) => at - look.at <= CLOCKS_KNOWN_AFTER_MS);
      this.#unprojected = [...ofLate, { at, ms: lags[0]?.ms ?? 0 }];
    }
    this.#reads += 1;
    const oldestUnprojectedMs = Math.min(...this.#unprojected.map(({ ms }) => ms));
    return { workers, oldestDueMs, oldestUnprojectedMs };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

export interface FollowUpWatchParts {
  readonly reader: Pick<FollowUpHealthReader, 'read'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: what is wrong is in the log alone. */
  readonly alerts?: AlertBook;
}

/** What is looked at, with the words of the log. */
const SUBJECTS = {
  'follow-up': { troubleOf: followUpTrouble, name: 'follow-ups' },
  projection: { troubleOf: projectionTrouble, name: 'the projection' },
} as const;

type Subject = keyof typeof SUBJECTS;

/** Something that is wrong since then. */
interface Trouble {
  readonly since: Monotonic;
  isTold: boolean;
}

/**
 * Looks every second, keeps what it saw for the node's status, says in the log when it turns bad or good, and raises an
 * alert where it stays bad.
 */
export class FollowUpWatch {
  readonly #parts: FollowUpWatchParts;
  readonly #troubles = new Map<Subject, Trouble>();
  readonly #seenWell = new Set<Subject>();
  #seen: FollowUpHealth | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: FollowUpWatchParts) {
    this.#parts = parts;
    this.#timer = parts.clock.after(0, () => void this.#look());
  }

  /** As last seen; null where the database could not be asked. */
  status(): FollowUpHealth | null {
    return this.#seen ?? null;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { reader, clock } = this.#parts;
    try {
      const seen = await reader.read();
      this.#seen = seen;
      for (const subject of ['follow-up', 'projection'] as const) await this.#say(subject, seen);
    } catch {
      this.#seen = undefined; // the journal says it louder
    }
    if (!this.#isClosed) this.#timer = clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #say(subject: Subject, seen: FollowUpHealth): Promise<void> {
    const { log, clock } = this.#parts;
    const reason = SUBJECTS[subject].troubleOf(seen);
    const known = this.#troubles.get(subject);
    if (reason === undefined) {
      if (known) log.info({ event: `${subject}.goes-on` });
      // An alert of this process's life before is over as well.
      if (known?.isTold || !this.#seenWell.has(subject)) await this.#close(subject);
      this.#seenWell.add(subject);
      this.#troubles.delete(subject);
      return;
    }

    const trouble = known ?? { since: clock.monotonic(), isTold: false };
    this.#troubles.set(subject, trouble);
    if (!known) log.error({ event: `${subject}.waits`, reason, ...seen });
    if (!trouble.isTold && clock.monotonic() - trouble.since >= ALERT_AFTER_MS) {
      trouble.isTold = await this.#raise(subject, reason);
    }
  }

  async #close(subject: Subject): Promise<void> {
    const { log, alerts } = this.#parts;
    try {
      await alerts?.closeAlert?.({ kind: 'late-work', subject: SUBJECTS[subject].name }, 'the work is done');
    } catch (error) {
      log.warn({ event: 'follow-up.alert-failed', err: error });
    }
  }

  /** @returns whether it was written; else it is tried again with the next look */
  async #raise(subject: Subject, summary: string): Promise<boolean> {
    const { clock, log, alerts } = this.#parts;
    // The book keeps one open of what nodes see at the same time.
    const key = `late-work|${subject}|${clock.wall()}`;
    try {
      await alerts?.raise({ key, kind: 'late-work', subject: SUBJECTS[subject].name, summary });
      return true;
    } catch (error) {
      log.warn({ event: 'follow-up.alert-failed', err: error });
      return false;
    }
  }
}
