import { Pool } from 'pg';
import type { Log } from '../../runtime/index.ts';
import { switchConnection } from '../database/connection.ts';
import { POP_LANE } from '../transaction/decision-entry.ts';

/** A proof whose finality is due to be asked for. */
export interface DueProof {
  readonly transaction: string;
  readonly validation: string;
  /** Of the transaction, as it was projected last. */
  readonly version: number;
  /** How often it was claimed, this time included. */
  readonly attempt: number;
}

/** How many wait, and how old the oldest is. */
export interface AwaitedBacklog {
  readonly waiting: number;
  /** Since the consensus accepted it; absent where none waits. */
  readonly oldestMs?: number;
}

/** What the projection says is waited for. Each method is one statement. @throws where the database is away */
export interface AwaitedProofs {
  /** Takes what is due, the longest due first. What is taken is due again after `leaseMs`, whoever took it. */
  claim(limit: number, leaseMs: number): Promise<DueProof[]>;
  putOff(transactions: readonly string[], delayMs: number): Promise<void>;
  /** Gives each to a `complete-pop` follow-up of its own, once. @returns those that were not given before */
  handOver(transactions: readonly string[]): Promise<string[]>;
  backlog(): Promise<AwaitedBacklog>;
}

/** As an array, so that no plan joins: of a table that was empty when last looked at, a join is tried row by row. */
const CLAIM = `
  update switch.awaited_proof a set due_at = now() + $2 * interval '1 millisecond', attempt = a.attempt + 1
    where a.transaction = any (array(
      select transaction from switch.awaited_proof
        where due_at <= now() and not is_handed_over order by due_at limit $1 for update skip locked
    ))
    returning a.transaction, a.validation, a.version, a.attempt`;
const PUT_OFF = `
  update switch.awaited_proof set due_at = now() + $2 * interval '1 millisecond'
    where transaction = any ($1::uuid[]) and not is_handed_over`;
const HAND_OVER = `select switch.hand_over_proofs($1, 'complete-pop', '${POP_LANE}') as taken`;
const BACKLOG = `
  select count(*)::integer as waiting, extract(epoch from now() - min(accepted_at))::double precision * 1000 as "oldestMs"
    from (select accepted_at from switch.awaited_proof limit $1) as counted`;

const STATEMENT_MS = 5_000;
/** Beyond that many it does not matter how many more. */
const MAX_COUNTED = 50_000;

/** `switch.awaited_proof`: the projector fills and empties it, sweepers move its due dates. */
export class PostgresAwaitedProofs implements AwaitedProofs {
  readonly #pool: Pool;

  constructor(databaseUrl: string, log: Log) {
    const settings = switchConnection(databaseUrl, 'etika-proofs', STATEMENT_MS);
    this.#pool = new Pool({ ...settings, max: 2, allowExitOnIdle: true });
    this.#pool.on('error', (error) => log.warn({ event: 'proofs.connection', err: error }));
  }

  async claim(limit: number, leaseMs: number): Promise<DueProof[]> {
    const values = [limit, leaseMs];
    const { rows } = await this.#pool.query<DueProof>({ name: 'claim-proofs', text: CLAIM, values });
    return rows;
  }

  async putOff(transactions: readonly string[], delayMs: number): Promise<void> {
    await this.#pool.query({ name: 'put-off-proofs', text: PUT_OFF, values: [transactions, delayMs] });
  }

  async handOver(transactions: readonly string[]): Promise<string[]> {
    const { rows } = await this.#pool.query<{ taken: string[] }>(HAND_OVER, [transactions]);
    return rows[0]?.taken ?? [];
  }

  async backlog(): Promise<AwaitedBacklog> {
    const { rows } = await this.#pool.query<{ waiting: number; oldestMs: number | null }>(BACKLOG, [
      MAX_COUNTED,
    ]);
    const { waiting = 0, oldestMs = null } = rows[0] ?? {};
    return { waiting, ...(oldestMs !== null && { oldestMs }) };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
