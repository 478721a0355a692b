/** Which files mutants are made of, and which files of tests may judge them. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, matchesGlob, normalize } from 'node:path';
import { MutateError } from './mutant.ts';

export const ROOT = join(import.meta.dirname, '..');

/** Where money is moved, kept or told of. */
const MONEY_PATH = [
  'switch/{requests,serve,transaction,follow-up,journal,stand-in}/*.ts',
  'connectors/{link,visa,iso87,answers}/*.ts',
];
/** Only a real database, or an operator, would notice what is wrong there. */
const FOR_A_DATABASE = /from '(pg|graphile-worker)'/;
const NO_SUBJECT =
  /\.test\.ts$|\/(testing|cli|errors|index|queue-[a-z-]+|day-keeper|history-reads|postgres-[a-z-]+)\.ts$/;

const TESTS = ['switch/**/*.test.ts', 'connectors/**/*.test.ts', 'test/money/*.test.ts'];
/** A test that starts a server or processes takes longer than a mutant may. */
const SLOW_SUPPORT = ['test/support/postgres.ts', 'test/support/house.ts', 'test/support/role.ts'];
const STARTS_PROCESSES = /from 'node:child_process'/;
const IMPORTED = /(?:from|import\()\s*'(\.{1,2}\/[^']+\.ts)'/g;

/**
 * @param wanted patterns of paths, or bare names as `take-back`; none: the whole money path
 * @throws MutateError where one of them fits nothing
 */
export function subjects(wanted: readonly string[]): readonly string[] {
  const all = globSync(MONEY_PATH, { cwd: ROOT })
    .filter((file) => !NO_SUBJECT.test(file) && !FOR_A_DATABASE.test(textOf(file)))
    .sort();
  if (wanted.length === 0) return all;

  const chosen = wanted.map((pattern) => {
    const fitting = all.filter((file) => matchesGlob(file, pattern) || basename(file, '.ts') === pattern);
    if (fitting.length === 0) throw new MutateError(`no file of the money path fits '${pattern}'`);
    return fitting;
  });
  return [...new Set(chosen.flat())].sort();
}

/**
 * Files of tests that load one of these files, as far as their imports say, and need neither servers nor processes.
 */
export function testsOf(files: readonly string[]): readonly string[] {
  const graph = new ImportGraph();
  return globSync(TESTS, { cwd: ROOT })
    .filter((test) => {
      const loaded = graph.loadedBy(test);
      const isSlow = SLOW_SUPPORT.some((file) => loaded.has(file)) || STARTS_PROCESSES.test(textOf(test));
      return !isSlow && files.some((file) => loaded.has(file));
    })
    .sort();
}

class ImportGraph {
  readonly #imports = new Map<string, readonly string[]>();

  /** With the file itself. */
  loadedBy(file: string): ReadonlySet<string> {
    const loaded = new Set([file]);
    for (const each of loaded) for (const imported of this.#importsOf(each)) loaded.add(imported);
    return loaded;
  }

  #importsOf(file: string): readonly string[] {
    const known = this.#imports.get(file);
    if (known) return known;
    const imports = [...textOf(file).matchAll(IMPORTED)].map(([, path = '']) =>
      normalize(join(dirname(file), path)),
    );
    this.#imports.set(file, imports);
    return imports;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch {
    return ''; // named in a comment or a text
  }
}
