import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStartConfig } from '../../deploy/config/load.ts';
import { startSystem } from '../../deploy/start/system.ts';
import { type Address, silentLog, supervise, systemClock } from '../../runtime/index.ts';
import { type LoadResult, openRecords, runLoad } from '../../simulators/index.ts';
import { cpuMicroseconds } from './cpu.ts';

const RATES = [500, 2_000];
const SECONDS = 10;
const WARM_UP = { rate: 300, seconds: 3 };
const CONNECTIONS = 10;
const TERMINALS = Array.from({ length: 10 }, (_, index) => `TERM${String(index + 1).padStart(4, '0')}`);

interface Target {
  readonly name: 'switch' | 'bare';
  readonly address: Address;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Row {
  readonly target: Target['name'];
  readonly rate: number;
  readonly result: LoadResult;
  /** Of the process under test, per purchase. */
  readonly cpuUs: number;
}

/**
 * Purchases with PIN and MAC at a steady rate, first through a bare fork-and-join proxy (the same sockets, no logic,
 * no journal), then through the switch with PostgreSQL, token and instant counterparts: one run, one machine.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'etika-bench-'));
  const rows: Row[] = [];
  try {
    for (const start of [startBare, startSwitch]) {
      const target = await start(folder);
      try {
        await load(target, WARM_UP.rate, WARM_UP.seconds, folder);
        for (const rate of RATES) rows.push(await measure(target, rate, folder, json));
      } finally {
        await target.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (json) for (const rate of RATES) console.log(JSON.stringify(comparison(rows, rate)));
  else printTable(rows);
}

async function measure(target: Target, rate: number, folder: string, quiet: boolean): Promise<Row> {
  if (!quiet) process.stderr.write(`  ${target.name}: ${rate}/s for ${SECONDS} s …\n`);
  const before = cpuMicroseconds(target.pid);
  const result = await load(target, rate, SECONDS, folder);
  const cpuUs = (cpuMicroseconds(target.pid) - before) / Math.max(1, result.answered);
  return { target: target.name, rate, result, cpuUs };
}

async function load(target: Target, rate: number, seconds: number, folder: string): Promise<LoadResult> {
  const records = await openRecords(join(folder, `terminals-${target.name}`));
  try {
    return await runLoad({
      dialect: 'iso87-ascii',
      address: target.address,
      rate,
      seconds,
      connections: CONNECTIONS,
      terminals: TERMINALS,
      order: { card: '4242424242424242', pin: '1234', amount: 2_500, currency: '978' },
      records,
    });
  } finally {
    await records.ledger.close();
  }
}

async function startBare(): Promise<Target> {
  const service = (name: string, env: Record<string, string> = {}) =>
    supervise(
      { name, entry: join(import.meta.dirname, `${name}.ts`), env: { LOG_LEVEL: 'silent', ...env } },
      systemClock,
      silentLog,
    );
  const backends = service('bare-backends');
  const ports = await backends.ready();
  const proxy = service('bare-proxy', {
    BARE_NETWORK_PORT: String(ports['network']),
    BARE_POP_PORT: String(ports['pop']),
  });
  const { port } = await proxy.ready();
  return {
    name: 'bare',
    address: { host: '127.0.0.1', port: Number(port) },
    pid: proxy.pid() ?? 0,
    async stop() {
      await Promise.all([proxy.stop(), backends.stop()]);
    },
  };
}

async function startSwitch(folder: string): Promise<Target> {
  const stops: (() => Promise<void>)[] = [];
  const anyPort = '0';
  const ports = ['ISO87', 'POS', 'STATUS', 'ACQUIRER'].map((name) => [`SWITCH_PORT_${name}`, anyPort]);
  const simulators = [
    'VISA_SIM_PORT',
    'VISA_SIM_CONTROL_PORT',
    'ISO87_SIM_PORT',
    'ISO87_SIM_CONTROL_PORT',
    'POP_SIM_PORT',
    'POP_SIM_CONTROL_PORT',
    'ADMIN_PORT',
  ];
  const env = {
    ...Object.fromEntries([...ports, ...simulators.map((name) => [name, anyPort])]),
    DATA_DIR: folder,
  };
  const system = await startSystem({
    config: loadStartConfig(undefined, env),
    progress: { say() {}, step: (_name, work) => work() },
    log: silentLog,
    signal: new AbortController().signal,
    onStarted: (stop) => stops.push(stop),
  });
  return {
    name: 'switch',
    address: { host: '127.0.0.1', port: system.ports.iso87 },
    pid: system.pids()['switch'] ?? 0,
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
}

function comparison(rows: readonly Row[], rate: number) {
  const of = (name: Target['name']) => rows.find((row) => row.target === name && row.rate === rate);
  const ours = of('switch');
  const bare = of('bare');
  const figures = (row: Row | undefined) =>
    row && {
      throughput: round(row.result.throughput),
      approved: row.result.approved,
      p50Ms: round(row.result.p50Ms),
      p99Ms: round(row.result.p99Ms),
      cpuUs: round(row.cpuUs),
    };
  return {
    case: `purchases at ${rate}/s`,
    ours: figures(ours),
    bare: figures(bare),
    ratio: ours && bare ? round(ours.cpuUs / bare.cpuUs) : undefined,
  };
}

function printTable(rows: readonly Row[]): void {
  const line = (cells: readonly string[]) => console.log(cells.map((cell) => cell.padStart(11)).join(' '));
  line(['', 'offered/s', 'answered/s', 'p50 ms', 'p99 ms', 'CPU µs/tx', 'answers']);
  for (const rate of RATES) {
    for (const { target, result, cpuUs } of rows.filter((row) => row.rate === rate)) {
      const codes = Object.entries(result.codes).map(([code, count]) => `${code}: ${count}`);
      const figures = [result.throughput, result.p50Ms, result.p99Ms, cpuUs].map((figure) =>
        String(round(figure)),
      );
      line([target, String(rate), ...figures, codes.join(', ')]);
    }
    console.log(`CPU of the switch is ${comparison(rows, rate).ratio} times the bare proxy's at ${rate}/s\n`);
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
