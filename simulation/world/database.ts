import { Tables } from './database-tables.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

/** The connection is gone, or nothing came in time: whether the transaction was committed is not known. */
class ConnectionLost extends Error {}

/** The database cannot be reached: nothing was sent. */
class Unreachable extends Error {}

interface Work {
  readonly label: string;
  commit(): void;
}

const NETWORK_MS = 0.4;
const EXECUTION_MS = 0.1;
const USUAL_STRAYS = 0.01;
/** Of flushes, as chance has it where nothing is wrong. */
export const USUAL_DEADLOCKS = 0.002;

/**
 * One database server. A transaction takes effect when its log record is forced to the disk, and only then is it
 * answered. A crash tears what was not forced: the record in work survives whole or not at all, what waits is lost.
 */
export class Database {
  readonly tables: Tables;
  /** How long the disk takes to make a record durable, in milliseconds. */
  forceMs: { from: number; to: number } = { from: 0.3, to: 2 };
  /** The share of flushes that are rolled back, to be tried again. */
  deadlocks = USUAL_DEADLOCKS;
  /** The share of statements that are long on their way. */
  strays = USUAL_STRAYS;
  /** Told after each commit: new follow-ups may be due. */
  readonly onCommit = new Set<() => void>();
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #connections = new Set<DatabaseConnection>();
  readonly #unreachableFor = new Set<string>();
  #isUp = true;
  #queue: Work[] = [];
  #atWork: Work | undefined;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.stream('database');
    this.tables = new Tables(() => world.now);
  }

  connect(process: SimProcess, timeoutMs: number): DatabaseConnection {
    const connection = new DatabaseConnection(process, this, timeoutMs, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }

  /** The server dies: every connection breaks, and what the disk had not confirmed may be lost. */
  crash(): void {
    this.#world.tell('database', () => `crash with ${this.#queue.length} transactions waiting`);
    this.#isUp = false;
    if (this.#atWork && this.#random.chance(0.5)) this.#commit(this.#atWork);
    this.#atWork = undefined;
    this.#queue = [];
    this.breakConnections();
  }

  restart(): void {
    this.#isUp = true;
    this.#world.tell('database', () => 'up again');
    this.#announce();
  }

  breakConnections(): void {
    for (const connection of [...this.#connections]) connection.break();
  }

  /** Packets between the node and the server vanish. */
  partition(node: string, isApart: boolean): void {
    if (isApart) this.#unreachableFor.add(node);
    else this.#unreachableFor.delete(node);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  canHear(node: string): boolean {
    return !this.#unreachableFor.has(node);
  }

  latency(): number {
    return this.#random.between(NETWORK_MS / 4, NETWORK_MS * 2);
  }

  /** How long a statement is on its way: seldom so long that its sender has given it up meanwhile. */
  travelMs(): number {
    return this.#random.chance(this.strays) ? this.#random.between(20, 1_500) : this.latency();
  }

  /** Of a connection that was given up while a statement was on its way: does it arrive after all? */
  arrivesLate(): boolean {
    return this.#random.chance(0.5);
  }

  read(work: () => void): void {
    if (this.#isUp) work();
  }

  write(work: Work): void {
    if (!this.#isUp) return;
    this.#queue.push(work);
    this.#next();
  }

  #next(): void {
    if (this.#atWork) return;
    const work = this.#queue.shift();
    if (!work) return;
    this.#atWork = work;
    const { from, to } = this.forceMs;
    this.#world.scheduler.after(EXECUTION_MS + this.#random.between(from, to), 'force', () => {
      if (this.#atWork !== work) return;
      this.#atWork = undefined;
      this.#commit(work);
      this.#next();
    });
  }

  #commit(work: Work): void {
    this.#world.scheduler.mix(work.label);
    work.commit();
    this.#announce();
  }

  #announce(): void {
    for (const told of this.onCommit) told();
  }
}

/** What a process holds of the server. One lost is never used again. */
export class DatabaseConnection {
  readonly #process: SimProcess;
  readonly #database: Database;
  readonly #timeoutMs: number;
  readonly #forget: () => void;
  readonly #waiting = new Set<(error: Error) => void>();
  #isOpen = true;

  constructor(process: SimProcess, database: Database, timeoutMs: number, forget: () => void) {
    this.#process = process;
    this.#database = database;
    this.#timeoutMs = timeoutMs;
    const outlive = process.onDeath(forget);
    this.#forget = () => {
      forget();
      outlive();
    };
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @throws ConnectionLost, Unreachable, or what `work` throws, which rolls the transaction back */
  write<T>(label: string, work: () => T): Promise<T> {
    return this.#run(label, work, true);
  }

  read<T>(label: string, work: () => T): Promise<T> {
    return this.#run(label, work, false);
  }

  /** Gives it up: what is on its way may still arrive. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#forget();
    for (const fail of [...this.#waiting]) fail(new ConnectionLost('the connection was closed'));
  }

  /** It breaks, as seen from the server's side. */
  break(): void {
    this.#forget();
    this.#process.deliver(this.#database.latency(), () => this.close());
  }

  #run<T>(label: string, work: () => T, isWrite: boolean): Promise<T> {
    const database = this.#database;
    const { clock, name, world } = this.#process;
    return new Promise((resolve, reject) => {
      if (this.#process.isDead) return;
      const settle = (finish: () => void) => {
        timer.cancel();
        this.#waiting.delete(fail);
        finish();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const timer = clock.after(this.#timeoutMs, () => this.close());
      this.#waiting.add(fail);
      if (!this.#isOpen) return fail(new ConnectionLost('the connection is closed'));
      const answer = (finish: () => void) => {
        if (!this.#isOpen || !database.canHear(name)) return;
        this.#process.deliver(database.latency(), () => {
          if (this.#waiting.has(fail)) settle(finish);
        });
      };
      const perform = () => {
        try {
          const result = work();
          answer(() => resolve(result));
        } catch (error) {
          answer(() => reject(error));
        }
      };
      const isHeard = database.canHear(name);
      const travelMs = database.travelMs();
      if (isWrite && travelMs >= LONG_WAY_MS) world.tell('database', () => strayWords(name, travelMs));
      world.scheduler.after(travelMs, label, () => {
        if (!isHeard || !(this.#isOpen || database.arrivesLate())) return;
        if (!database.isUp) {
          return this.#process.deliver(database.latency(), () => fail(new Unreachable('ECONNREFUSED')));
        }
        if (isWrite) database.write({ label, commit: perform });
        else database.read(perform);
      });
    });
  }
}

/** A statement that strays is told of: else the story of a seed without faults cannot say why the journal was away. */
const LONG_WAY_MS = 200;

function strayWords(name: string, travelMs: number): string {
  return `the database is not reached by ${name} for ${Math.round(travelMs)} ms: a statement is long on its way`;
}
