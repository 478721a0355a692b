/** The dry run that every version passes: the file by itself, beside the node's own file, and the names of its keys. */
import { readFileSync } from 'node:fs';
import { connectHsmPool } from '../../hsm/index.ts';
import { silentLog, systemClock } from '../../runtime/index.ts';
import { commandSettings } from '../config/command-settings.ts';
import { SettingsError } from '../config/read-settings.ts';
import type { Settings } from '../config/settings.ts';
import { type SharedSettings, sharedOf, sharedProblems } from '../config/shared-settings.ts';
import { type Difference, differenceOf, isEmpty } from './difference.ts';
import { missingKeys } from './key-names.ts';
import { fitted } from './settings-follower.ts';
import type { SettingsStore } from './settings-store.ts';

export interface CheckOptions {
  readonly settings?: string;
  readonly hsmSocket?: string;
}

export interface Checked {
  readonly content: unknown;
  /** The version it was compared with; 0 where none was ever applied. */
  readonly inForce: number;
  readonly problems: readonly string[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
  /** Absent where the file cannot be compared. */
  readonly difference?: Difference;
  readonly isSame: boolean;
}

const MAX_FILE_BYTES = 268_435_456;
const HSM_WITHIN_MS = 2_000;
const NOTHING: SharedSettings = { merchants: [], terminals: [], routes: [], networks: [] };

/** A file's content; of a node's settings the shared part. @throws Error where it cannot be read */
export function readShared(file: string): unknown {
  const bytes = readFileSync(file);
  if (bytes.length > MAX_FILE_BYTES) throw new Error(`${file} is longer than ${MAX_FILE_BYTES} bytes`);
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new SettingsError(file, ['is not JSON']);
  }
  return isNode(content) ? sharedOf(content) : content;
}

/** A node's file names its node; shared settings never do. What is amiss in it is found as in any other. */
function isNode(content: unknown): content is Settings {
  const has = (key: string) => typeof content === 'object' && content !== null && Object.hasOwn(content, key);
  return has('node') && has('databaseUrl') && Array.isArray((content as Settings).networks);
}

export async function checkShared(
  content: unknown,
  store: Pick<SettingsStore, 'latestNumber' | 'version'>,
  options: CheckOptions,
): Promise<Checked> {
  const inForce = await store.latestNumber();
  const problems = [...sharedProblems(content)];
  if (problems.length > 0) return { content, inForce, problems, notes: [], isSame: false };

  const shared = content as SharedSettings;
  const own = commandSettings(options.settings);
  problems.push(...(own ? problemsBeside(own, shared) : []));
  const keys = await lookForKeys(shared, options.hsmSocket ?? own?.hsm.socketPath);
  problems.push(...keys.problems);

  const before = (await store.version(inForce))?.content ?? (own ? sharedOf(own) : NOTHING);
  const difference = differenceOf(before, shared);
  const noNode = "no node's settings are here: its networks and listeners were not looked at";
  const notes = [...(own ? [] : [noNode]), ...keys.notes];
  return { content, inForce, problems, notes, difference, isSame: inForce > 0 && isEmpty(difference) };
}

function problemsBeside(own: Settings, shared: SharedSettings): string[] {
  try {
    fitted(own, shared, '', { production: process.env['NODE_ENV'] === 'production' });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return [...error.problems];
    throw error;
  }
}

async function lookForKeys(
  shared: SharedSettings,
  socketPath: string | undefined,
): Promise<{ problems: string[]; notes: string[] }> {
  if (socketPath === undefined) {
    return { problems: [], notes: ['no HSM process is named: the names of keys were not looked at'] };
  }
  const hsm = connectHsmPool({ socketPaths: [socketPath], clock: systemClock, log: silentLog });
  const late = systemClock.after(HSM_WITHIN_MS, () => void hsm.close());
  try {
    await hsm.whenConnected();
    late.cancel();
    const missing = await missingKeys(shared, hsm);
    return { problems: missing.map((name) => `no such key on the token: "${name}"`), notes: [] };
  } catch {
    const note = `the HSM process at ${socketPath} does not answer: the names of keys were not looked at`;
    return { problems: [], notes: [note] };
  } finally {
    late.cancel();
    await hsm.close();
  }
}
