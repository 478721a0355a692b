import type { PaymentHsmClient } from '../hsm/index.ts';
import type { Log } from '../runtime/index.ts';
import { HeadPublisher } from '../switch/audit/publisher.ts';
import { AUDIT_DEFAULTS } from '../switch/config/audit.ts';
import type { Settings } from '../switch/config/settings.ts';
import { NumberSpace } from '../switch/numbers/number-space.ts';
import type { Numbers } from '../switch/numbers/numbers.ts';
import type { Checkpoint } from '../switch/ports.ts';
import { SettingsFollower } from '../switch/settings-store/settings-follower.ts';
import type { FaultPlan } from './faults.ts';
import type { GuestHosts } from './guests/guest-networks.ts';
import type { MerchantInbox } from './guests/merchant-inbox.ts';
import type { WrapperMutant } from './mutants/wrapper-mutant.ts';
import { isWorker } from './peers/names.ts';
import type { Networks } from './peers/networks.ts';
import type { ProofService } from './peers/proof-service.ts';
import { endedEpochsOf, type HeadDisks } from './world/audit.ts';
import type { Database } from './world/database.ts';
import { type HsmCapacity, simHsm } from './world/hsm.ts';
import { openJournal, type SimJournal } from './world/journal.ts';
import type { LogCapture } from './world/log-capture.ts';
import type { Network } from './world/network.ts';
import type { SeededRandom } from './world/seeded-random.ts';
import type { SettingsVersions } from './world/settings-versions.ts';
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
  /** Absent where settings never change. */
  readonly versions?: SettingsVersions | undefined;
  readonly mutant: WrapperMutant;
  /** Absent: it does whatever is asked of it. */
  readonly hsmCapacity?: HsmCapacity;
}

const STOPPED_WITHIN_MS = 7_500;
const RESTART_AFTER_MS = 1_000;
const USUAL_LEASE_MS = 10_000;
const LOOPBACK = '127.0.0.1';

/** What a process of the switch opens first, whatever it is for. */
export interface Opened {
  readonly log: Log;
  readonly journal: SimJournal;
  readonly hsm: PaymentHsmClient;
  readonly numbers: Numbers;
}

/** One process of the switch: lives one after the other, dying and rising as the faults will. */
export abstract class ProcessLives {
  readonly name: string;
  protected readonly settings: Settings;
  protected readonly around: Surroundings;
  protected readonly random: SeededRandom;
  protected life: SimProcess | undefined;
  #crashAt: { name: Checkpoint; remaining: number; crash: () => void } | undefined;
  #crashesOverIncrements: (() => void) | undefined;
  protected crashesOverKeys: (() => void) | undefined;
  /** Lives so far. */
  lives = 0;
  /** When each life began, in virtual time. */
  readonly startedAt: number[] = [];

  constructor(name: string, settings: Settings, around: Surroundings) {
    this.name = name;
    this.settings = settings;
    this.around = around;
    this.random = around.world.random.stream(name);
  }

  /** Opens what a life needs, and sets it to work. */
  protected abstract begin(life: SimProcess): Promise<void>;
  /** What ends it in an orderly way; nothing where it is not at work. */
  protected abstract ending(): (() => Promise<void>) | undefined;
  /** What a life had is gone with it. */
  protected abstract forget(): void;

  get isUp(): boolean {
    return this.ending() !== undefined && this.life !== undefined && !this.life.isDead;
  }

  /** Begins a new life, unless one is under way; a life that cannot begin is tried again, as a supervisor would. */
  start(): void {
    if (this.life && !this.life.isDead) return;
    this.lives += 1;
    this.startedAt.push(this.around.world.now);
    const life = new SimProcess(this.name, this.around.world);
    this.life = life;
    this.forget();
    this.around.world.tell(this.name, () => `starts, life ${this.lives}`);
    life.onDeath(() => {
      if (this.life === life) this.forget();
    });
    this.begin(life).catch((error) => {
      this.around.world.tell(this.name, () => `could not start: ${error}`);
      this.#die(life);
      this.around.world.scheduler.after(RESTART_AFTER_MS, 'supervisor', () => this.start());
    });
  }

  /** kill -9, or the loss of its power: then nobody is told. */
  crash(how: 'killed' | 'power lost', downMs: number): void {
    const { world, network } = this.around;
    if (!this.life || this.life.isDead) return;
    if (isWorker(this.name)) world.sometimes('a worker died alone');
    world.tell(this.name, () => `${how}, back in ${downMs.toFixed(0)} ms`);
    if (how === 'power lost') network.losePower(this.life);
    this.#die(this.life);
    world.scheduler.after(downMs, 'supervisor', () => this.start());
  }

  crashAt(name: Checkpoint, count: number, downMs: number): void {
    this.#crashAt = { name, remaining: count, crash: () => this.crash('killed', downMs) };
  }

  crashOverIncrements(downMs: number): void {
    this.#crashesOverIncrements = () => this.crash('killed', downMs);
  }

  crashOverKeys(downMs: number): void {
    this.crashesOverKeys = () => this.crash('killed', downMs);
  }

  /** Killed again and again, hardly up, until `to`. */
  crashUntil(to: number): void {
    const { world } = this.around;
    if (world.now >= to) return;
    this.crash('killed', this.random.between(20, 100));
    world.scheduler.after(this.random.between(150, 400), 'crash loop', () => this.crashUntil(to));
  }

  pause(ms: number): void {
    const { life } = this;
    if (!life || life.isDead) return;
    const { world } = this.around;
    world.tell(this.name, () => `paused for ${ms.toFixed(0)} ms`);
    life.pause();
    world.scheduler.after(ms, 'resume', () => {
      world.tell(this.name, () => 'goes on');
      life.resume();
    });
  }

  /** Stops as the service does when it is asked to, then starts again. */
  restart(downMs: number): void {
    const { life } = this;
    const end = this.ending();
    if (!life || life.isDead || life.isPaused || !end) return;
    const { world } = this.around;
    world.tell(this.name, () => 'is asked to stop');
    const over = () => {
      world.tell(this.name, () => 'has stopped');
      this.#die(life);
      world.scheduler.after(downMs, 'supervisor', () => this.start());
    };
    const patience = life.clock.after(STOPPED_WITHIN_MS, over);
    void (async () => {
      await end();
      patience.cancel();
      if (!life.isDead) over();
    })();
  }

  stepClock(ms: number): void {
    this.around.world.tell(this.name, () => `wall clock steps by ${ms} ms`);
    this.life?.stepWallClock(ms);
  }

  /** Dies there, where it is to. */
  protected passed(name: Checkpoint): void {
    if (name === 'intended' && this.around.database.tables.newest === 'increment-intended') {
      const crash = this.#crashesOverIncrements;
      this.#crashesOverIncrements = undefined;
      crash?.();
    }
    const plan = this.#crashAt;
    if (!plan || plan.name !== name) return;
    plan.remaining -= 1;
    if (plan.remaining > 0) return;
    this.around.world.tell(this.name, () => `passes the checkpoint ${name}`);
    plan.crash();
  }

  protected async open(life: SimProcess): Promise<Opened> {
    const { world, database, faults, logs, hsmCapacity } = this.around;
    const log = logs.logOf(life);
    const journal = await openJournal(database, life, this.random.stream(`journal ${this.lives}`), {
      ...this.settings.journal,
      node: this.name,
      log,
      onFenced: () => this.#giveWay(life),
    });
    const chance = this.random.stream(`hsm ${this.lives}`);
    const hsm = simHsm(life, chance, () => faults.hsm(world.now), hsmCapacity);
    return { log, journal, hsm, numbers: await this.#openNumbers(life, log) };
  }

  protected publishHeads(
    life: SimProcess,
    { journal, hsm, log }: Pick<Opened, 'journal' | 'hsm' | 'log'>,
  ): HeadPublisher {
    const { database, headDisks } = this.around;
    const { key, ...when } = AUDIT_DEFAULTS;
    return new HeadPublisher({
      node: this.name,
      epoch: journal.epoch,
      chain: () => journal.chain,
      signer: { publicKey: () => hsm.publicKey(key), sign: (text) => hsm.sign(key, Buffer.from(text)) },
      book: headDisks.bookOf(life, this.random.stream(`heads ${this.lives}`)),
      ended: endedEpochsOf(database, life),
      clock: life.clock,
      log,
      ...when,
    });
  }

  /** Absent where settings never change. */
  protected followerOf(life: SimProcess, log: Log): SettingsFollower | undefined {
    const { versions } = this.around;
    if (!versions) return undefined;
    // What no file may say and a run has all the same: hosts that are named as nodes are, and leases of two seconds.
    const listeners = this.settings.listeners.map((listener) => ({ ...listener, host: LOOPBACK }));
    const journal = { ...this.settings.journal, leaseMs: USUAL_LEASE_MS };
    const own = { ...this.settings, listeners, journal };
    const surroundings = { production: false };
    const store = versions.storeOf(life);
    return new SettingsFollower({ store, process: this.name, own, surroundings, clock: life.clock, log });
  }

  /** @throws SettingsError where the version in force does not fit: then it is tried again, as a supervisor would */
  protected async settingsFrom(follower: SettingsFollower | undefined): Promise<Settings> {
    if (!follower) return this.settings;
    const { merchants, terminals, routes, networks } = await follower.open();
    return { ...this.settings, merchants, terminals, routes, networks };
  }

  async #openNumbers({ clock }: SimProcess, log: Log): Promise<Numbers> {
    const { tables } = this.around.database;
    const names = this.settings.networks.map((each) => each.name);
    const reserve = async (name: string, count: number) => tables.reserveNumbers(name, count);
    const space = await NumberSpace.open(names, { reserve, clock, log });
    return {
      next: (name) => space.next(name),
      whose: async (name, rrn) => tables.ofNetwork(name, rrn),
    };
  }

  /** The lease of this life is over: the service exits, and its supervisor starts it anew. */
  #giveWay(life: SimProcess): void {
    this.around.world.tell(this.name, () => 'is fenced');
    this.#die(life);
    this.around.world.scheduler.after(RESTART_AFTER_MS, 'supervisor', () => this.start());
  }

  #die(life: SimProcess): void {
    this.#crashAt = undefined;
    this.crashesOverKeys = undefined;
    this.#crashesOverIncrements = undefined;
    life.kill();
  }
}
