/**
 * `npm start`: the whole system on this machine, one purchase through it, then up until Ctrl-C. HELP lists its options.
 */
import { existsSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { explain, forbidCoreDumps, openLog, VERSION } from '../runtime/index.ts';
import { assertPinnedNode } from './assert-node.ts';
import { CONFIG_FILE, loadStartConfig } from './config/load.ts';
import type { StartConfig } from './config/schema.ts';
import { DeployError } from './errors.ts';
import { describeSystem } from './start/describe.ts';
import { firstPurchase } from './start/first-purchase.ts';
import { privateFolders } from './start/private-folders.ts';
import { progressTo } from './start/progress.ts';
import { type StopPart, startSystem } from './start/system.ts';

const INTERRUPTED = 130;

const HELP = `npm start [-- options]

Starts PostgreSQL, a SoftHSM token, the HSM process, the simulators, one switch node, its worker and the admin API on
this machine, sends one purchase through them, and stays up until Ctrl-C.

  --once           stop after the purchase; exit 0 only if it went through
  --data-dir DIR   where database, token, ledgers and logs lie             (.data)
  --config FILE    what this machine chooses                               (${CONFIG_FILE}, where it is there)
  --help           this page
  --version        the release

docs/deployment.md lists what the file and the environment may say.

Example: npm start -- --once --data-dir .data`;

const SIGNAL_WITHIN_MS = 100;
/** For the services and for PostgreSQL behind them: whoever pressed Ctrl-C has his prompt back within three seconds. */
const PART_STOPS_WITHIN_MS = 1_000;
const progress = progressTo(process.stdout);
const interrupt = new AbortController();
const stops: StopPart[] = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort());
process.stdout.on('error', () => interrupt.abort());
process.exit(await main());

async function main(): Promise<number> {
  try {
    assertPinnedNode();
    const asked = readOptions();
    if (asked.help || asked.version) {
      console.log(asked.help ? HELP : `npm start ${VERSION}`);
      return 0;
    }
    if (process.env['NODE_ENV'] === 'production') throw new DeployError('DEP_NOT_FOR_PRODUCTION', {});
    const isComplete = await run(configOf(asked), asked.once);
    return isComplete ? 0 : INTERRUPTED;
  } catch (error) {
    console.error(`\n${explain(error)}`);
    return 1;
  } finally {
    await stopEverything();
  }
}

function readOptions() {
  const boolean = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const options = { once: boolean, help: boolean, version: boolean, config: text, 'data-dir': text };
  return parseArgs({ options }).values;
}

function configOf(asked: ReturnType<typeof readOptions>): StartConfig {
  const file = asked.config ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  const config = loadStartConfig(file, process.env);
  return { ...config, dataDir: resolve(asked['data-dir'] ?? config.dataDir) };
}

/** Whether all that was asked for happened: the purchase, and staying up until told to stop. */
async function run(config: StartConfig, once: boolean): Promise<boolean> {
  const { signal } = interrupt;
  const logDir = join(config.dataDir, 'logs');
  privateFolders(config.dataDir);
  const { log } = openLog('start', 'info', openSync(join(logDir, 'start.log'), 'a', 0o640));
  if (!forbidCoreDumps()) log.warn({ event: 'start.core-dumps' });
  try {
    progress.say(`etika-payment-integration starts, logs in ${logDir}`);
    const system = await startSystem({
      config,
      progress,
      log,
      signal,
      onStarted: (stop) => stops.push(stop),
    });
    await firstPurchase({ config, system, progress, signal });
    if (once) return true;
    describeSystem(system, progress);
    await aborted(signal);
    return true;
  } catch (error) {
    // A terminal's Ctrl-C reaches the whole group: what a step loses by it may be heard of before the signal is.
    if (await isAbortedSoon(signal)) return !once;
    throw error;
  }
}

function isAbortedSoon(signal: AbortSignal): Promise<boolean> {
  return pause(SIGNAL_WITHIN_MS, false, { signal }).catch(() => true);
}

function aborted(signal: AbortSignal): Promise<void> {
  const forever = setInterval(() => {}, 60_000);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      clearInterval(forever);
      resolve();
    });
  });
}

/**
 * What was started last is stopped first; one part that will not stop does not keep the others. What is killed was in
 * the middle of something, a payment whose network is silent: it is closed at the next start, as after a crash.
 */
async function stopEverything(): Promise<void> {
  if (stops.length === 0) return;
  progress.say('\nStopping …');
  for (const stop of stops.reverse()) {
    await stop(PART_STOPS_WITHIN_MS).catch((error: unknown) => progress.say(`  ✗ ${String(error)}`));
  }
  progress.say('Stopped.');
}
