import type { Clock, Log } from '../../runtime/index.ts';
import type { StandbyDemand } from '../database/standby.ts';
import { type ChainEnd, firstLink } from './chain.ts';
import { nameClaim } from './claim-names.ts';
import { DayKeeper } from './day-keeper.ts';
import { GroupCommit } from './group-commit.ts';
import { type Journal, type JournalEntry, JournalError, type TransactionId } from './journal.ts';
import { JournalReader } from './journal-reader.ts';
import type { FlushKeeper } from './kept-flush.ts';
import { PostgresWriter } from './writer.ts';

export interface JournalSettings {
  /** A database that `migrate` has prepared; its login is granted the role `etika_switch`. */
  readonly databaseUrl: string;
  /**
   * This node's name: letters, digits, `.`, `_` and `-`, at most 64. A second process of the name ends the first's
   * lease.
   */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Entries that may wait at once. */
  readonly maxWaiting: number;
  /** What an append may take, in milliseconds. */
  readonly appendDeadlineMs: number;
  /** How far back a key without a date is looked for; 400 days where absent. */
  readonly keyHorizonDays?: number;
  /** How long a silent node keeps its transactions to itself, in milliseconds. */
  readonly leaseMs: number;
  /** A fifth of the lease where absent. */
  readonly renewEveryMs?: number;
  /** `required`: the database's commits must wait for a standby. */
  readonly synchronousStandby?: StandbyDemand;
  /** Keeps what is appended outside the database; absent: what a fail-over loses is not noticed by this process. */
  readonly copy?: FlushKeeper;
  /** Called once, when the lease is over: only a new process can write in this node's name again. */
  readonly onFenced: () => void;
}

/**
 * How many times the deadline of an append the server may work at one. What its callers gave up is still worth to be
 * finished: to end it would throw the work away, and the next flush would be no faster.
 */
const SLOWNESS = 2;
const MAX_UNDECIDED = 1_000;
/** Hashed as a key is: all servers of one database have the same secret, and no two databases have. */
const NAME_OF_DATABASE = 'own-copy';
/** Payments wait for no read of the opening, and while everything starts at once it may need its time. */
const OPENING_READ_MS = 5_000;
const OPEN_LEASE = { name: 'open-lease', text: 'select switch.open_lease($1, $2, 2::smallint) as epoch' };
const UNDECIDED = { name: 'undecided', text: 'select switch.undecided($1, $2)::text[] as found' };
const END_LEASE = {
  name: 'end-lease',
  text: 'update switch.lease set ended_at = now() where epoch = $1 and ended_at is null',
};

/**
 * The journal on PostgreSQL, under a new lease of this node.
 * @throws JournalError SW_JOURNAL_UNAVAILABLE, SW_JOURNAL_NOT_DURABLE
 */
export async function createJournal(settings: JournalSettings): Promise<PostgresJournal> {
  const { databaseUrl, node, appendDeadlineMs, leaseMs, log } = settings;
  const { clock, keyHorizonDays, copy } = settings;
  const read = { databaseUrl, clock, log, ...(keyHorizonDays !== undefined && { keyHorizonDays }) };
  const reader = new JournalReader({ ...read, readDeadlineMs: appendDeadlineMs });
  const opening = new JournalReader({
    ...read,
    readDeadlineMs: Math.max(appendDeadlineMs, OPENING_READ_MS),
  });
  const days = new DayKeeper(reader, clock, log);
  try {
    const hashOf = await opening.keyHash();
    await days.begin();
    const database = hashOf(NAME_OF_DATABASE);
    await copy?.compare(database); // before the lease of the life before ends: nobody takes over what is written again
    const [lease] = await opening.query<{ epoch: string }>(OPEN_LEASE, [node, leaseMs]);
    const epoch = Number(lease?.epoch);
    const statementMs = SLOWNESS * appendDeadlineMs;
    const standby = settings.synchronousStandby && { synchronousStandby: settings.synchronousStandby };
    const writer = new PostgresWriter({ databaseUrl, statementMs, leaseMs, log, ...standby }, epoch);
    await writer.attach([]);
    const { copy: _, ...limits } = settings;
    const group = new GroupCommit(writer, firstLink(epoch, node), {
      ...limits,
      renewEveryMs: settings.renewEveryMs ?? leaseMs / 5,
      silenceMs: 2 * statementMs,
      nameClaim: (...claimed) => nameClaim(hashOf, ...claimed),
      ...(copy && {
        copy: { epoch, keep: (flush) => copy.keep(flush), compare: () => copy.compare(database) },
      }),
    });
    log.info({ event: 'journal.open', node, epoch });
    return new PostgresJournal({ reader, writer, group, days }, epoch);
  } catch (error) {
    days.close();
    await reader.close();
    if (error instanceof JournalError) throw error;
    throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', {}, { cause: error });
  } finally {
    await opening.close();
  }
}

interface Parts {
  readonly reader: JournalReader;
  readonly writer: PostgresWriter;
  readonly group: GroupCommit;
  readonly days: DayKeeper;
}

export class PostgresJournal implements Journal {
  /** The lease under which this process writes. */
  readonly epoch: number;
  readonly append: Journal['append'];
  readonly #reader: JournalReader;
  readonly #writer: PostgresWriter;
  readonly #group: GroupCommit;
  readonly #days: DayKeeper;
  #isClosed = false;

  constructor({ reader, writer, group, days }: Parts, epoch: number) {
    this.#reader = reader;
    this.#writer = writer;
    this.#group = group;
    this.#days = days;
    this.epoch = epoch;
    this.append = (entry, deadline) => group.append(entry, deadline);
  }

  /** The chain over all that this epoch is known to have committed. */
  get chain(): ChainEnd {
    return this.#group.chain;
  }

  /** Whether the database answered when it was asked last, which is at least once a renewal of the lease. */
  get isReachable(): boolean {
    return this.#group.isAttached;
  }

  /** Why nothing can be written although the database answers: what it said to the last that was tried. */
  get unwritable(): string | undefined {
    return this.#group.unwritable;
  }

  /** True once closed with nothing in doubt: the chain is over, and will never be longer. */
  get isChainFinal(): boolean {
    return this.#isClosed && this.#group.isChainCertain;
  }

  history(transaction: TransactionId): Promise<JournalEntry[]> {
    return this.#reader.history(transaction);
  }

  transactionOf(key: string): ReturnType<Journal['transactionOf']> {
    return this.#reader.transactionOf(key);
  }

  async undecided(): Promise<TransactionId[]> {
    const [row] = await this.#reader.query<{ found: TransactionId[] }>(UNDECIDED, [
      this.epoch,
      MAX_UNDECIDED,
    ]);
    return row?.found ?? [];
  }

  /** Settles what waits, then ends the lease: other nodes need not wait for it to expire. */
  async close(): Promise<void> {
    this.#days.close();
    await this.#group.close();
    this.#writer.drop();
    this.#isClosed = true;
    await this.#reader.query(END_LEASE, [this.epoch]).catch(() => {}); // without it the lease expires
    await this.#reader.close();
  }
}
