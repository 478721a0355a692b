import { type NetworkConnector, type NetworkOutcome, popClient } from '../connectors/index.ts';
import type { Random } from '../runtime/index.ts';
import type { HeadPublisher } from '../switch/audit/publisher.ts';
import { followedDirectory } from '../switch/config/followed-directory.ts';
import type { Settings } from '../switch/config/settings.ts';
import { ProofSweeper } from '../switch/follow-up/proof-sweeper.ts';
import { followUpTasks } from '../switch/follow-up/tasks.ts';
import { connectNetwork } from '../switch/node/connect-networks.ts';
import { followedNetworks } from '../switch/node/followed-network.ts';
import { onLateAnswer } from '../switch/node/late-answers.ts';
import { type RunningSwitch, type SwitchParts, startSwitch } from '../switch/node/start-switch.ts';
import type { SettingsFollower } from '../switch/settings-store/settings-follower.ts';
import type { GuestNetwork, NetworkName } from './faults.ts';
import { type NodeKeys, openNodeKeys } from './keys/node-keys.ts';
import { deadlineKey, nameOfRequest } from './peers/names.ts';
import { ProcessLives, type Surroundings } from './process-lives.ts';
import { SimAwaitedProofs } from './world/awaited-proofs.ts';
import { SimBatches } from './world/batches.ts';
import { sharedCodec } from './world/codecs.ts';
import { SimFollowUpWorker } from './world/follow-up-queue.ts';
import { simHttp } from './world/http.ts';
import type { SimJournal } from './world/journal.ts';
import { modeRecordsOf, overdueIn } from './world/mode-records.ts';
import type { SimProcess } from './world/sim-process.ts';

const DRAIN_MS = 2_500;
/** How often gates look up: seldom, since most of what happens in a quiet node would be that; and as in service. */
const BEATS_MS = [100, 100, 100, 25] as const;
/** What a new link has, at least, before it takes the place of one that serves. */
const TIME_TO_SIGN_ON_MS = 1_000;

/** A link to a network, and when it was opened. */
interface Opened {
  readonly link: NetworkConnector;
  readonly at: number;
}

interface Parts {
  readonly journal: SimJournal;
  /** Absent where a process of its own has them. */
  readonly follows?: { readonly worker: SimFollowUpWorker; readonly sweeper: ProofSweeper } | undefined;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly heads: HeadPublisher;
  readonly keys: NodeKeys | undefined;
  readonly follower: SettingsFollower | undefined;
}

/** One switch node with the real core; what follows a reply is done in it too, unless a worker is apart. */
export class SwitchNode extends ProcessLives {
  readonly #beatMs: number;
  readonly #hasWorker: boolean;
  #running: RunningSwitch | undefined;
  #isStopping = false;
  #parts: Parts | undefined;

  /** @param hasWorker whether a process of its own does what follows a reply */
  constructor(settings: Settings, around: Surroundings, hasWorker = false) {
    super(settings.node, settings, around);
    this.#hasWorker = hasWorker;
    this.#beatMs = around.world.random.stream('pace').pick(BEATS_MS);
  }

  get unsettled(): number {
    return this.isUp ? (this.#running?.ports.unsettled.size ?? 0) : 0;
  }

  get inFlight(): number {
    return this.isUp ? (this.#running?.ports.inFlight.size ?? 0) : 0;
  }

  /** What is left at work, by what it is; nothing once all is over. */
  get atWork(): Readonly<Record<string, number>> {
    const running = this.#running;
    if (!this.isUp || !running) return {};
    const { gate, ports } = running;
    const { atWork, waiting, mustServe } = gate.status();
    return {
      'requests in flight': ports.inFlight.size,
      'decisions open': ports.unsettled.size,
      'calls at work': atWork,
      'requests waiting': waiting,
      'messages that must be served': mustServe.atWork + mustServe.waiting,
    };
  }

  protected forget(): void {
    this.#running = undefined;
  }

  protected ending(): (() => Promise<void>) | undefined {
    const [running, parts] = [this.#running, this.#parts];
    if (!running || !parts) return undefined;
    return async () => {
      this.#isStopping = true;
      await parts.follower?.close();
      await running.close(DRAIN_MS);
      parts.keys?.close();
      await Promise.all([parts.follows?.worker.stop(), parts.follows?.sweeper.stop()]);
      await Promise.all([...parts.networks.values()].map((connector) => connector.close()));
      await parts.journal.close();
      await parts.heads.close(parts.journal.isChainFinal);
    };
  }

  protected async begin(life: SimProcess): Promise<void> {
    this.#isStopping = false;
    const { world, network, database, mutant, proofs, inbox } = this.around;
    const { clock } = life;
    const random: Random = this.random.stream(`life ${this.lives}`);
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
    const batches = new SimBatches(database, life, this.random.stream(`batches ${this.lives}`));
    const directory = follower && followedDirectory(settings);
    const networks = new Map<string, NetworkConnector>();
    const parts: SwitchParts = mutant.parts({
      ...opened,
      settings,
      ...(directory && { directory }),
      clock,
      random,
      sockets: network.socketsOf(life),
      networks,
      modeRecords: modeRecordsOf(database, life),
      overdueFollowUps: overdueIn(database, life),
      batches,
      pop: popClient(simHttp(life, proofs, this.random.stream(`http ${this.lives}`))),
      checkpoint: (name) => this.passed(name),
      codecOf: sharedCodec,
      ...(keys && { keys }),
      ...(inbox && { notifications: inbox.notificationsOf(life), alerts: inbox.alertsOf(life) }),
      beatMs: this.#beatMs,
    });
    const links = this.#connectNetworks(networks, parts, keys);
    const running = await startSwitch(parts);
    const follows = this.#hasWorker ? undefined : this.#followUp(life, running, batches);
    this.#running = running;
    follower?.start((next) => {
      links.follow(next.networks);
      directory?.follow(next);
    });
    const heads = this.publishHeads(life, opened);
    this.#parts = { journal, follows, networks, heads, keys, follower };
    world.tell(this.name, () => 'is ready');
  }

  #followUp(life: SimProcess, { ports }: RunningSwitch, payments: SimBatches): Parts['follows'] {
    const { database, mutant } = this.around;
    const tasks = mutant.tasks(followUpTasks({ ...ports, payments }));
    const { concurrency } = this.settings.followUps;
    const worker = new SimFollowUpWorker(database, life, { tasks, log: ports.log, concurrency });
    const sweeper = new ProofSweeper({ ...ports, proofs: new SimAwaitedProofs(database, life) });
    return { worker, sweeper };
  }

  #connectNetworks(
    networks: Map<string, NetworkConnector>,
    parts: SwitchParts,
    keys: NodeKeys | undefined,
  ): { follow(all: Settings['networks']): void } {
    const told = this.around.mutant.lateAnswer(onLateAnswer(parts));
    const links = { ...parts, onLateAnswer: told, ...(keys && { zoneKeys: keys.zoneKeys }) };
    const opened: Opened[] = [];
    const open = (network: Settings['networks'][number]) => {
      const link = this.#observed(connectNetwork(network, links), opened);
      opened.push({ link, at: this.around.world.now });
      return link;
    };
    const followed = followedNetworks(parts.settings.networks, { open, clock: parts.clock, log: parts.log });
    for (const [name, connector] of followed.connectors) networks.set(name, connector);
    return followed;
  }

  /** The network host learns when the switch stops waiting, so as to answer just then. */
  #observed(connector: NetworkConnector, opened: readonly Opened[]): NetworkConnector {
    const { networks, guestHosts, world } = this.around;
    const { deadlines, notAsked } =
      guestHosts?.[connector.name as GuestNetwork] ?? networks[connector.name as NetworkName];
    return {
      ...connector,
      close: (patienceMs) => {
        if (!this.#isStopping) this.#checkTime(connector, opened);
        return connector.close(patienceMs);
      },
      ask: (facts, card, deadline) => {
        const remainingMs = deadline - (this.life?.clock.monotonic() ?? 0);
        const key = deadlineKey({ de41: facts.terminal, de4: String(facts.amount.minorUnits) });
        deadlines.set(key, world.now + remainingMs);
        const asked = connector.ask(facts, card, deadline);
        if (asked.left) {
          void asked.outcome.then((outcome) => this.#checkAbandoned(connector, outcome));
        } else if (asked.outcome.status === 'unreachable') {
          this.#checkLinks(connector, opened);
        }
        if (!asked.left && asked.outcome.status === 'not-asked') {
          const { terminal, amount, localDate, localTime } = facts;
          const numbers = { terminal: terminal.trimEnd(), amount: amount.minorUnits, localDate, localTime };
          notAsked.add(nameOfRequest(numbers, card.pan.reveal()));
        }
        return asked;
      },
    };
  }

  /** I8: a link that serves is let go for one that is signed on, or has had time for it. */
  #checkTime(connector: NetworkConnector, opened: readonly Opened[]): void {
    const { name } = connector;
    const next = opened.findLast(({ link }) => link.name === name);
    if (connector.state() !== 'signed-on' || !next || next.link.state() === 'signed-on') return;
    if (this.around.world.now - next.at >= TIME_TO_SIGN_ON_MS) return;
    this.around.world.violate(
      'I8 liveness',
      `${this.name} let go of its link to ${name} for one not signed on`,
    );
  }

  /** I8: a link that another takes the place of is closed once it has answered, or nobody waits any more. */
  #checkAbandoned({ name }: NetworkConnector, outcome: NetworkOutcome): void {
    if (this.#isStopping || outcome.status !== 'unknown' || outcome.reason !== 'link closed') return;
    this.around.world.violate('I8 liveness', `${this.name} closed its link to ${name} over a request`);
  }

  /**
   * I8: a link that has not signed on yet is not asked where the one before it is there. Links before that one have
   * the data of yesterday: they wait for their answers and bear nothing more.
   */
  #checkLinks(connector: NetworkConnector, opened: readonly Opened[]): void {
    const { name } = connector;
    const before = opened.filter(({ link }) => link.name === name).at(-2);
    if (before?.link.state() !== 'signed-on' || connector.signOns?.() !== 0) return;
    const what = `asked over a link to ${name} that is not signed on, and has another one`;
    this.around.world.violate('I8 liveness', `${this.name} ${what}`);
  }
}
