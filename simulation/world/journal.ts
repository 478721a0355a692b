import type { Log } from '../../runtime/index.ts';
import { type ChainEnd, firstLink } from '../../switch/journal/chain.ts';
import { nameClaim, nameOf, placeOfKey } from '../../switch/journal/claim-names.ts';
import { GroupCommit } from '../../switch/journal/group-commit.ts';
import { type Journal, type JournalEntry, JournalError } from '../../switch/journal/journal.ts';
import { type Attached, FlushError, type Flushed, type Writer } from '../../switch/journal/writer.ts';
import type { Database, DatabaseConnection } from './database.ts';
import { Expired, Fenced } from './database-tables.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

export interface JournalPlan {
  readonly node: string;
  readonly maxWaiting: number;
  readonly appendDeadlineMs: number;
  readonly leaseMs: number;
  readonly log: Log;
  readonly onFenced: () => void;
}

/** What a journal and its writer are made of. */
interface JournalParts {
  readonly database: Database;
  readonly process: SimProcess;
  readonly plan: JournalPlan;
  readonly epoch: number;
}

/** How many deadlines a flush may take before its connection is given up. */
const SILENCE = 4;
/** A key stands for its hash: histories are read. */
const inClear = (key: string) => key;
const MAX_UNDECIDED = 1_000;

/**
 * The switch's journal with its real group commit, on the simulated database. Dies with its process.
 * @throws JournalError where the database cannot be reached
 */
export async function openJournal(
  database: Database,
  process: SimProcess,
  random: SeededRandom,
  plan: JournalPlan,
): Promise<SimJournal> {
  const { node, leaseMs, appendDeadlineMs, log } = plan;
  const opening = database.connect(process, appendDeadlineMs);
  try {
    const epoch = await opening.write('open-lease', () => database.tables.openLease(node, leaseMs));
    const parts: JournalParts = { database, process, plan, epoch };
    const writer = new SimWriter(parts, random);
    await writer.attach([]);

    const { clock } = process;
    const group = new GroupCommit(writer, firstLink(epoch, node), {
      ...plan,
      clock,
      log,
      renewEveryMs: leaseMs / 5,
      silenceMs: SILENCE * appendDeadlineMs,
      nameClaim: (...claimed) => nameClaim(inClear, ...claimed),
    });
    return new SimJournal(parts, group, writer);
  } catch (error) {
    throw unavailable(error);
  } finally {
    opening.close();
  }
}

export class SimJournal implements Journal {
  readonly append: Journal['append'];
  readonly #database: Database;
  readonly #process: SimProcess;
  readonly #plan: JournalPlan;
  readonly epoch: number;
  readonly #group: GroupCommit;
  readonly #writer: SimWriter;
  #isClosed = false;

  constructor({ database, process, plan, epoch }: JournalParts, group: GroupCommit, writer: SimWriter) {
    this.#database = database;
    this.#process = process;
    this.#plan = plan;
    this.epoch = epoch;
    this.#group = group;
    this.#writer = writer;
    this.append = (entry, deadline) => group.append(entry, deadline);
  }

  get chain(): ChainEnd {
    return this.#group.chain;
  }

  get isChainFinal(): boolean {
    return this.#isClosed && this.#group.isChainCertain;
  }

  history(transaction: string): Promise<JournalEntry[]> {
    return this.#ask('history', 'read', () => this.#database.tables.history(transaction));
  }

  transactionOf(key: string): Promise<{ transaction: string; fingerprint: string } | undefined> {
    const { day, text } = placeOfKey(key);
    const name = day === undefined ? undefined : nameOf(day, text);
    return this.#ask('claim', 'read', () => this.#database.tables.ownerOf(text, name));
  }

  undecided(): Promise<string[]> {
    const { tables } = this.#database;
    return this.#ask('undecided', 'write', () => tables.undecided(this.epoch, MAX_UNDECIDED));
  }

  async close(): Promise<void> {
    await this.#group.close();
    this.#writer.drop();
    this.#isClosed = true;
    await this.#ask('end-lease', 'write', () => this.#database.tables.endLease(this.epoch)).catch(() => {});
  }

  async #ask<T>(label: string, how: 'read' | 'write', work: () => T): Promise<T> {
    const connection = this.#database.connect(this.#process, this.#plan.appendDeadlineMs);
    try {
      return await connection[how](label, work);
    } catch (error) {
      throw unavailable(error);
    } finally {
      connection.close();
    }
  }
}

/** What PostgreSQL's writer does, on the simulated database. */
class SimWriter implements Writer {
  readonly #database: Database;
  readonly #process: SimProcess;
  readonly #random: SeededRandom;
  readonly #plan: JournalPlan;
  readonly #epoch: number;
  #connection: DatabaseConnection | undefined;
  #writer = 0;

  constructor({ database, process, plan, epoch }: JournalParts, random: SeededRandom) {
    this.#database = database;
    this.#process = process;
    this.#random = random;
    this.#plan = plan;
    this.#epoch = epoch;
  }

  async attach(unsettled: readonly number[]): Promise<Attached> {
    this.drop();
    const connection = this.#database.connect(this.#process, SILENCE * this.#plan.appendDeadlineMs);
    this.#connection = connection;
    const { writer, ...found } = await connection.write('attach', () =>
      this.#database.tables.attachWriter(this.#epoch, unsettled),
    );
    this.#writer = writer ?? 0;
    return { isFenced: writer === undefined, ...found };
  }

  flush(batch: Parameters<Writer['flush']>[0], link: string): Promise<Flushed> {
    const [epoch, writer] = [this.#epoch, this.#writer];
    if (this.#random.chance(this.#database.deadlocks)) {
      return Promise.reject(new FlushError('again', new Error('deadlock')));
    }
    return this.#statement('append', () => this.#database.tables.append(epoch, writer, batch, link));
  }

  renew(lowWater: number): Promise<boolean> {
    return this.#statement('renew', () => this.#database.tables.renewLease(this.#epoch, lowWater));
  }

  drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #statement<T>(label: string, work: () => T): Promise<T> {
    const connection = this.#connection;
    if (!connection?.isOpen) throw new FlushError('lost', new Error('the connection is gone'));
    try {
      return await connection.write(label, work);
    } catch (error) {
      const failure = error instanceof Fenced ? 'fenced' : error instanceof Expired ? 'expired' : 'lost';
      throw new FlushError(failure, error);
    }
  }
}

function unavailable(error: unknown): JournalError {
  return new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', {}, { cause: error });
}
