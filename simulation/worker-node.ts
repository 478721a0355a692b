import { type NetworkConnector, popClient } from '../connectors/index.ts';
import type { HeadPublisher } from '../switch/audit/publisher.ts';
import { BusinessCalendar } from '../switch/config/business-calendar.ts';
import type { NetworkSettings, Settings } from '../switch/config/settings.ts';
import type { DegradedModes } from '../switch/fallback/degraded-modes.ts';
import { watchOver } from '../switch/fallback/watch-over.ts';
import { ProofSweeper } from '../switch/follow-up/proof-sweeper.ts';
import { followUpTasks } from '../switch/follow-up/tasks.ts';
import { connectNetwork, workerNetworks } from '../switch/node/connect-networks.ts';
import { followedNetworks } from '../switch/node/followed-network.ts';
import { onLateAnswer } from '../switch/node/late-answers.ts';
import type { SettingsFollower } from '../switch/settings-store/settings-follower.ts';
import { datedJournal } from '../switch/transaction/dated-journal.ts';
import { type NodeKeys, openNodeKeys } from './keys/node-keys.ts';
import { ProcessLives, type Surroundings } from './process-lives.ts';
import { SimAwaitedProofs } from './world/awaited-proofs.ts';
import { SimBatches } from './world/batches.ts';
import { SimFollowUpWorker } from './world/follow-up-queue.ts';
import { simHttp } from './world/http.ts';
import type { SimJournal } from './world/journal.ts';
import { modeRecordsOf, overdueIn } from './world/mode-records.ts';
import type { SimProcess } from './world/sim-process.ts';

interface Parts {
  readonly journal: SimJournal;
  readonly worker: SimFollowUpWorker;
  readonly sweeper: ProofSweeper;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly modes: DegradedModes;
  readonly heads: HeadPublisher;
  readonly keys: NodeKeys | undefined;
  readonly follower: SettingsFollower | undefined;
}

/**
 * A worker as a process of its own, as in service: it has a lease, links and a chain of its own, shares the database
 * with its node and nothing else, and dies alone. It is put together as `switch/node/start-worker.ts` does it, which
 * itself needs PostgreSQL for the queue and the projection.
 */
export class WorkerNode extends ProcessLives {
  #parts: Parts | undefined;

  constructor(settings: Settings, around: Surroundings) {
    super(`${settings.node}.worker`, settings, around);
  }

  protected forget(): void {
    this.#parts = undefined;
  }

  protected ending(): (() => Promise<void>) | undefined {
    const parts = this.#parts;
    if (!parts) return undefined;
    return async () => {
      await parts.follower?.close();
      parts.modes.close();
      await Promise.all([parts.worker.stop(), parts.sweeper.stop()]);
      await Promise.all([...parts.networks.values()].map((connector) => connector.close()));
      parts.keys?.close();
      await parts.journal.close();
      await parts.heads.close(parts.journal.isChainFinal);
    };
  }

  protected async begin(life: SimProcess): Promise<void> {
    const { world, network, database, mutant, proofs, inbox } = this.around;
    const { name } = this;
    const { clock } = life;
    const opened = await this.open(life);
    const { journal, hsm, log } = opened;
    const follower = this.followerOf(life, log);
    const settings = await this.settingsFrom(follower);
    const keys = await openNodeKeys({
      settings: this.settings,
      database,
      life,
      hsm,
      log,
      random: this.random.stream(`keys ${this.lives}`),
      recorded: () => this.crashesOverKeys?.(),
    });
    const told = inbox && { notifications: inbox.notificationsOf(life), alerts: inbox.alertsOf(life) };
    const used = {
      journal,
      hsm,
      networks: new Map<string, NetworkConnector>(),
      pop: popClient(simHttp(life, proofs, this.random.stream(`http ${this.lives}`))),
    };
    const records = {
      modeRecords: modeRecordsOf(database, life),
      overdueFollowUps: overdueIn(database, life),
    };
    const { fallback } = settings;
    const own = { node: name, ...(fallback && { fallback }) };
    const { modes, ...watched } = watchOver(used, { clock, log, ...records, ...told, settings: own });

    const parts = {
      ...opened,
      ...told,
      settings,
      clock,
      random: this.random.stream(`life ${this.lives}`),
      pop: watched.pop,
      hsm: watched.hsm,
      journal: datedJournal(watched.journal, new BusinessCalendar(settings), clock),
    };
    const links = {
      ...parts,
      sockets: network.socketsOf(life),
      onLateAnswer: mutant.lateAnswer(onLateAnswer(parts)),
      ...(keys && { zoneKeys: keys.zoneKeys }),
    };
    const open = (of: NetworkSettings) => connectNetwork(of, links);
    const followed = followedNetworks(workerNetworks(settings.networks), { open, clock, log });
    const networks = followed.connectors;
    const payments = new SimBatches(database, life, this.random.stream(`batches ${this.lives}`));
    const tasks = mutant.tasks(followUpTasks({ ...parts, networks, payments }));
    const { concurrency } = settings.followUps;
    const worker = new SimFollowUpWorker(database, life, { tasks, log, concurrency });
    const sweeper = new ProofSweeper({ ...parts, proofs: new SimAwaitedProofs(database, life) });
    const heads = this.publishHeads(life, opened);
    follower?.start((next) => followed.follow(workerNetworks(next.networks)));
    this.#parts = { journal, worker, sweeper, networks, modes, heads, keys, follower };
    world.tell(name, () => 'is ready');
  }
}
