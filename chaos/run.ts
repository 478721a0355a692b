import { cpSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Stage } from '../bench/end-to-end/stage/stage.ts';
import { untilInterrupted } from '../bench/end-to-end/stage/until-interrupted.ts';
import { openLog } from '../runtime/index.ts';
import { DEFAULT_FALLBACK } from '../switch/config/fallback.ts';
import type { Settings } from '../switch/index.ts';
import { type BooksRow, closeBooks } from './books.ts';
import type { Fault } from './fault.ts';
import type { Row } from './row.ts';
import { NetworkLine } from './scene/network-line.ts';
import { WrongClock } from './scene/wrong-clock.ts';
import { TillRoom } from './tills/till-room.ts';
import { Operator } from './watch/operator.ts';
import { ReadyWatch } from './watch/ready-watch.ts';
import { runWave } from './wave.ts';

export interface RunOrder {
  readonly waves: readonly (readonly Fault[])[];
  readonly isShort: boolean;
  readonly rate: number;
  readonly seed: number;
  /** Where the logs of all processes are left; absent: nowhere. */
  readonly logs: string | undefined;
  say(line: string): void;
  onRow(row: Row | BooksRow): void;
}

const TERMINALS = 10;
/** As `npm start` has it: a purchase that was not answered is taken back before its proof is final. */
const BLOCK_MS = 6_000;
/** Half an hour of purchases; a run that lasts longer sells nothing more. */
const LONGEST_S = 1_800;
const WARM_UP_MS = 3_000;
/** What a machine with two processors takes that does nothing else. */
const USUAL_START_MS = 15_000;
const CUT_NETWORK = 'visa';

/** Starts everything, runs all waves, closes the books, and takes everything down again, also at Ctrl-C. */
export async function run(order: RunOrder): Promise<void> {
  const stage = new Stage();
  const line = new NetworkLine();
  const tills = new TillRoom();
  const clock = new WrongClock(stage.folder);
  const lasting = new Set<() => Promise<void>>();
  let readyWatch: ReadyWatch | undefined;
  let started: Promise<void> = Promise.resolve();

  const takeDown = async () => {
    tills.stop();
    stage.abort();
    await started.catch(() => {});
    for (const end of lasting) await end().catch(() => {});
    await readyWatch?.stop();
    if (order.logs) keepLogs(stage.folder, order.logs);
    await stage.stop();
    await line.close();
  };
  await untilInterrupted(takeDown, async () => {
    const near = await line.open();
    const settings = (given: Settings) => throughLine(onSharedMachine(given), line, near);
    const { log } = openLog('start', 'info', openSync(join(stage.folder, 'start.log'), 'a', 0o640));
    const staged = { terminals: TERMINALS, blockMs: BLOCK_MS, keepsPorts: true, settings, log };
    const from = performance.now();
    started = stage.start({ ...staged, say: order.say });
    await started;
    const slowness = Math.max(1, (performance.now() - from) / USUAL_START_MS);
    stage.putFirst([tills.pid()]);
    const operator = new Operator(stage.system);
    readyWatch = new ReadyWatch(operator);

    const { rate, seed, isShort, say } = order;
    const tillOrder = { address: stage.address, rate, terminals: TERMINALS, most: rate * LONGEST_S, seed };
    const sinceMs = Date.now();
    await tills.open(tillOrder);
    await pause(WARM_UP_MS);

    const parts = { stage, line, clock, tills, operator, readyWatch, isShort, slowness, lasting, say };
    for (const wave of order.waves) for (const row of await runWave(wave, parts)) order.onRow(row);
    say('closing the books …');
    order.onRow(await closeBooks({ stage, tills, operator, order: tillOrder, sinceMs, slowness }));
  });
}

function keepLogs(from: string, to: string): void {
  cpSync(join(from, 'logs'), to, { recursive: true });
  cpSync(join(from, 'start.log'), join(to, 'start.log'));
}

/** A machine that is busy with other things makes every commit slow, and that is none of the faults. */
function onSharedMachine(settings: Settings): Settings {
  const { journal, hsm, network } = DEFAULT_FALLBACK;
  const { latencyMs } = network;
  return {
    ...settings,
    fallback: { ...DEFAULT_FALLBACK, journal: { ...journal, latencyMs }, hsm: { ...hsm, latencyMs } },
  };
}

/** The first network is reached by a line that can be cut. */
function throughLine(settings: Settings, line: NetworkLine, near: { host: string; port: number }): Settings {
  const networks = settings.networks.map((network) => {
    if (network.name !== CUT_NETWORK) return network;
    line.leadsTo({ host: network.host, port: network.port });
    return { ...network, ...near };
  });
  return { ...settings, networks };
}
