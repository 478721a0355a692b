import { type Clock, createLog, type Log, systemClock } from '../../runtime/index.ts';
import { ParkedFollowUps } from '../follow-up/queue-parked.ts';
import type { Journal } from '../journal/journal.ts';
import { createJournal } from '../journal/postgres-journal.ts';
import { ProjectionReader } from '../projection/projection-reader.ts';
import {
  type Case,
  type CaseEvent,
  type CaseState,
  caseHistory,
  listCases,
  type Resolution,
  readCase,
  stepCase,
  stepOf,
} from './cases.ts';
import { type ReconciliationOrder, type Report, reconcile } from './reconcile.ts';
import { closeAbsentLegs, repairCase } from './repair.ts';

const RECONCILER_ROLE = 'etika_reconciler';
const READ_WITHIN_MS = 60_000;
const REACH_WITHIN_MS = 30_000;
const MAX_CASES = 10_000;
const REPAIR_LEASE_MS = 30_000;
const REPAIR_APPEND_MS = 5_000;

export interface DeskSettings {
  /** A database that `migrate` has prepared. */
  readonly databaseUrl: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Names those who repair in the journal, together with the process. */
  readonly name: string;
  /** How long the projection may take to reach the journal. */
  readonly reachWithinMs?: number;
}

/** What operators do about differences: find them, look at them, put them right. */
export class ReconciliationDesk {
  readonly #databaseUrl: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #name: string;
  readonly #projection: ProjectionReader;
  readonly #reachWithinMs: number;

  constructor(settings: DeskSettings) {
    const { databaseUrl, name, clock = systemClock, log = createLog('recon', 'warn') } = settings;
    this.#reachWithinMs = settings.reachWithinMs ?? REACH_WITHIN_MS;
    this.#databaseUrl = databaseUrl;
    this.#clock = clock;
    this.#log = log;
    this.#name = name;
    this.#projection = new ProjectionReader({
      databaseUrl,
      clock,
      log,
      readDeadlineMs: READ_WITHIN_MS,
      role: RECONCILER_ROLE,
    });
  }

  /** @throws ReconError */
  async run(order: ReconciliationOrder): Promise<Report> {
    const ports = { projection: this.#projection, clock: this.#clock };
    const report = await reconcile(order, ports, this.#clock.monotonic() + this.#reachWithinMs);
    if (report.absent) await this.#closeAbsent(report.absent, report);
    return report;
  }

  async cases(states: readonly CaseState[]): Promise<Case[]> {
    return this.#connected((client) => listCases(client, states, MAX_CASES));
  }

  /** @throws ReconError SW_RECON_CASE_UNKNOWN */
  async case(id: number): Promise<{ found: Case; history: CaseEvent[] }> {
    return this.#connected(async (client) => ({
      found: await readCase(client, id),
      history: await caseHistory(client, id),
    }));
  }

  /**
   * Proposes what is to be done about a case, or approves what somebody else has proposed; an approved repair is under
   * way when this resolves. @throws ReconError
   */
  async resolve(id: number, resolution: Resolution): Promise<Case> {
    const before = await this.#connected((client) => readCase(client, id));
    const step = stepOf(before, resolution);
    // Repaired first, since twice does no harm: a case that says approved has its repair under way.
    if (step.what === 'approved') await this.#repair({ ...before, action: step.action }, resolution.by);
    return this.#connected(async (client) => {
      await stepCase(client, before, step);
      return readCase(client, id);
    });
  }

  /**
   * Repairs every open case whose repair is safe.
   * @returns those that are under way now, and those that were not: the transaction has moved, or somebody was faster
   */
  async repairSafe(by: string): Promise<{ repaired: Case[]; failed: { id: number; reason: string }[] }> {
    const open = (await this.cases(['open'])).filter((found) => found.is_automatic);
    const repaired: Case[] = [];
    const failed: { id: number; reason: string }[] = [];
    for (const { id } of open) {
      try {
        repaired.push(await this.resolve(id, { by, approve: false }));
      } catch (error) {
        failed.push({ id, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    return { repaired, failed };
  }

  close(): Promise<void> {
    return this.#projection.close();
  }

  async #connected<T>(work: (client: Awaited<ReturnType<ProjectionReader['connect']>>) => Promise<T>) {
    const client = await this.#projection.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  }

  /** What cannot be written down now is found again by the next run. */
  async #closeAbsent(transactions: readonly string[], { date, at }: Report): Promise<void> {
    try {
      await this.#writing((journal) => closeAbsentLegs(transactions, date ?? at, journal));
    } catch (error) {
      this.#log.warn({ event: 'recon.absent-not-closed', transactions: transactions.length, err: error });
    }
  }

  async #repair(found: Case, by: string): Promise<void> {
    const parked = new ParkedFollowUps(this.#databaseUrl, this.#log);
    const replayParked = (transaction: string) => parked.replayTransaction(transaction);
    try {
      await this.#writing((journal) => repairCase(found, by, { journal, replayParked }));
    } finally {
      await parked.close();
    }
  }

  /** What reconciliation writes are entries of the journal: they are written under a lease, like all others. */
  async #writing<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
    const journal = await createJournal({
      databaseUrl: this.#databaseUrl,
      clock: this.#clock,
      log: this.#log,
      node: `recon-${this.#name}-${process.pid}`,
      maxWaiting: 100,
      appendDeadlineMs: REPAIR_APPEND_MS,
      leaseMs: REPAIR_LEASE_MS,
      onFenced: () => {},
    });
    try {
      return await work(journal);
    } finally {
      await journal.close();
    }
  }
}
