/**
 * What a switch and a worker have in common: journal, HSM, links, the keys that change in service, the records of
 * degraded modes, and the heads of the chain that the process itself writes. Each process has its own of all of them.
 * One could have published the heads of the other, but only from what the database says; each knows its own chain from
 * memory.
 */
import { type HttpExchange, type HttpTls, httpExchange, popClient } from '../../connectors/index.ts';
import { connectHsmPool, type PaymentHsmClient } from '../../hsm/index.ts';
import type { Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import { TurnedAway } from '../admission/turned-away.ts';
import { PostgresEndedEpochs } from '../audit/ended-epochs.ts';
import { HeadFolder } from '../audit/head-book.ts';
import { HeadPublisher, type HeadSigner } from '../audit/publisher.ts';
import { AUDIT_DEFAULTS } from '../config/audit.ts';
import { headsFolder, ownCopyOf } from '../config/command-settings.ts';
import { followedDirectory } from '../config/followed-directory.ts';
import { DEFAULT_KEY_LIFE } from '../config/keys.ts';
import type { NetworkSettings, Settings } from '../config/settings.ts';
import { PostgresDeliveries } from '../fallback/notices/postgres-deliveries.ts';
import { readWebhooks } from '../fallback/notices/read-webhooks.ts';
import { webhookSender } from '../fallback/notices/webhook.ts';
import { PostgresFallbackRecords } from '../fallback/postgres-records.ts';
import { createJournal, type PostgresJournal } from '../journal/postgres-journal.ts';
import { KeyBook, type KeyCustodian } from '../keys/key-book.ts';
import { PostgresKeyRecords } from '../keys/postgres-key-records.ts';
import { openZoneKeys } from '../keys/zone-keys.ts';
import { openNumbers } from '../numbers/postgres-numbers.ts';
import { postgresComparison } from '../own-copy/compared-database.ts';
import { KeptFiles } from '../own-copy/kept-files.ts';
import { OwnCopy } from '../own-copy/own-copy.ts';
import type { SealingHsm } from '../sealing/sealing-key.ts';
import { connectNetwork } from './connect-networks.ts';
import { followedNetworks } from './followed-network.ts';
import { onLateAnswer } from './late-answers.ts';
import { TlsEnds } from './tls-ends.ts';

export interface ProcessParts {
  readonly settings: Settings;
  /** Under which this process writes: the node's, or a worker's own. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpeningParts {
  readonly random: Random;
  readonly sockets: Sockets;
  /** Networks as this process reaches them. */
  readonly reached: (networks: readonly NetworkSettings[]) => readonly NetworkSettings[];
  readonly production: boolean;
  /** Another process has this one's name. */
  readonly onFenced: () => void;
}

/** Opens what both are made of, under the names that `startSwitch` and `startWorker` know it by. */
export async function openParts(own: ProcessParts, opening: OpeningParts) {
  const { settings, name, clock, log } = own;
  const { databaseUrl } = settings;
  const { random, sockets, production, onFenced, reached } = opening;
  const hsm = connectHsms(own);
  const copy = openOwnCopy(own, hsm, random);
  const parts = { databaseUrl, node: name, ...settings.journal, clock, log, copy, onFenced };
  const journal = await createJournal(parts);

  const numbers = await openNumbers({
    databaseUrl,
    networks: settings.networks.map((each) => each.name),
    clock,
    log,
  });
  const records = new PostgresFallbackRecords(databaseUrl, log);
  const turnedAway = new TurnedAway();
  const tls = new TlsEnds({ production, clock, log, strangers: settings.strangers, turnedAway });
  const keys = await openKeys(own, hsm);
  const directory = followedDirectory(settings);
  const late = { ...settings };
  const webhooks = readWebhooks(settings.merchants, production);
  const deliveries = new PostgresDeliveries(databaseUrl, log);
  const notifications = { sender: webhookSender(clock), webhooks, deliveries };
  const said = { clock, log, alerts: records, notifications };
  const told = onLateAnswer({ journal, ...said, settings: late, numbers });
  const links = { sockets, tls, clock, random, log, zoneKeys: keys.zoneKeys, onLateAnswer: told };
  const open = (network: NetworkSettings) => connectNetwork(network, links);
  const networks = followedNetworks(reached(settings.networks), { open, clock, log });

  return {
    ...own,
    directory,
    random,
    tls,
    turnedAway,
    hsm,
    journal,
    copy,
    keys,
    networks: networks.connectors,
    numbers,
    pop: popClient(openConsensus(own, tls)),
    records,
    modeRecords: records,
    overdueFollowUps: () => records.overdueFollowUps(),
    alerts: records,
    notifications,
    deliveries,
    /**
     * Takes what all nodes have in common from other settings; what can fail comes first, so that it is all or
     * nothing.
     */
    follow(next: Settings): void {
      const told = readWebhooks(next.merchants, production);
      networks.follow(reached(next.networks));
      directory.follow(next);
      late.terminals = next.terminals;
      webhooks.clear();
      for (const [merchant, webhook] of told) webhooks.set(merchant, webhook);
    },
  };
}

/** Over HTTPS where the address says so; there is no way back to plain text. */
function openConsensus({ settings, clock }: ProcessParts, ends: TlsEnds): HttpExchange {
  const { url, tls } = settings.pop;
  const connect = (of?: HttpTls) => httpExchange(url, clock, of ? { tls: of } : {});
  return tls ? ends.openService('pop', tls, connect) : connect();
}

function connectHsms({ settings, clock, log }: ProcessParts): PaymentHsmClient {
  const { socketPath, furtherSocketPaths = [], requestTimeoutMs } = settings.hsm;
  return connectHsmPool({
    socketPaths: [socketPath, ...furtherSocketPaths],
    requestTimeoutMs,
    clock,
    log,
  });
}

/** What this process writes, kept outside the database. */
function openOwnCopy({ settings, name, clock, log }: ProcessParts, hsm: SealingHsm, random: Random): OwnCopy {
  const { folder, keepMs, maxMegabytes } = ownCopyOf(settings, name);
  const maxBytes = maxMegabytes * 1024 * 1024;
  const files = new KeptFiles({ folder, keepMs, maxBytes, hsm, clock, random, log });
  return new OwnCopy({
    node: name,
    files,
    database: postgresComparison(settings.databaseUrl, name, log),
    log,
  });
}

/** The keys that change in service, and who changes them. */
async function openKeys({ settings, name, clock, log }: ProcessParts, custodian: KeyCustodian) {
  const { databaseUrl, networks, keyLife } = settings;
  const records = new PostgresKeyRecords(databaseUrl, name, { clock, log });
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

/** Signs the ends of the chain that this process writes, from what its own journal knows. */
export function publishHeads(
  { settings, name, clock, log }: ProcessParts,
  journal: PostgresJournal,
  hsm: PaymentHsmClient,
): HeadPublisher {
  const { audit, databaseUrl } = settings;
  const { key, everyMs, everyEntries, lateAfterMs } = { ...AUDIT_DEFAULTS, ...audit };
  const signer: HeadSigner = {
    publicKey: () => hsm.publicKey(key),
    sign: (text) => hsm.sign(key, Buffer.from(text)),
  };
  const book = new HeadFolder(headsFolder(settings), name);
  const ended = new PostgresEndedEpochs(databaseUrl, settings.journal.appendDeadlineMs, log);
  const chain = { node: name, epoch: journal.epoch, chain: () => journal.chain };
  const when = { everyMs, everyEntries, lateAfterMs };
  return new HeadPublisher({ ...chain, signer, book, ended, clock, log, ...when });
}
