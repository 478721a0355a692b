/**
 * The worker's process: follow-ups, projection, and the heads of the chain that it writes itself. It has a lease of its
 * own, links, keys and a connection to the HSM, and shares nothing with a switch but the database. It runs below the
 * switch in priority, on the switch's machine or on another, and several may run: `WORKER_ID` tells those of one node
 * apart. `WORKER_STATUS_PORT` gives it a status page on loopback.
 */
import { getPriority, setPriority } from 'node:os';
import type { NetworkConnector } from '../connectors/index.ts';
import type { HsmClient } from '../hsm/index.ts';
import {
  announceReady,
  boundedLog,
  forbidCoreDumps,
  onShutdown,
  openLog,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../runtime/index.ts';
import type { HeadPublisher } from './audit/publisher.ts';
import { readSettings } from './config/read-settings.ts';
import type { Settings } from './config/settings.ts';
import { workerName } from './config/worker-name.ts';
import { checkDatabase } from './database/check-database.ts';
import { PostgresAwaitedProofs } from './follow-up/awaited-proofs.ts';
import { PostgresDueHolds } from './follow-up/due-holds.ts';
import type { PostgresJournal } from './journal/postgres-journal.ts';
import { workerNetworks } from './node/connect-networks.ts';
import { crashCheckpoint, withCrashPoints } from './node/crash-checkpoint.ts';
import { PostgresLifeRecords } from './node/life-records.ts';
import { LifeWatch } from './node/life-watch.ts';
import { LogWatch } from './node/log-watch.ts';
import { openParts, type ProcessParts, publishHeads } from './node/process-parts.ts';
import { readinessOf } from './node/readiness.ts';
import { type RunningWorker, startWorker } from './node/start-worker.ts';
import { serveStatus, type WorkerStatus } from './node/status-server.ts';
import { ProjectionReader } from './projection/projection-reader.ts';
import { SettingsFollower } from './settings-store/settings-follower.ts';
import { SettingsStore } from './settings-store/settings-store.ts';

/** How long it may take to stop: the follow-ups that run, and the links after them. */
const STOP_WITHIN_MS = 15_000;
const NICENESS = 10;
/** What a look at the projection may take. */
const READ_MS = 5_000;

const clock = systemClock;
const random = systemRandom;
const { log: unbounded, losses } = openLog('worker');
const log = boundedLog(unbounded, clock);
if (!forbidCoreDumps()) log.warn({ event: 'worker.core-dumps' });
const production = process.env['NODE_ENV'] === 'production';

const settingsFile = process.env['SWITCH_SETTINGS_FILE'];
if (!settingsFile) throw new Error('SWITCH_SETTINGS_FILE must name the settings file of the node');
standBack();
const synchronousStandby = process.env['DATABASE_SYNCHRONOUS_STANDBY'];
await work(readSettings(settingsFile, { production, synchronousStandby }));

async function work(file: Settings): Promise<void> {
  const name = workerName(file.node, process.env['WORKER_ID']);
  await checkDatabase(file.databaseUrl, file.journal.synchronousStandby);
  const store = new SettingsStore(file.databaseUrl, log);
  const surroundings = { production };
  const follower = new SettingsFollower({ store, process: name, own: file, surroundings, clock, log });
  const settings = await follower.open();
  const own = { settings, name, clock, log };
  const ends = { random, sockets: tcpSockets, reached: workerNetworks, production, onFenced: giveWay };
  const opened = await openParts(own, ends);
  const { hsm, journal, copy, networks, pop, records, keys, tls } = opened;
  const proofs = new PostgresAwaitedProofs(settings.databaseUrl, log);
  const holds = new PostgresDueHolds(settings.databaseUrl, log);
  const { databaseUrl } = settings;
  const payments = new ProjectionReader({ databaseUrl, clock, log, readDeadlineMs: READ_MS });

  const parts = { ...opened, proofs, holds, payments };
  const crash = crashCheckpoint(process.env['CRASH_AT'], production);
  const running = await startWorker(crash ? withCrashPoints(parts, crash) : parts);

  const logWatch = new LogWatch({ losses, process: name, clock, log, alerts: records });
  const lives = new PostgresLifeRecords(settings.databaseUrl, log);
  const lifeWatch = new LifeWatch({ records: lives, process: name, clock, log, alerts: records });
  const heads = publishHeads(own, journal, hsm);
  const ownStatus = () => workerStatus(own, { running, networks, hsm, journal, heads, follower });
  const port = process.env['WORKER_STATUS_PORT'];
  const address = { host: '127.0.0.1', port: Number(port) };
  const status = port ? await serveStatus(address, ownStatus, () => hsm.status()) : undefined;

  follower.start((next) => opened.follow(next));
  process.on('SIGHUP', () => tls.reload());
  onShutdown(async () => {
    tls.close();
    await follower.close();
    logWatch.close();
    await lifeWatch.close();
    await running.stop();
    await Promise.all([...networks.values()].map((network) => network.close()));
    await Promise.all([
      pop.close(),
      status?.close(),
      records.close(),
      opened.deliveries.close(),
      keys.close(),
      proofs.close(),
      holds.close(),
      payments.close(),
      store.close(),
    ]);
    await journal.close();
    await copy.close();
    await heads.close(journal.isChainFinal);
    await hsm.close();
  }, STOP_WITHIN_MS);
  log.info({ event: 'worker.ready', worker: name });
  announceReady({ worker: name, ...(status && { status: status.port }) });
}

/** What is followed up later is not lost, but an answer that leaves late is: the switch comes first. */
function standBack(): void {
  try {
    if (getPriority() < NICENESS) setPriority(NICENESS);
  } catch (error) {
    log.warn({ event: 'worker.priority', err: error });
  }
}

/** Another process has this worker's name, and nothing that this one does counts: its supervisor starts a new one. */
function giveWay(): void {
  log.error({ event: 'worker.fenced' });
  process.exit(1);
}

interface Working {
  readonly running: RunningWorker;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly hsm: HsmClient;
  readonly journal: Pick<PostgresJournal, 'isReachable' | 'unwritable'>;
  readonly heads: HeadPublisher;
  readonly follower: SettingsFollower;
}

function workerStatus(
  { settings, name }: ProcessParts,
  { running, networks, hsm, journal, heads, follower }: Working,
): WorkerStatus {
  const links = Object.fromEntries([...networks].map(([network, link]) => [network, link.state()]));
  const [connected, database] = [hsm.connected(), journal.isReachable];
  return {
    worker: name,
    node: settings.node,
    ...readinessOf({ hsm: connected, database, unwritable: journal.unwritable, networks: links }),
    hsm: connected ? 'connected' : 'disconnected',
    database: database ? 'answers' : 'silent',
    networks: links,
    log: losses(),
    isProjecting: running.projector.isProjecting,
    proofs: running.sweeper.state,
    degradedModes: running.modes.open(),
    scenarios: running.scenarios.counts(),
    audit: heads.status(),
    settings: follower.status(),
  };
}
