import { Client, DatabaseError } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { SWITCH_ROLE, switchConnection } from '../database/connection.ts';
import { type StandbyDemand, standbyProblem } from '../database/standby.ts';
import type { Link } from './chain.ts';
import type { ClaimName } from './claim-names.ts';
import type { PendingEntry } from './entry.ts';
import { type FlushLines, flushLines } from './flush-lines.ts';
import { type AppendResult, JournalError, type TransactionId } from './journal.ts';

/** How a flush failed. `lost`: whether it was committed is unknown. All others rolled it back. */
export type FlushFailure = 'lost' | 'fenced' | 'expired' | 'again' | 'refused';

export class FlushError extends Error {
  readonly failure: FlushFailure;

  constructor(failure: FlushFailure, cause: unknown) {
    super(`the flush failed: ${failure}`, { cause });
    this.name = 'FlushError';
    this.failure = failure;
  }
}

export interface Attached {
  readonly isFenced: boolean;
  /** Those of the unsettled sequences that are in the journal: an answer that will not change. */
  readonly found: ReadonlySet<number>;
  /** What they claimed. */
  readonly claimed: ReadonlySet<ClaimName>;
}

export interface Flushed {
  /** What is said to the entries that were not appended, by their sequences. */
  readonly refused: ReadonlyMap<number, AppendResult>;
  /** Aliases of the batch that had an owner: they were not written. */
  readonly owned: ReadonlySet<ClaimName>;
  /** What was sent; who keeps it need not make it again. */
  readonly lines?: FlushLines;
}

/** Where flushes go: one connection at a time, and only the newest may write. */
export interface Writer {
  attach(unsettled: readonly number[]): Promise<Attached>;
  /**
   * Commits what it can in one transaction. No two entries of a batch may claim one key, or be one version of a
   * transaction; any number may take of one allowance.
   * @param link of the chain before this batch, written beside its first entry. @throws FlushError
   */
  flush(batch: readonly PendingEntry[], link: Link): Promise<Flushed>;
  /** False where the lease is over. @throws FlushError */
  renew(lowWater: number): Promise<boolean>;
  /** Drops the connection; a flush at work ends as `lost`. */
  drop(): void;
}

export interface WriterSettings {
  readonly databaseUrl: string;
  readonly statementMs: number;
  readonly leaseMs: number;
  /** `required`: its commits must wait for a standby. */
  readonly synchronousStandby?: StandbyDemand;
  readonly log: Log;
}

const FENCED = 'SWFEN';
/** The lease has run out and nobody has ended it: it is renewed before anything is written under it. */
const EXPIRED = 'SWEXP';
/** Unique violation: something stands in the way of an entry, and the flush left nothing behind. */
const TAKEN = '23505';
/** The server ended the statement for its length. */
const TOO_SLOW = '57014';
/** An entry was on its way to where none had a day, while the day was made. */
const MOVED = '23514';
/** SQLSTATE classes after which nothing was committed and nothing will be: the statement itself is at fault. */
const REFUSED_CLASSES = new Set(['22', '23', '42']);
/** Serialization failure, deadlock: the same statement may pass now. */
const AGAIN_CLASSES = new Set(['40']);
const FLUSHES_AFTER_TAKEN = 8;
const NAME_LENGTH = /.{40}/g;

/** The usual one: nothing stands in the way of any entry. */
const APPEND = { name: 'append', text: 'select switch.append($1, $2, $3, $4, $5)' };
/** The one that finds out what does. */
const APPEND_SOME = {
  name: 'append-some',
  text: 'select sequence, claim_name, claimed_by, fingerprint from switch.append_some($1, $2, $3, $4, $5, $6)',
};
/** The one for a flush in which something is taken of allowances. */
const APPEND_COUNTED = {
  name: 'append-counted',
  text: `select sequence, claim_name, claimed_by, fingerprint, exhausted
    from switch.append_counted($1, $2, $3, $4, $5, $6, $7)`,
};
const nothingRefused = (lines: FlushLines): Flushed => ({ refused: new Map(), owned: new Set(), lines });

interface RefusedRow {
  /** Null: the alias has an owner, and its entry was appended without it. */
  sequence: string | null;
  claim_name: ClaimName | null;
  claimed_by: TransactionId | null;
  fingerprint: string | null;
  /** Which of its takes found too little left; absent where nobody counts. */
  exhausted?: number | null;
}

/** The writer of one epoch, on PostgreSQL. */
export class PostgresWriter implements Writer {
  readonly #settings: WriterSettings;
  readonly #epoch: number;
  #client: Client | undefined;
  #writer = 0;
  /** So many flushes more are believed to find something in the way, as one before them did. */
  #likelyTaken = 0;

  constructor(settings: WriterSettings, epoch: number) {
    this.#settings = settings;
    this.#epoch = epoch;
  }

  async attach(unsettled: readonly number[]): Promise<Attached> {
    this.drop();
    const client = await connectDurable(this.#settings);
    this.#client = client;
    client.once('end', () => {
      if (this.#client === client) this.#client = undefined;
    });
    const { rows } = await client.query<{ new_writer: number | null; present: string[]; claimed: string[] }>(
      'select new_writer, present, claimed from switch.attach_writer($1, $2)',
      [this.#epoch, unsettled],
    );
    const {
      new_writer: writer,
      present,
      claimed,
    } = rows[0] ?? { new_writer: null, present: [], claimed: [] };
    this.#writer = writer ?? 0;
    return {
      isFenced: writer === null,
      found: new Set(present.map(Number)),
      claimed: new Set(claimed.flatMap((names) => names.match(NAME_LENGTH) ?? [])),
    };
  }

  async flush(batch: readonly PendingEntry[], link: Link): Promise<Flushed> {
    const lines = flushLines(batch, link);
    const { entries, claims, followUps, takes } = lines;
    const values = [this.#epoch, this.#writer, entries, claims, followUps];
    const linked = [...values, Buffer.from(link, 'hex')];
    if (takes !== '') {
      const counted = await this.#query<RefusedRow>({ ...APPEND_COUNTED, values: [...linked, takes] });
      return answersOf(counted.rows, batch, lines);
    }

    if (this.#likelyTaken === 0 && (await this.#isAppendedWhole(values))) return nothingRefused(lines);

    this.#likelyTaken -= 1;
    const { rows } = await this.#query<RefusedRow>({ ...APPEND_SOME, values: linked });
    return answersOf(rows, batch, lines);
  }

  async renew(lowWater: number): Promise<boolean> {
    const { rows } = await this.#query<{ renewed: boolean }>({
      name: 'renew-lease',
      text: 'select switch.renew_lease($1, $2, $3) as renewed',
      values: [this.#epoch, this.#settings.leaseMs, lowWater],
    });
    return rows[0]?.renewed ?? false;
  }

  /** The usual way costs half; where something is in the way, it was for nothing. Under load that comes in rows. */
  async #isAppendedWhole(values: unknown[]): Promise<boolean> {
    try {
      await this.#query({ ...APPEND, values });
      return true;
    } catch (error) {
      if (!(error instanceof FlushError && isCode(error.cause, TAKEN))) throw error;
      this.#likelyTaken = FLUSHES_AFTER_TAKEN;
      return false;
    }
  }

  drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => {}); // with a query at work this destroys the socket
  }

  async #query<Row extends object>(query: { name: string; text: string; values: unknown[] }) {
    const client = this.#client;
    if (!client) throw new FlushError('lost', new Error('the connection is gone'));
    try {
      return await client.query<Row>(query);
    } catch (error) {
      throw new FlushError(failureOf(error), error);
    }
  }
}

/**
 * A connection whose commits are durable, with the rights of the switch. @throws JournalError SW_JOURNAL_NOT_DURABLE
 */
async function connectDurable(settings: WriterSettings): Promise<Client> {
  const { databaseUrl, statementMs, synchronousStandby, log } = settings;
  const client = new Client(switchConnection(databaseUrl, 'etika-journal', statementMs));
  client.on('error', (error) => log.warn({ event: 'journal.connection', err: error }));
  await client.connect();
  const { rows } = await client.query<{ fsync: string; commit: string; role: string }>(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_user::text as role`,
  );
  const { fsync = '', commit = '', role = '' } = rows[0] ?? {};
  const problem = synchronousStandby === 'required' ? await standbyProblem(client) : undefined;
  if (fsync === 'on' && commit !== 'off' && role === SWITCH_ROLE && !problem) return client;

  await client.end().catch(() => {});
  throw new JournalError('SW_JOURNAL_NOT_DURABLE', 'no', {
    fsync,
    synchronous_commit: commit,
    role,
    ...(problem && { standby: problem }),
  });
}

function answersOf(rows: readonly RefusedRow[], batch: readonly PendingEntry[], lines: FlushLines): Flushed {
  const refused = new Map<number, AppendResult>();
  const owned = new Set<ClaimName>();
  for (const row of rows) {
    if (row.sequence !== null) refused.set(Number(row.sequence), resultOf(row, batch));
    else if (row.claim_name !== null) owned.add(row.claim_name);
  }
  return { refused, owned, lines };
}

function resultOf(row: RefusedRow, batch: readonly PendingEntry[]): AppendResult {
  const { sequence, claim_name: name, claimed_by: transaction, fingerprint, exhausted = null } = row;
  if (exhausted !== null) {
    const takes = batch.find((pending) => pending.sequence === Number(sequence))?.takes;
    return { status: 'exhausted', key: takes?.[exhausted]?.key ?? '' };
  }
  if (name === null || transaction === null) return { status: 'superseded' };
  const claims = batch.find((pending) => pending.sequence === Number(sequence))?.claims;
  const key = claims?.find((claim) => claim.name === name)?.key ?? '';
  return { status: 'claimed', key, transaction, fingerprint: fingerprint ?? '' };
}

function failureOf(error: unknown): FlushFailure {
  const code = error instanceof DatabaseError ? error.code : undefined;
  if (code === FENCED) return 'fenced';
  if (code === EXPIRED) return 'expired';
  if (code === TAKEN || code === TOO_SLOW || code === MOVED) return 'again';
  const failureClass = code?.slice(0, 2) ?? '';
  if (AGAIN_CLASSES.has(failureClass)) return 'again';
  return REFUSED_CLASSES.has(failureClass) ? 'refused' : 'lost';
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof DatabaseError && error.code === code;
}
