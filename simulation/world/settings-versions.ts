/**
 * The versions of what all nodes have in common, as the database has them, and which of them each process says that it
 * follows. They change while payments flow: the link to a network is opened anew for some, and some do not fit.
 */

import type { Settings } from '../../switch/config/settings.ts';
import type { SharedSettings } from '../../switch/config/shared-settings.ts';
import { sharedOf } from '../../switch/config/shared-settings.ts';
import type { FollowerParts } from '../../switch/settings-store/settings-follower.ts';
import { isWorker } from '../peers/names.ts';
import type { Database } from './database.ts';
import { MISTAKES } from './settings-mistakes.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

const STATEMENT_MS = 2_000;
/** In one run: now and then, or whenever a node looks. */
const COUNTS = [3, 30, 30] as const;
const HOURS = 24;
/** Of versions: which nobody can follow. */
const UNFIT = 0.3;

export class SettingsVersions {
  readonly #world: World;
  readonly #database: Database;
  readonly #versions: SharedSettings[] = [];
  readonly #unfit = new Set<number>();
  /** By process, the version that it says it follows. */
  readonly followed = new Map<string, number>();

  constructor(world: World, database: Database) {
    this.#world = world;
    this.#database = database;
  }

  /** Operators change what is true of a network; now and then they mistype. The last version fits. */
  schedule(settings: Settings, spanMs: number): void {
    const random = this.#world.random.stream('settings');
    const mistakes = this.#world.random.stream('mistakes in settings');
    const { scheduler } = this.#world;
    const shared = sharedOf(settings);

    const count = random.pick(COUNTS);
    const times = Array.from({ length: count }, () => random.between(0, spanMs)).sort((a, b) => a - b);
    for (const [index, at] of times.entries()) {
      const isUnfit = index < count - 1 && random.chance(UNFIT);
      const name = random.pick(settings.networks as [Settings['networks'][number]]).name;
      const clearingCutOffHour = random.integer(HOURS);
      const networks = shared.networks.map((each) =>
        each.name === name ? { ...each, clearingCutOffHour } : each,
      );
      const fitting = { ...shared, networks };
      const mistake = mistakes.stream(String(index)).pick(MISTAKES as [(typeof MISTAKES)[number]]);
      const content = isUnfit ? (mistake(fitting) as SharedSettings) : fitting;
      scheduler.after(at, 'settings', () => {
        this.#publish(content, isUnfit, isUnfit ? 'that fits nobody' : `of ${name}`);
      });
    }
  }

  get latest(): number {
    return this.#versions.length;
  }

  /** As a process reaches them: through the database, or not at all. */
  storeOf(process: SimProcess): FollowerParts['store'] {
    const ask = async <T>(how: 'read' | 'write', work: () => T): Promise<T> => {
      const connection = this.#database.connect(process, STATEMENT_MS);
      try {
        return await connection[how]('settings', work);
      } finally {
        connection.close();
      }
    };
    return {
      latestNumber: () => ask('read', () => this.latest),
      version: (version) =>
        ask('read', () => {
          const content = this.#versions[version - 1];
          const facts = { version, fingerprint: '', appliedAt: new Date(this.#world.now), by: 'night shift' };
          return content && { ...facts, why: 'simulated', content };
        }),
      report: (name, version, problem) =>
        ask('write', () => {
          this.followed.set(name, version);
          if (this.#unfit.has(version)) {
            this.#world.violate('I10 fail closed', `${name} follows settings ${version}, which fit nobody`);
          }
          const followed = isWorker(name) ? 'settings: followed by a worker' : 'settings: followed';
          if (problem !== undefined) this.#world.sometimes('settings: refused');
          else if (version > 0) this.#world.sometimes(followed);
        }),
    };
  }

  #publish(content: SharedSettings, isUnfit: boolean, which: string): void {
    this.#versions.push(content);
    if (isUnfit) this.#unfit.add(this.latest);
    this.#world.tell('operator', () => `applies settings ${this.latest} ${which}`);
  }
}
