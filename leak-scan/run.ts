/**
 * One run: the real system at debug level, every channel used, the mark planted, everything searched. What a run
 * learns is given back; who called it says what that is worth.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Stage } from '../bench/end-to-end/stage/stage.ts';
import { untilInterrupted } from '../bench/end-to-end/stage/until-interrupted.ts';
import { childrenOf } from '../bench/process-cpu.ts';
import { visaControl } from '../simulators/index.ts';
import type { NodeStatus } from '../switch/index.ts';
import { Answers } from './channels/answers.ts';
import { readMetrics, useAdmin, useGateway } from './channels/applications.ts';
import { useCommandLine } from './channels/command-line.ts';
import { useTerminals } from './channels/terminals.ts';
import { crash, reportsIn } from './places/crash-reports.ts';
import { checkpoint, dumpOf } from './places/database.ts';
import { filesOf } from './places/files.ts';
import { memoryOf, type NamedProcess } from './places/memory.ts';
import type { Place } from './places/place.ts';
import { blindSpots, drawMark, MARK_VARIABLE, plant } from './planted.ts';
import { type Searched, search } from './search/findings.ts';
import { Needles } from './search/needles.ts';
import { keyCanaries, Wallet } from './secrets/wallet.ts';

export interface RunOrder {
  readonly isShort: boolean;
  readonly seed: string;
  say(line: string): void;
}

export interface RunResult extends Searched {
  /** What was looked for: how many values, in how many forms each is told by its findings. */
  readonly canaries: number;
  /** Why it cannot be said that nothing is there: each a sentence. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

const TERMINALS = 10;
const SHORT_BLOCK_MS = 500;
const LONG_BLOCK_MS = 2_000;
/** Until what follows replies has come to its end, and what was in use is let go. */
const QUIET_WITHIN_MS = 20_000;
/** Until a payment that timed out is reversed, on a machine that is busy with other things. */
const FOLLOWED_UP_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 250;
const AFTERWARDS_MS = 3_000;
const LONG_ROUNDS = 5;
const LATEST_ROWS = '1000';
const MUST_HAPPEN = ['authorised', 'declined', 'reversed'] as const;
/**
 * Whose memory is not ours: they stand for networks, for the consensus and for terminals, and hold what those hold.
 */
const OTHERS = /-simulator$/;

export async function runScan(order: RunOrder): Promise<RunResult> {
  const began = performance.now();
  const wallet = new Wallet(order.seed);
  const mark = drawMark(wallet);
  process.env['LOG_LEVEL'] = 'debug';
  if ('digits' in mark.canary.value) process.env[MARK_VARIABLE] = mark.canary.value.digits;

  const stage = new Stage();
  let started: Promise<void> = Promise.resolve();
  let holder: ChildProcess | undefined;
  let result: RunResult | undefined;
  const takeDown = async () => {
    holder?.kill();
    stage.abort();
    await started.catch(() => {});
    await stage.stop();
  };
  await untilInterrupted(takeDown, async () => {
    const blockMs = order.isShort ? SHORT_BLOCK_MS : LONG_BLOCK_MS;
    started = stage.start({ terminals: TERMINALS, blockMs, say: order.say });
    await started;
    const kept = answersKept();
    await useChannels(order, stage, wallet, kept);

    const missing = await whatDidNotHappen(stage);
    const superuserUrl = superuserOf(stage.databaseUrl);
    const ground = { dataDir: stage.folder, superuserUrl, ...kept };
    order.say('planting the mark …');
    holder = await plant(mark, ground);
    await checkpoint(superuserUrl);
    await pause(AFTERWARDS_MS);

    order.say('searching …');
    const userPin = readFileSync(join(stage.folder, 'secrets', 'hsm-user-pin'), 'utf8').trim();
    wallet.keep('user-pin', 'user PIN of the token', { text: userPin });
    const canaries = [...wallet.canaries, ...keyCanaries()];
    const needles = new Needles([...canaries, mark.canary]);
    const processes = processesOf(stage);
    const holding = { name: 'holder', pid: holder.pid ?? 0 };
    const lasting: Place[] = [
      memoryOf([...processes, holding]),
      ...filePlaces(stage.folder),
      dumpOf(superuserUrl),
      ...Object.values(kept),
    ];
    const first = await search(lasting, needles, order.say);
    const ours = processes.filter(({ name }) => !name.startsWith('postgres'));
    const { places, mayDump } = await crash(ours, [stage.folder, process.cwd()]);
    const second = await search([...places, reportsIn(stage.folder)], needles, order.say);

    const searched = joined(first, second);
    const named = ours.map(({ name, pid }) => `${name} (${pid})`);
    const problems = [
      ...missing,
      ...blindSpots(mark, searched.findings, named),
      ...mayDump.map((name) => `crash-reports: the kernel would let ${name} write a core dump`),
    ];
    const seconds = (performance.now() - began) / 1_000;
    result = { ...searched, canaries: canaries.length, problems, seconds };
  });
  if (!result) throw new Error('the run was interrupted');
  return result;
}

type Kept = Readonly<Record<'replies' | 'answers' | 'metrics' | 'printed', Answers>>;

function answersKept(): Kept {
  return {
    replies: new Answers('replies'),
    answers: new Answers('http-answers'),
    metrics: new Answers('metrics'),
    printed: new Answers('command-line'),
  };
}

async function useChannels(
  { isShort, say }: RunOrder,
  stage: Stage,
  wallet: Wallet,
  kept: Kept,
): Promise<void> {
  const { system, folder: dataDir } = stage;
  const { replies, answers, metrics, printed } = kept;
  const rounds = isShort ? 1 : LONG_ROUNDS;
  for (let round = 1; round <= rounds; round += 1) {
    say(`using every channel, round ${round} of ${rounds} …`);
    const drawn = round === 1 ? wallet : wallet.ofRound(round);
    const applications = { system, wallet: drawn, answers };
    await Promise.all([
      useTerminals({ system, dataDir, wallet: drawn, replies }),
      useGateway(applications).then(() => useAdmin(applications)),
      useCommandLine({ system, dataDir, wallet: drawn, printed, isShort }),
    ]);
    await readMetrics(applications, metrics);
  }
  await untilQuiet(system.statusUrl, say);
}

/** A run that approved, declined and reversed nothing has shown nothing about those: the worker is waited for. */
async function whatDidNotHappen({ system }: Stage): Promise<string[]> {
  const network = visaControl(system.visa.controlUrl);
  const end = performance.now() + FOLLOWED_UP_WITHIN_MS;
  for (;;) {
    const { rows } = await network.ledger({ limit: LATEST_ROWS });
    const missing = MUST_HAPPEN.filter((kind) => !rows.some((row) => row.kind === kind));
    if (missing.length === 0 || performance.now() > end) {
      return missing.map(
        (kind) => `the network has nothing that it ${kind}: the channels were not used as they should be`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** Until nothing is at work any more, and what replies left behind has been followed up. */
async function untilQuiet(statusUrl: string, say: (line: string) => void): Promise<void> {
  say('waiting until nothing is at work …');
  const end = performance.now() + QUIET_WITHIN_MS;
  while (performance.now() < end) {
    const { inFlight, unsettled } = (await (await fetch(statusUrl)).json()) as NodeStatus;
    if (inFlight === 0 && unsettled === 0) return;
    await pause(LOOK_EVERY_MS);
  }
}

function processesOf(stage: Stage): NamedProcess[] {
  return Object.entries(stage.system.pids()).flatMap(([name, pid]) => {
    if (pid === undefined || OTHERS.test(name)) return [];
    const own = { name, pid };
    return name === 'postgres' ? [own, ...childrenOf(pid).map((child) => ({ name, pid: child }))] : [own];
  });
}

function filePlaces(folder: string): Place[] {
  const isLog = (path: string) => path.endsWith('.log');
  const isWal = (path: string) => path.startsWith('postgres/cluster/pg_wal/');
  const isRaw = (path: string) => path.startsWith('postgres/cluster/') && !isWal(path);
  return [
    filesOf({ name: 'logs', folder, takes: isLog }),
    filesOf({ name: 'raw-data', folder, takes: (path) => isRaw(path) && !isLog(path) }),
    filesOf({ name: 'wal', folder, takes: isWal }),
    filesOf({
      name: 'files',
      folder,
      takes: (path) => !isLog(path) && !path.startsWith('postgres/cluster/') && !isPlayed(path),
    }),
  ];
}

/** Files that the run itself wrote as a tester would, and the planted report, which is a place of its own. */
function isPlayed(path: string): boolean {
  return path === 'sample.hex' || path === 'report.planted.json';
}

/** The embedded server's superuser has the password of its application. */
function superuserOf(url: string): string {
  const other = new URL(url);
  other.username = 'postgres';
  return other.href;
}

function joined(first: Searched, second: Searched): Searched {
  const sum = (one: Searched['bytes'], other: Searched['bytes']) => new Map([...one, ...other]);
  return {
    findings: [...first.findings, ...second.findings],
    bytes: sum(first.bytes, second.bytes),
    sources: sum(first.sources, second.sources),
  };
}
