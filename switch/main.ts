import { httpExchange, type LateAnswer, popClient } from '../connectors/index.ts';
import { connectHsmPool, type HsmClient, type PaymentHsmClient } from '../hsm/index.ts';
import {
  announceReady,
  createLog,
  onShutdown,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../runtime/index.ts';
import { PostgresEndedEpochs } from './audit/ended-epochs.ts';
import { HeadFolder } from './audit/head-book.ts';
import { HeadPublisher, type HeadSigner } from './audit/publisher.ts';
import { AUDIT_DEFAULTS } from './config/audit.ts';
import { headsFolder } from './config/command-settings.ts';
import { DEFAULT_KEY_LIFE } from './config/keys.ts';
import { readSettings } from './config/read-settings.ts';
import type { Settings } from './config/settings.ts';
import { readWebhooks } from './fallback/notices/read-webhooks.ts';
import { webhookSender } from './fallback/notices/webhook.ts';
import { PostgresFallbackRecords } from './fallback/postgres-records.ts';
import { PostgresAwaitedProofs } from './follow-up/awaited-proofs.ts';
import { followUpLanes } from './follow-up/lanes.ts';
import { ProofSweeper } from './follow-up/proof-sweeper.ts';
import { startFollowUpWorker } from './follow-up/queue.ts';
import { followUpTasks } from './follow-up/tasks.ts';
import { createJournal, type PostgresJournal } from './journal/postgres-journal.ts';
import { KeyBook, type KeyCustodian } from './keys/key-book.ts';
import { PostgresKeyRecords } from './keys/postgres-key-records.ts';
import { openZoneKeys } from './keys/zone-keys.ts';
import { connectNetworks } from './node/connect-networks.ts';
import { crashCheckpoint, withCrashPoints } from './node/crash-checkpoint.ts';
import { lateAnswer } from './node/late-answers.ts';
import { type RunningSwitch, startSwitch } from './node/start-switch.ts';
import { type NodeStatus, serveStatus } from './node/status-server.ts';
import { TlsEnds } from './node/tls-ends.ts';
import { ProjectionReader } from './projection/projection-reader.ts';
import { Projector } from './projection/projector.ts';

/** How long what is in flight may take to be answered when the node is asked to stop. */
const DRAIN_MS = 2_500;

const clock = systemClock;
const random = systemRandom;
const log = createLog('switch');
const production = process.env['NODE_ENV'] === 'production';

const settingsFile = process.env['SWITCH_SETTINGS_FILE'];
if (!settingsFile) throw new Error('SWITCH_SETTINGS_FILE must name the settings file of this node');
await serve(readSettings(settingsFile, { production }));

/** One switch node: its listeners, its links, its part of the follow-up queue. */
async function serve(settings: Settings): Promise<void> {
  const { databaseUrl, node } = settings;
  const hsm = connectHsms(settings);
  const journal = await createJournal({
    databaseUrl,
    node,
    ...settings.journal,
    clock,
    log,
    onFenced: giveWay,
  });
  const onLateAnswer = (answer: LateAnswer) => {
    lateAnswer(answer, { journal, clock, log }).catch((error: unknown) => {
      log.error({ event: 'network.late-answer-lost', transaction: answer.transaction, err: error });
    });
  };
  const records = new PostgresFallbackRecords(databaseUrl, log);
  const tls = new TlsEnds({ production, clock, log });
  const keys = await openKeys(settings, hsm);
  const { zoneKeys } = keys;
  const links = { sockets: tcpSockets, tls, clock, random, log, onLateAnswer, zoneKeys };
  const networks = connectNetworks(settings.networks, links);
  const pop = popClient(httpExchange(settings.pop.url, clock));
  const { appendDeadlineMs: readDeadlineMs } = settings.journal;
  const projection = new ProjectionReader({ databaseUrl, clock, log, readDeadlineMs });
  const parts = {
    settings,
    clock,
    random,
    sockets: tcpSockets,
    tls,
    log,
    hsm,
    journal,
    networks,
    pop,
    keys,
    batches: projection,
    modeRecords: records,
    overdueFollowUps: () => records.overdueFollowUps(),
    alerts: records,
    notifications: { sender: webhookSender(clock), webhooks: readWebhooks(settings.merchants) },
  };
  const crash = crashCheckpoint(process.env['CRASH_AT'], production);

  const running = await startSwitch(crash ? withCrashPoints(parts, crash) : parts);
  const tasks = followUpTasks(running.ports);
  const { concurrency } = settings.followUps;
  const lanes = followUpLanes(networks.keys());
  const worker = await startFollowUpWorker({ databaseUrl, node, tasks, lanes, clock, log, concurrency });
  const { finalityMs } = settings.pop;
  const cutOverHour = settings.cutOverHour ?? 0;
  const projector = new Projector({ databaseUrl, clock, log, cutOverHour, finalityMs });
  const proofs = new PostgresAwaitedProofs(databaseUrl, log);
  const sweeper = new ProofSweeper({ ...running.ports, proofs });
  const heads = publishHeads(settings, journal, hsm);
  const ownStatus = () => nodeStatus(settings, running, hsm, heads);
  const status = await serveStatus(settings.status, ownStatus, () => hsm.status());

  process.on('SIGHUP', () => tls.reload());
  onShutdown(async () => {
    tls.close();
    await running.close(DRAIN_MS);
    await Promise.all([worker.stop(), sweeper.stop(), projector.stop()]);
    await Promise.all([...networks.values()].map((network) => network.close()));
    await Promise.all([pop.close(), status.close(), records.close(), keys.close(), proofs.close()]);
    await Promise.all([journal.close(), projection.close()]);
    await heads.close(journal.isChainFinal);
    await hsm.close();
  }, DRAIN_MS * 3);
  const ports = Object.fromEntries(running.listeners.map(({ name, port }) => [name, port]));
  log.info({ event: 'switch.ready', node, ...ports });
  announceReady({ ...ports, status: status.port });
}

/** The keys that change in service, and who changes them. */
async function openKeys({ databaseUrl, node, networks, keyLife }: Settings, custodian: KeyCustodian) {
  const records = new PostgresKeyRecords(databaseUrl, node, log);
  const book = new KeyBook({ records, custodian, clock, log });
  const parts = { book, custodian, life: keyLife ?? DEFAULT_KEY_LIFE, clock, log };
  const zoneKeys = await openZoneKeys(networks, parts);
  return {
    book,
    custodian,
    zoneKeys,
    async close() {
      book.close();
      for (const each of zoneKeys.values()) each.close();
      await records.close();
    },
  };
}

function connectHsms({ hsm }: Settings): PaymentHsmClient {
  const { socketPath, furtherSocketPaths = [], requestTimeoutMs } = hsm;
  return connectHsmPool({
    socketPaths: [socketPath, ...furtherSocketPaths],
    requestTimeoutMs,
    clock,
    log,
  });
}

/** Signs the ends of the journal's chain, from what the journal of this process knows. */
function publishHeads(settings: Settings, journal: PostgresJournal, hsm: PaymentHsmClient): HeadPublisher {
  const { node, audit, databaseUrl } = settings;
  const { key, everyMs, everyEntries, lateAfterMs } = { ...AUDIT_DEFAULTS, ...audit };
  const signer: HeadSigner = {
    publicKey: () => hsm.publicKey(key),
    sign: (text) => hsm.sign(key, Buffer.from(text)),
  };
  const book = new HeadFolder(headsFolder(settings), node);
  const ended = new PostgresEndedEpochs(databaseUrl, settings.journal.appendDeadlineMs, log);
  const chain = { node, epoch: journal.epoch, chain: () => journal.chain };
  const when = { everyMs, everyEntries, lateAfterMs };
  return new HeadPublisher({ ...chain, signer, book, ended, clock, log, ...when });
}

/** Another process has this node's work, and nothing that this one does counts: its supervisor starts a new one. */
function giveWay(): void {
  log.error({ event: 'switch.fenced' });
  process.exit(1);
}

function nodeStatus(
  settings: Settings,
  { ports, listeners, modes, scenarios }: RunningSwitch,
  hsm: HsmClient,
  heads: HeadPublisher,
): NodeStatus {
  const networks = Object.fromEntries([...ports.networks].map(([name, link]) => [name, link.state()]));
  const connected = hsm.connected();
  return {
    node: settings.node,
    ready: connected && Object.values(networks).every((state) => state === 'signed-on'),
    hsm: connected ? 'connected' : 'disconnected',
    networks,
    inFlight: ports.inFlight.size,
    unsettled: ports.unsettled.size,
    lateReplies: ports.lateReplies.count,
    degradedModes: modes.open(),
    scenarios: scenarios.counts(),
    audit: heads.status(),
    listeners: listeners.map((listener) => ({
      name: listener.name,
      port: listener.port,
      connections: listener.connections(),
    })),
  };
}
