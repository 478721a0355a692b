import { globSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the project. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** Whose branches are counted. */
export const CORE = ['switch/', 'connectors/'] as const;

const IS_FOR_TESTS = /\.test\.ts$|\/testing(\.ts$|\/)/;

/** All source files of the core, from the root of the project. */
export function coreFiles(): string[] {
  return CORE.flatMap((room) => globSync(`${room}**/*.ts`, { cwd: ROOT }))
    .filter((file) => !IS_FOR_TESTS.test(file))
    .sort();
}
