/**
 * Has one process follow the version in force: it looks every second, takes a version as a whole or not at all, and
 * says in the database which one it follows. A version that does not fit this node leaves the one before in force and
 * is told in the node's status; at a start it stops the start. A notification would come sooner by half a second, and
 * would have to be doubted all the same.
 */
import { type Clock, LastingTrouble, type Log, type Timer } from '../../runtime/index.ts';
import { SettingsError, type Surroundings, validateSettings } from '../config/read-settings.ts';
import type { Settings } from '../config/settings.ts';
import { type SharedSettings, sharedProblems, strangersIn, withShared } from '../config/shared-settings.ts';
import type { SettingsStore } from './settings-store.ts';

const LOOK_EVERY_MS = 1_000;
/** So many looks apart it says again that it lives, and tries again what did not fit: a file may be there by then. */
const LOOKS_BETWEEN_REPORTS = 10;

export interface FollowerParts {
  readonly store: Pick<SettingsStore, 'latestNumber' | 'version' | 'report'>;
  /** Under which name the process says what it follows. */
  readonly process: string;
  /** The node's own file. */
  readonly own: Settings;
  readonly surroundings: Surroundings;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FollowedSettings {
  /** 0: none was ever applied, the node's own file holds. */
  readonly version: number;
  /** The version in force, where this process does not follow it. */
  readonly wanted?: number;
  readonly problem?: string;
}

type Follow = (settings: Settings, version: number) => void;

export class SettingsFollower {
  readonly #parts: FollowerParts;
  readonly #notLookedAt: LastingTrouble;
  #status: FollowedSettings = { version: 0 };
  #follow: Follow = () => {};
  #timer: Timer | undefined;
  #looks = 0;
  #isClosed = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#notLookedAt = new LastingTrouble('settings.not-looked-at', parts);
  }

  /** The settings to start with. @throws SettingsError where the version in force does not fit this node */
  async open(): Promise<Settings> {
    const { store, own } = this.#parts;
    const version = await store.latestNumber();
    const settings = version === 0 ? own : await this.#read(version);
    this.#status = { version };
    await this.#report();
    return settings;
  }

  /** From now on every change is told to `follow`, which may refuse it by throwing. */
  start(follow: Follow): void {
    this.#follow = follow;
    this.#lookLater();
  }

  status(): FollowedSettings {
    return this.#status;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => {
      this.#looking = this.#look().then(() => this.#lookLater());
    });
  }

  /** A database that is away changes nothing: what was in force stays so. */
  async #look(): Promise<void> {
    const { store } = this.#parts;
    this.#looks += 1;
    const isRound = this.#looks % LOOKS_BETWEEN_REPORTS === 0;
    try {
      const latest = await store.latestNumber();
      const isTried = latest === this.#status.wanted && !isRound;
      if (latest > this.#status.version && !isTried) await this.#take(latest);
      else if (isRound) await this.#report();
      this.#notLookedAt.over();
    } catch (error) {
      this.#notLookedAt.failed(error);
    }
  }

  async #take(version: number): Promise<void> {
    const { log } = this.#parts;
    try {
      this.#follow(await this.#read(version), version);
      this.#status = { version };
      log.info({ event: 'settings.followed', version });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#status = { version: this.#status.version, wanted: version, problem };
      log.error({ event: 'settings.not-followed', wanted: version, ...this.#status });
    }
    await this.#report();
  }

  /** @throws SettingsError where it does not fit this node */
  async #read(version: number): Promise<Settings> {
    const { store, own, surroundings } = this.#parts;
    const source = `version ${version} of the shared settings`;
    const stored = await store.version(version);
    if (!stored) throw new SettingsError(source, ['it cannot be read']);
    return fitted(own, stored.content, source, surroundings);
  }

  async #report(): Promise<void> {
    const { store, process } = this.#parts;
    const { version, problem } = this.#status;
    await store.report(process, version, problem);
  }
}

/** A node's settings with a shared version in the place of its own part. @throws SettingsError where they do not fit */
export function fitted(
  own: Settings,
  shared: SharedSettings,
  source: string,
  surroundings: Surroundings,
): Settings {
  const problems = [...sharedProblems(shared)];
  if (problems.length === 0) problems.push(...strangersIn(own, shared));
  if (problems.length > 0) throw new SettingsError(source, problems);
  return validateSettings(withShared(own, shared), source, surroundings);
}
