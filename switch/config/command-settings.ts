import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { databaseProblems } from './database-url.ts';
import { OWN_COPY_DEFAULTS } from './own-copy.ts';
import { readSettings, SettingsError } from './read-settings.ts';
import type { Settings } from './settings.ts';

const DATA_DIR = process.env['DATA_DIR'] ?? '.data';
/** The settings that `npm start` writes for its node. */
const START_SETTINGS = join(DATA_DIR, 'switch.settings.json');

/** The settings file that a command was given, or else what `npm start` has written. @throws SettingsError */
export function commandSettings(file: string | undefined): Settings | undefined {
  const found = file ?? (existsSync(START_SETTINGS) ? START_SETTINGS : undefined);
  if (!found) return undefined;
  return readSettings(found, { production: process.env['NODE_ENV'] === 'production' });
}

/** The options of whatever needs the database. */
export function atDatabase(command: Command): Command {
  return command
    .option(
      '--settings <file>',
      'settings of a switch node, for its database; absent: DATABASE_URL, else what `npm start` has written',
    )
    .option('--json', 'machine-readable output');
}

/**
 * The database of a command: of its settings file, else DATABASE_URL, else that of `npm start`.
 * @throws SettingsError where in production it would be reached in plain text
 */
export function commandDatabase(file: string | undefined): string {
  const url = file === undefined ? process.env['DATABASE_URL'] : undefined;
  const found = (url && fitDatabase(url)) || commandSettings(file)?.databaseUrl;
  if (found) return found;
  throw new Error('DATABASE_URL is missing, and so is --settings: a settings file of a switch node');
}

/** @returns the address of DATABASE_URL. @throws SettingsError where in production it would be reached in plain text */
export function fitDatabase(databaseUrl: string): string {
  const problems = process.env['NODE_ENV'] === 'production' ? [...databaseProblems(databaseUrl)] : [];
  if (problems.length > 0) throw new SettingsError('DATABASE_URL', problems);
  return databaseUrl;
}

/** Where heads are published, unless the settings say otherwise. */
export function headsFolder(settings: Settings | undefined): string {
  return settings?.audit?.headsFolder ?? join(DATA_DIR, 'audit');
}

/** Where a process keeps its own copy of what it writes, for how long, and how much of it. */
export function ownCopyOf(settings: Settings, process: string) {
  const { folder = join(DATA_DIR, 'own-copy'), ...limits } = settings.ownCopy ?? {};
  return { ...OWN_COPY_DEFAULTS, ...limits, folder: join(folder, process) };
}
