/**
 * A switch node's process, the hot path alone: listeners, legs, the journal's writer, recovery, status. What follows a
 * reply is the worker's (worker.ts): a row in the queue is all that it is told, so that the two may live on different
 * machines, and a node without a worker goes on authorising. The heads of the chain that this process writes are signed
 * here, from its memory: whoever else signed them would have to believe the database.
 */
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
import type { NetworkSettings, Settings } from './config/settings.ts';
import { checkDatabase } from './database/check-database.ts';
import { StandbyWatch } from './database/standby.ts';
import type { AlertBook } from './fallback/alerts.ts';
import { FollowUpHealthReader, FollowUpWatch } from './follow-up/queue-health.ts';
import { PostgresEntryLines } from './fraud/entry-lines.ts';
import { JournalFollower } from './fraud/follow-journal.ts';
import type { PostgresJournal } from './journal/postgres-journal.ts';
import { PostgresClockRecords } from './node/clock-records.ts';
import { ClockWatch, DEFAULT_CLOCK_TOLERANCE_MS } from './node/clock-watch.ts';
import { crashCheckpoint, withCrashPoints } from './node/crash-checkpoint.ts';
import { FloodWatch } from './node/flood-watch.ts';
import { FraudAlarm } from './node/fraud-alarm.ts';
import { openGatewayStores } from './node/gateway-stores.ts';
import { PostgresLifeRecords } from './node/life-records.ts';
import { LifeWatch } from './node/life-watch.ts';
import { LogWatch } from './node/log-watch.ts';
import { openParts, publishHeads } from './node/process-parts.ts';
import { readinessOf } from './node/readiness.ts';
import { type RunningSwitch, startSwitch } from './node/start-switch.ts';
import { type NodeStatus, serveStatus } from './node/status-server.ts';
import type { OwnCopy } from './own-copy/own-copy.ts';
import { ProjectionReader } from './projection/projection-reader.ts';
import { SettingsFollower } from './settings-store/settings-follower.ts';
import { SettingsStore } from './settings-store/settings-store.ts';

/** How long what is in flight may take to be answered when the node is asked to stop. */
const DRAIN_MS = 2_500;
/** Of the looks at follow-ups, one a second, how many look at the projection too. */
const PROJECTION_EVERY = 10;

const clock = systemClock;
const random = systemRandom;
const { log: unbounded, losses } = openLog('switch');
const log = boundedLog(unbounded, clock);
if (!forbidCoreDumps()) log.warn({ event: 'switch.core-dumps' });
const production = process.env['NODE_ENV'] === 'production';

const settingsFile = process.env['SWITCH_SETTINGS_FILE'];
if (!settingsFile) throw new Error('SWITCH_SETTINGS_FILE must name the settings file of this node');
const synchronousStandby = process.env['DATABASE_SYNCHRONOUS_STANDBY'];
await serve(readSettings(settingsFile, { production, synchronousStandby }));

/** One switch node: its listeners and its links. What all nodes have in common it takes from the database. */
async function serve(file: Settings): Promise<void> {
  const { databaseUrl, node } = file;
  const { synchronousStandby: demand = 'any' } = file.journal;
  await checkDatabase(file.databaseUrl, demand);
  const store = new SettingsStore(databaseUrl, log);
  const surroundings = { production };
  const follower = new SettingsFollower({ store, process: node, own: file, surroundings, clock, log });
  const settings = await follower.open();
  const own = { settings, name: node, clock, log };
  const ends = { random, sockets: tcpSockets, reached: asTheyAre, production, onFenced: giveWay };
  const opened = await openParts(own, ends);
  const { hsm, journal, copy, networks: links, pop, records, keys, tls } = opened;
  const { appendDeadlineMs: readDeadlineMs } = settings.journal;
  const projection = new ProjectionReader({ databaseUrl, clock, log, readDeadlineMs });

  const { gateway } = settings;
  const storeParts = { hsm, clock, random, log, keyDays: gateway?.vaultKeyDays };
  const gatewayStores = gateway && openGatewayStores(databaseUrl, storeParts);
  const parts = {
    ...opened,
    sockets: tcpSockets,
    batches: projection,
    production,
    ...(gatewayStores && { gatewayStores }),
  };
  const crash = crashCheckpoint(process.env['CRASH_AT'], production);
  const running = await startSwitch(crash ? withCrashPoints(parts, crash) : parts);

  const reader = new FollowUpHealthReader({ databaseUrl, clock, log, projectionEvery: PROJECTION_EVERY });
  const followUps = new FollowUpWatch({ reader, clock, log, alerts: records });
  const { clockToleranceMs: toleranceMs = DEFAULT_CLOCK_TOLERANCE_MS } = settings;
  const clockRecords = new PostgresClockRecords(databaseUrl, node, clock, log);
  const clocks = new ClockWatch({ records: clockRecords, node, clock, log, alerts: records, toleranceMs });
  const logWatch = new LogWatch({ losses, process: node, clock, log, alerts: records });
  const { turnedAway } = opened;
  const floodWatch = new FloodWatch({ turnedAway, node, clock, log, alerts: records });
  const lives = new PostgresLifeRecords(databaseUrl, log);
  const lifeWatch = new LifeWatch({ records: lives, process: node, clock, log, alerts: records });
  const standby = demand === 'required' ? new StandbyWatch(databaseUrl, clock, log) : undefined;
  const heads = publishHeads(own, journal, hsm);
  const fraud = followFraud(settings, running, journal, records);
  const ownStatus = () =>
    nodeStatus(settings, running, { hsm, journal, heads, followUps, clocks, follower, copy, standby, fraud });
  const status = await serveStatus(settings.status, ownStatus, () => hsm.status());

  follower.start((next) => opened.follow(next));
  process.on('SIGHUP', () => tls.reload());
  onShutdown(async () => {
    tls.close();
    await follower.close();
    followUps.close();
    logWatch.close();
    floodWatch.close();
    await lifeWatch.close();
    await standby?.close();
    await fraud?.close();
    await running.close(DRAIN_MS);
    await Promise.all([...links.values()].map((network) => network.close()));
    await Promise.all([pop.close(), status.close(), clocks.close(), records.close(), keys.close()]);
    await opened.deliveries.close();
    await gatewayStores?.close();
    await Promise.all([journal.close(), projection.close(), reader.close(), store.close()]);
    await copy.close();
    await heads.close(journal.isChainFinal);
    await hsm.close();
  }, DRAIN_MS * 3);
  const ports = Object.fromEntries(running.listeners.map(({ name, port }) => [name, port]));
  log.info({ event: 'switch.ready', node, ...ports });
  announceReady({ ...ports, status: status.port });
}

function asTheyAre(networks: readonly NetworkSettings[]): readonly NetworkSettings[] {
  return networks;
}

/** Another process has this node's work, and nothing that this one does counts: its supervisor starts a new one. */
function giveWay(): void {
  log.error({ event: 'switch.fenced' });
  process.exit(1);
}

/** Tells the rules of fraud what other nodes write; nothing where there are none. */
function followFraud(
  { node, databaseUrl, fraud, journal: { appendDeadlineMs } }: Settings,
  { fraud: watch }: RunningSwitch,
  { epoch }: Pick<PostgresJournal, 'epoch'>,
  alerts: AlertBook,
) {
  if (!watch) return undefined;
  const lines = new PostgresEntryLines(databaseUrl, log, appendDeadlineMs);
  const { lookBackMs } = fraud ?? {};
  const follower = new JournalFollower({ lines, watch, node, epoch, lookBackMs, clock, log });
  const alarm = new FraudAlarm({ status: () => watch.status(), node, clock, log, alerts });
  return {
    status: () => ({ ...watch.status(), journal: follower.status() }),
    async close() {
      alarm.close();
      await follower.close();
      await lines.close();
    },
  };
}

interface Watched {
  readonly hsm: HsmClient;
  readonly journal: Pick<PostgresJournal, 'unwritable'>;
  readonly heads: HeadPublisher;
  readonly followUps: FollowUpWatch;
  readonly clocks: ClockWatch;
  readonly follower: SettingsFollower;
  readonly copy: OwnCopy;
  readonly standby: StandbyWatch | undefined;
  readonly fraud: ReturnType<typeof followFraud>;
}

function nodeStatus(
  settings: Settings,
  { ports, listeners, gate, modes, scenarios }: RunningSwitch,
  { hsm, journal, heads, followUps, clocks, follower, copy, standby, fraud }: Watched,
): NodeStatus {
  const networks = Object.fromEntries([...ports.networks].map(([name, link]) => [name, link.state()]));
  const [connected, database] = [hsm.connected(), followUps.status() !== null];
  const written = { unwritable: journal.unwritable, standby: standby?.problem() };
  return {
    node: settings.node,
    ...readinessOf({ hsm: connected, database, networks, ...written }),
    hsm: connected ? 'connected' : 'disconnected',
    database: database ? 'answers' : 'silent',
    ...written,
    networks,
    clock: clocks.status() ?? null,
    log: losses(),
    inFlight: ports.inFlight.size,
    unsettled: ports.unsettled.size,
    lateReplies: ports.lateReplies.count,
    unmatchedReversals: ports.inFlight.recent.unmatched,
    admission: gate.status(),
    degradedModes: modes.open(),
    scenarios: scenarios.counts(),
    audit: heads.status(),
    ownCopy: copy.status(),
    followUps: followUps.status(),
    settings: follower.status(),
    fraud: fraud?.status(),
    listeners: listeners.map((listener) => ({
      name: listener.name,
      port: listener.port,
      connections: listener.connections(),
    })),
  };
}
