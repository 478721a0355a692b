/**
 * The proofs that are waited for, in the simulation: the projector that fills the table from the journal, and what a
 * node's sweeper asks of it over the network. The projector is late by chance, and now and then begins again from the
 * first entry, since the switch must be right whatever the projection lags. It calls the switch's own fold and
 * `awaitedProof`; the SQL of the real one is not run, and its tests are in `switch/projection/`.
 */
import type { AwaitedBacklog, AwaitedProofs, DueProof } from '../../switch/follow-up/awaited-proofs.ts';
import { awaitedProof } from '../../switch/transaction/awaited-proof.ts';
import { foldTransaction } from '../../switch/transaction/fold.ts';
import type { Database } from './database.ts';
import type { Tables } from './database-tables.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

const STATEMENT_MS = 5_000;
/** How far the projector is behind: as a rule, and now and then. */
const LAG_MS = { from: 5, to: 300 };
const LONG_LAG_MS = { from: 300, to: 40_000 };
/** The share of steps with a long lag. */
const LONG_LAGS = 0.01;
/** The share of steps before which all rows are forgotten. */
const REBUILDS = 0.005;
const TRY_AGAIN_MS = 500;

/** Follows the journal as the projector does, late, and sometimes from the first entry again. */
export class ProofProjector {
  readonly #world: World;
  readonly #database: Database;
  readonly #random: SeededRandom;
  readonly #finalityMs: number;
  #isScheduled = false;

  constructor(world: World, database: Database, finalityMs: number) {
    this.#world = world;
    this.#database = database;
    this.#random = world.random.stream('projector');
    this.#finalityMs = finalityMs;
    database.onCommit.add(() => this.#schedule());
  }

  #schedule(): void {
    const { awaited } = this.#database.tables;
    if (this.#isScheduled || awaited.unprojected.size === 0) return;
    this.#isScheduled = true;
    const { from, to } = this.#random.chance(LONG_LAGS) ? LONG_LAG_MS : LAG_MS;
    this.#world.scheduler.after(this.#random.between(from, to), 'project', () => this.#step());
  }

  #step(): void {
    if (!this.#database.isUp) {
      this.#world.scheduler.after(TRY_AGAIN_MS, 'project', () => this.#step());
      return;
    }
    this.#isScheduled = false;
    const { tables } = this.#database;
    if (this.#random.chance(REBUILDS)) forget(tables);
    for (const transaction of tables.awaited.unprojected) this.#project(transaction, tables);
    tables.awaited.unprojected.clear();
  }

  #project(transaction: string, tables: Tables): void {
    const { awaited } = tables;
    const entries = tables.history(transaction);
    const folded = foldTransaction(entries);
    const proof = folded && awaitedProof(entries, folded);
    if (proof) awaited.put(proof, this.#world.now + this.#finalityMs);
    else awaited.rows.delete(transaction);
  }
}

function forget({ awaited, journal }: Tables): void {
  awaited.rows.clear();
  for (const transaction of journal.keys()) awaited.unprojected.add(transaction);
}

/** What a node's sweeper claims, over the network. */
export class SimAwaitedProofs implements AwaitedProofs {
  readonly #database: Database;
  readonly #process: SimProcess;

  constructor(database: Database, process: SimProcess) {
    this.#database = database;
    this.#process = process;
  }

  claim(limit: number, leaseMs: number): Promise<DueProof[]> {
    return this.#ask('claim-proofs', ({ awaited }, now) => awaited.claim(limit, now, leaseMs));
  }

  putOff(transactions: readonly string[], delayMs: number): Promise<void> {
    return this.#ask('put-off-proofs', ({ awaited }, now) => awaited.putOff(transactions, now + delayMs));
  }

  handOver(transactions: readonly string[]): Promise<string[]> {
    return this.#ask('hand-over-proofs', (tables) => tables.handOverProofs(transactions));
  }

  backlog(): Promise<AwaitedBacklog> {
    return this.#ask('count-proofs', ({ awaited }) => ({ waiting: awaited.rows.size }));
  }

  async #ask<T>(label: string, work: (tables: Tables, now: number) => T): Promise<T> {
    const connection = this.#database.connect(this.#process, STATEMENT_MS);
    try {
      return await connection.write(label, () => work(this.#database.tables, this.#process.world.now));
    } finally {
      connection.close();
    }
  }
}
