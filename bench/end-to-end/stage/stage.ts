import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { loadStartConfig } from '../../../deploy/config/load.ts';
import { freePort } from '../../../deploy/postgres/start-postgres.ts';
import { type System, startSystem } from '../../../deploy/start/system.ts';
import { type Address, type Log, silentLog } from '../../../runtime/index.ts';
import type { Settings } from '../../../switch/index.ts';
import {
  childrenOf,
  cpuMicroseconds,
  parentOf,
  serverCpuMicroseconds,
  threadsOf,
} from '../../process-cpu.ts';
import { withTerminals } from '../fleet.ts';
import { provideToken } from './token.ts';

/**
 * The real system on the stage of a run: PostgreSQL, token, HSM process, simulators, switch and worker as `npm start`
 * runs them, on free ports and in a folder of its own. It says what each part has used of the processor, and what the
 * database holds.
 */
export const GROUPS = ['switch', 'worker', 'postgres', 'hsm', 'simulators'] as const;
export type Group = (typeof GROUPS)[number];
export type CpuOf<Name extends string = Group> = Readonly<Record<Name, number>>;

/** What the database has written and holds. */
export interface Stored {
  readonly bytes: number;
  readonly walBytes: number;
}

export interface StageOrder {
  readonly terminals: number;
  readonly blockMs: number;
  say(line: string): void;
  /** Its ports are the same after a restart: terminals find a switch again that was killed. */
  readonly keepsPorts?: boolean;
  /** What becomes of its processes; absent: nobody asks. */
  readonly log?: Log;
  /** What else is to be different in the switch's settings. */
  settings?(settings: Settings): Settings;
}

const FREE_PORTS = [
  'SWITCH_PORT_ISO87',
  'SWITCH_PORT_POS',
  'SWITCH_PORT_STATUS',
  'SWITCH_PORT_ACQUIRER',
  'SWITCH_PORT_TLS',
  'GATEWAY_PORT',
  'VISA_SIM_PORT',
  'VISA_SIM_CONTROL_PORT',
  'ISO87_SIM_PORT',
  'ISO87_SIM_CONTROL_PORT',
  'ADMIN_PORT',
  'POP_SIM_PORT',
  'POP_SIM_CONTROL_PORT',
];
const QUERY_WITHIN_MS = 120_000;
/** Of terminals, networks and consensus: in service they have machines of their own. */
const OTHERS_PRIORITY = -5;
const STORED = `
  select coalesce(sum(pg_total_relation_size(c.oid)), 0)::double precision as bytes,
      (pg_current_wal_lsn() - '0/0'::pg_lsn)::double precision as "walBytes"
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname in ('switch', 'graphile_worker')`;

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'etika-bench-'));
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #aborted = new AbortController();
  #system: System | undefined;
  #postmaster = 0;
  #client: Client | undefined;
  #databaseUrl = '';
  #address: Address = { host: '127.0.0.1', port: 0 };

  async start(order: StageOrder): Promise<void> {
    const { terminals, blockMs, say } = order;
    say('starting PostgreSQL, token, HSM, simulators and switch …');
    await provideToken(this.folder, terminals, say);
    const portOf = async () => (order.keepsPorts ? await freePort() : 0);
    const ports = await Promise.all(FREE_PORTS.map(async (name) => [name, String(await portOf())]));
    const chosen = { ...Object.fromEntries(ports), DATA_DIR: this.folder, POP_SIM_BLOCK_MS: String(blockMs) };
    const system = await startSystem({
      config: loadStartConfig(undefined, chosen),
      progress: { say() {}, step: (_name, work) => work() },
      log: order.log ?? silentLog,
      signal: this.#aborted.signal,
      onStarted: (stop) => this.#stops.push(stop),
      settings: (settings) => this.#adjust(settings, order),
    });
    this.#system = system;
    this.#address = { host: '127.0.0.1', port: system.ports.iso87 };

    this.#client = new Client({
      connectionString: this.#databaseUrl,
      application_name: 'etika-bench',
      query_timeout: QUERY_WITHIN_MS,
    });
    this.#client.on('error', () => {}); // whatever asks next hears of it
    await this.#client.connect();
    const { rows } = await this.#client.query<{ pid: number }>('select pg_backend_pid() as pid');
    this.#postmaster = parentOf(rows[0]?.pid ?? 0) ?? 0;
  }

  get database(): Client {
    if (!this.#client) throw new Error('the stage has not started');
    return this.#client;
  }

  /** Everything that runs, and where it can be reached. */
  get system(): System {
    if (!this.#system) throw new Error('the stage has not started');
    return this.#system;
  }

  get databaseUrl(): string {
    return this.#databaseUrl;
  }

  /** Where terminals connect. */
  get address(): Address {
    return this.#address;
  }

  /** The processes of a group that run now. */
  pidsOf(group: Group): number[] {
    if (group === 'postgres') return [this.#postmaster, ...childrenOf(this.#postmaster)];
    return Object.entries(this.#system?.pids() ?? {})
      .filter(([name]) => groupOf(name) === group)
      .flatMap(([, pid]) => pid ?? []);
  }

  /** Processor time of each group so far, in microseconds. */
  cpu(): CpuOf {
    const of = (group: Group) =>
      group === 'postgres'
        ? serverCpuMicroseconds(this.#postmaster)
        : this.pidsOf(group).reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
    return Object.fromEntries(GROUPS.map((group) => [group, of(group)])) as CpuOf;
  }

  async stored(): Promise<Stored> {
    const { rows } = await this.database.query<Stored>(STORED);
    return rows[0] ?? { bytes: 0, walBytes: 0 };
  }

  async serverVersion(): Promise<string> {
    const { rows } = await this.database.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  }

  /** Gives the whole system, and processes it will start, these processors: a list as `taskset` reads it. */
  pin(processors: string, more: readonly number[]): void {
    for (const pid of [...GROUPS.flatMap((group) => this.pidsOf(group)), ...more]) {
      execFileSync('taskset', ['-a', '-c', '-p', processors, String(pid)], { stdio: 'ignore' });
    }
  }

  /** Those who stand for other machines do not wait for this one: they go first, where this user may say so. */
  putFirst(more: readonly number[]): boolean {
    const threads = [...this.pidsOf('simulators'), ...more].flatMap(threadsOf);
    try {
      for (const thread of threads) setPriority(thread, OTHERS_PRIORITY);
      return true;
    } catch {
      return false;
    }
  }

  /** A start under way comes to its end between two parts. */
  abort(): void {
    this.#aborted.abort();
  }

  async stop(): Promise<void> {
    await this.#client?.end().catch(() => {});
    for (const stop of this.#stops.reverse()) await stop().catch(() => {});
    rmSync(this.folder, { recursive: true, force: true });
  }

  #adjust(settings: Settings, { terminals, blockMs, settings: more }: StageOrder): Settings {
    this.#databaseUrl = settings.databaseUrl;
    const limits = { maxConnections: Math.max(5_000, terminals + 100) };
    const adjusted = {
      ...withTerminals(settings, terminals),
      listeners: settings.listeners.map((listener) => ({ ...listener, ...limits })),
      pop: { ...settings.pop, finalityMs: blockMs },
    };
    return more?.(adjusted) ?? adjusted;
  }
}

function groupOf(name: string): Group | undefined {
  if (name.endsWith('-simulator')) return 'simulators';
  return GROUPS.find((group) => name === group || name.startsWith(`${group}-`));
}
