import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MutantError, mutated, type SourceMutant } from './source-mutant.ts';
import type { WrapperMutant } from './wrapper-mutant.ts';
import { WRAPPER_MUTANTS } from './wrappers.ts';

export type Mutant = WrapperMutant | SourceMutant;

/** The folder that a mutant's `file` is looked up in. */
export const ROOT = join(import.meta.dirname, '..', '..');

const HOLDS_MUTANTS = /^of-[a-z0-9-]+\.ts$/;
const IS_KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const PARTS = ['name', 'removes', 'file', 'find', 'put'] as const;

export function isSourceMutant(mutant: Mutant): mutant is SourceMutant {
  return 'find' in mutant;
}

/**
 * Every mutant there is, or those that are named. All of them are looked through before the first one runs: a hunt of
 * minutes should not end with a mutant that cannot be made.
 *
 * @throws MutantError with a line for the first mutant that is not right, or the first name that nobody bears
 */
export async function allMutants(names?: readonly string[]): Promise<readonly Mutant[]> {
  const mutants = [...WRAPPER_MUTANTS, ...(await sourceMutants())];
  const byName = new Map<string, Mutant>();
  for (const mutant of mutants) {
    if (byName.has(mutant.name)) throw new MutantError(`mutant ${mutant.name}: there are two of this name`);
    byName.set(mutant.name, mutant);
  }

  const unknown = names?.find((name) => !byName.has(name));
  if (unknown !== undefined) throw new MutantError(`no mutant is called ${unknown}`);

  const chosen = mutants.filter(({ name }) => names?.includes(name) ?? true);
  for (const mutant of chosen.filter(isSourceMutant)) mutated(textOf(mutant), mutant);
  return chosen;
}

async function sourceMutants(): Promise<SourceMutant[]> {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => HOLDS_MUTANTS.test(name))
    .sort();
  const found: SourceMutant[] = [];
  for (const file of files) {
    for (const candidate of Object.values(await load(file)).flat()) found.push(asMutant(candidate, file));
  }
  return found;
}

async function load(file: string): Promise<object> {
  try {
    return await import(join(import.meta.dirname, file));
  } catch (error) {
    throw new MutantError(`${file} cannot be loaded: ${String(error)}`);
  }
}

function asMutant(candidate: unknown, file: string): SourceMutant {
  const isWhole = isRecord(candidate) && PARTS.every((part) => typeof candidate[part] === 'string');
  if (!isWhole) throw new MutantError(`${file} exports something that is no list of mutants`);
  const mutant = candidate as unknown as SourceMutant;
  if (!IS_KEBAB_CASE.test(mutant.name)) {
    throw new MutantError(`${file}: the name of mutant ${mutant.name} is not kebab-case`);
  }
  return mutant;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textOf({ name, file }: SourceMutant): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch {
    throw new MutantError(`mutant ${name}: there is no file ${file}`);
  }
}
