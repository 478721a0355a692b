import { type NetworkConnector, popClient } from '../connectors/index.ts';
import type { PaymentHsmClient } from '../hsm/index.ts';
import type { Log, Random } from '../runtime/index.ts';
import { HeadPublisher } from '../switch/audit/publisher.ts';
import { AUDIT_DEFAULTS } from '../switch/config/audit.ts';
import type { Settings } from '../switch/config/settings.ts';
import { ProofSweeper } from '../switch/follow-up/proof-sweeper.ts';
import { followUpTasks } from '../switch/follow-up/tasks.ts';
import { connectNetworks } from '../switch/node/connect-networks.ts';
import { onLateAnswer } from '../switch/node/late-answers.ts';
import { type RunningSwitch, type SwitchParts, startSwitch } from '../switch/node/start-switch.ts';
import { NumberSpace } from '../switch/numbers/number-space.ts';
import type { Numbers } from '../switch/numbers/numbers.ts';
import type { Checkpoint } from '../switch/ports.ts';
import type { FaultPlan, GuestNetwork, NetworkName } from './faults.ts';
import type { GuestHosts } from './guests/guest-networks.ts';
import type { MerchantInbox } from './guests/merchant-inbox.ts';
import { type NodeKeys, openNodeKeys } from './keys/node-keys.ts';
import type { WrapperMutant } from './mutants/wrapper-mutant.ts';
import { deadlineKey, nameOfRequest } from './peers/names.ts';
import type { Networks } from './peers/networks.ts';
import type { ProofService } from './peers/proof-service.ts';
import { endedEpochsOf, type HeadDisks } from './world/audit.ts';
import { SimAwaitedProofs } from './world/awaited-proofs.ts';
import { SimBatches } from './world/batches.ts';
import { sharedCodec } from './world/codecs.ts';
import type { Database } from './world/database.ts';
import { SimFollowUpWorker } from './world/follow-up-queue.ts';
import { type HsmCapacity, simHsm } from './world/hsm.ts';
import { simHttp } from './world/http.ts';
import { openJournal, type SimJournal } from './world/journal.ts';
import type { LogCapture } from './world/log-capture.ts';
import { modeRecordsOf, overdueIn } from './world/mode-records.ts';
import type { Network } from './world/network.ts';
import type { SeededRandom } from './world/seeded-random.ts';
import { SimProcess } from './world/sim-process.ts';
import type { World } from './world/world.ts';

export interface Surroundings {
  readonly world: World;
  readonly network: Network;
  readonly database: Database;
  readonly networks: Networks;
  readonly guestHosts?: GuestHosts | undefined;
  readonly inbox?: MerchantInbox | undefined;
  readonly proofs: ProofService;
  readonly faults: FaultPlan;
  readonly logs: LogCapture;
  readonly headDisks: HeadDisks;
  readonly mutant: WrapperMutant;
  /** Absent: it does whatever is asked of it. */
  readonly hsmCapacity?: HsmCapacity;
}

const DRAIN_MS = 2_500;
/** How often gates look up: seldom, since most of what happens in a quiet node would be that; and as in service. */
const BEATS_MS = [100, 100, 100, 25] as const;
const RESTART_AFTER_MS = 1_000;

/** One switch node: lives one after the other, each with the real core, dying and rising as the faults will. */
export class SwitchNode {
  readonly name: string;
  readonly #settings: Settings;
  readonly #around: Surroundings;
  readonly #random: SeededRandom;
  readonly #beatMs: number;
  #life: SimProcess | undefined;
  #running: RunningSwitch | undefined;
  #parts:
    | {
        journal: SimJournal;
        worker: SimFollowUpWorker;
        sweeper: ProofSweeper;
        networks: ReadonlyMap<string, NetworkConnector>;
        heads: HeadPublisher;
        keys: NodeKeys | undefined;
      }
    | undefined;
  #crashesOverKeys: (() => void) | undefined;
  #crashAt: { name: Checkpoint; remaining: number; crash: () => void } | undefined;
  /** Lives so far. */
  lives = 0;

  constructor(settings: Settings, around: Surroundings) {
    this.name = settings.node;
    this.#settings = settings;
    this.#around = around;
    this.#random = around.world.random.stream(settings.node);
    this.#beatMs = around.world.random.stream('pace').pick(BEATS_MS);
  }

  get isUp(): boolean {
    return this.#running !== undefined && this.#life !== undefined && !this.#life.isDead;
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

  /** Begins a new life, unless one is under way; a life that cannot begin is tried again, as a supervisor would. */
  start(): void {
    if (this.#life && !this.#life.isDead) return;
    this.lives += 1;
    const life = new SimProcess(this.name, this.#around.world);
    this.#life = life;
    this.#running = undefined;
    this.#around.world.tell(this.name, () => `starts, life ${this.lives}`);
    life.onDeath(() => {
      if (this.#life === life) this.#running = undefined;
    });
    this.#begin(life).catch((error) => {
      this.#around.world.tell(this.name, () => `could not start: ${error}`);
      this.#die(life);
      this.#around.world.scheduler.after(RESTART_AFTER_MS, 'supervisor', () => this.start());
    });
  }

  /** kill -9, or the loss of its power: then nobody is told. */
  crash(how: 'killed' | 'power lost', downMs: number): void {
    const { world, network } = this.#around;
    if (!this.#life || this.#life.isDead) return;
    world.tell(this.name, () => `${how}, back in ${downMs.toFixed(0)} ms`);
    if (how === 'power lost') network.losePower(this.#life);
    this.#die(this.#life);
    world.scheduler.after(downMs, 'supervisor', () => this.start());
  }

  crashAt(name: Checkpoint, count: number, downMs: number): void {
    this.#crashAt = { name, remaining: count, crash: () => this.crash('killed', downMs) };
  }

  crashOverKeys(downMs: number): void {
    this.#crashesOverKeys = () => this.crash('killed', downMs);
  }

  /** Killed again and again, hardly up, until `to`. */
  crashUntil(to: number): void {
    const { world } = this.#around;
    if (world.now >= to) return;
    this.crash('killed', this.#random.between(20, 100));
    world.scheduler.after(this.#random.between(150, 400), 'crash loop', () => this.crashUntil(to));
  }

  pause(ms: number): void {
    const life = this.#life;
    if (!life || life.isDead) return;
    const { world } = this.#around;
    world.tell(this.name, () => `paused for ${ms.toFixed(0)} ms`);
    life.pause();
    world.scheduler.after(ms, 'resume', () => {
      world.tell(this.name, () => 'goes on');
      life.resume();
    });
  }

  /** Stops as the service does when it is asked to, then starts again. */
  restart(downMs: number): void {
    const life = this.#life;
    const running = this.#running;
    const parts = this.#parts;
    if (!life || life.isDead || life.isPaused || !running || !parts) return;
    const { world } = this.#around;
    world.tell(this.name, () => 'is asked to stop');
    const over = () => {
      world.tell(this.name, () => 'has stopped');
      this.#die(life);
      world.scheduler.after(downMs, 'supervisor', () => this.start());
    };
    const patience = life.clock.after(DRAIN_MS * 3, over);
    void (async () => {
      await running.close(DRAIN_MS);
      parts.keys?.close();
      await Promise.all([parts.worker.stop(), parts.sweeper.stop()]);
      await Promise.all([...parts.networks.values()].map((connector) => connector.close()));
      await parts.journal.close();
      await parts.heads.close(parts.journal.isChainFinal);
      patience.cancel();
      if (!life.isDead) over();
    })();
  }

  stepClock(ms: number): void {
    this.#around.world.tell(this.name, () => `wall clock steps by ${ms} ms`);
    this.#life?.stepWallClock(ms);
  }

  /** The lease of this life is over: the service exits, and its supervisor starts it anew. */
  #giveWay(life: SimProcess): void {
    this.#around.world.tell(this.name, () => 'is fenced');
    this.#die(life);
    this.#around.world.scheduler.after(RESTART_AFTER_MS, 'supervisor', () => this.start());
  }

  #die(life: SimProcess): void {
    this.#crashAt = undefined;
    this.#crashesOverKeys = undefined;
    life.kill();
  }

  async #begin(life: SimProcess): Promise<void> {
    const { world, network, database, faults, logs, mutant, proofs, inbox } = this.#around;
    const { clock } = life;
    const random: Random = this.#random.stream(`life ${this.lives}`);
    const log = logs.logOf(life);
    const journal = await openJournal(database, life, this.#random.stream(`journal ${this.lives}`), {
      ...this.#settings.journal,
      node: this.name,
      log,
      onFenced: () => this.#giveWay(life),
    });
    const hsmRandom = this.#random.stream(`hsm ${this.lives}`);
    const hsm = simHsm(life, hsmRandom, () => faults.hsm(world.now), this.#around.hsmCapacity);
    const keys = await openNodeKeys({
      ...{ settings: this.#settings, database, life, hsm, log },
      random: this.#random.stream(`keys ${this.lives}`),
      recorded: () => this.#crashesOverKeys?.(),
    });
    const networks = new Map<string, NetworkConnector>();
    const space = await NumberSpace.open(
      this.#settings.networks.map((each) => each.name),
      { reserve: async (name, count) => database.tables.reserveNumbers(name, count), clock, log },
    );
    const numbers: Numbers = {
      next: (name) => space.next(name),
      whose: async (name, rrn) => database.tables.ofNetwork(name, rrn),
    };
    const parts: SwitchParts = mutant.parts({
      settings: this.#settings,
      clock,
      random,
      sockets: network.socketsOf(life),
      log,
      hsm,
      journal,
      networks,
      numbers,
      modeRecords: modeRecordsOf(database, life),
      overdueFollowUps: overdueIn(database, life),
      batches: new SimBatches(database, life, this.#random.stream(`batches ${this.lives}`)),
      pop: popClient(simHttp(life, proofs, this.#random.stream(`http ${this.lives}`))),
      checkpoint: (name) => this.#passed(name),
      codecOf: sharedCodec,
      ...(keys && { keys }),
      ...(inbox && { notifications: inbox.notificationsOf(life), alerts: inbox.alertsOf(life) }),
      beatMs: this.#beatMs,
    });
    this.#connectNetworks(networks, parts, keys);
    const running = await startSwitch(parts);
    const tasks = mutant.tasks(followUpTasks(running.ports));
    const { concurrency } = this.#settings.followUps;
    const worker = new SimFollowUpWorker(database, life, { tasks, log, concurrency });
    const sweeper = new ProofSweeper({ ...running.ports, proofs: new SimAwaitedProofs(database, life) });
    this.#running = running;
    const heads = this.#publishHeads(life, journal, hsm, log);
    this.#parts = { journal, worker, sweeper, networks, heads, keys };
    world.tell(this.name, () => 'is ready');
  }

  #publishHeads(life: SimProcess, journal: SimJournal, hsm: PaymentHsmClient, log: Log): HeadPublisher {
    const { database, headDisks } = this.#around;
    const { key, ...when } = AUDIT_DEFAULTS;
    return new HeadPublisher({
      node: this.name,
      epoch: journal.epoch,
      chain: () => journal.chain,
      signer: { publicKey: () => hsm.publicKey(key), sign: (text) => hsm.sign(key, Buffer.from(text)) },
      book: headDisks.bookOf(life, this.#random.stream(`heads ${this.lives}`)),
      ended: endedEpochsOf(database, life),
      clock: life.clock,
      log,
      ...when,
    });
  }

  #connectNetworks(
    networks: Map<string, NetworkConnector>,
    parts: SwitchParts,
    keys: NodeKeys | undefined,
  ): void {
    const told = this.#around.mutant.lateAnswer(onLateAnswer(parts));
    const links = connectNetworks(this.#settings.networks, {
      ...parts,
      onLateAnswer: told,
      ...(keys && { zoneKeys: keys.zoneKeys }),
    });
    for (const [name, connector] of links) {
      networks.set(name, this.#observed(connector));
    }
  }

  /** The network host learns when the switch stops waiting, so as to answer just then. */
  #observed(connector: NetworkConnector): NetworkConnector {
    const { networks, guestHosts, world } = this.#around;
    const { deadlines, notAsked } =
      guestHosts?.[connector.name as GuestNetwork] ?? networks[connector.name as NetworkName];
    return {
      ...connector,
      ask: (facts, card, deadline) => {
        const remainingMs = deadline - (this.#life?.clock.monotonic() ?? 0);
        const key = deadlineKey({ de41: facts.terminal, de4: String(facts.amount.minorUnits) });
        deadlines.set(key, world.now + remainingMs);
        const asked = connector.ask(facts, card, deadline);
        if (!asked.left && asked.outcome.status === 'not-asked') {
          const { terminal, amount, localDate, localTime } = facts;
          const numbers = { terminal: terminal.trimEnd(), amount: amount.minorUnits, localDate, localTime };
          notAsked.add(nameOfRequest(numbers, card.pan.reveal()));
        }
        return asked;
      },
    };
  }

  #passed(name: Checkpoint): void {
    const plan = this.#crashAt;
    if (!plan || plan.name !== name) return;
    plan.remaining -= 1;
    if (plan.remaining > 0) return;
    this.#around.world.tell(this.name, () => `passes the checkpoint ${name}`);
    plan.crash();
  }
}
