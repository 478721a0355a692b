import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './all-mutants.ts';
import { MutantError, mutated, type SourceMutant } from './source-mutant.ts';

/**
 * From here on, this process loads the mutant's file with the change in it. It has to be called before anything imports
 * that file: what is loaded once stays as it is.
 *
 * @returns to be called when everything was imported: makes sure that the file was among it
 */
export function loadMutated(mutant: SourceMutant): () => void {
  const url = pathToFileURL(join(ROOT, mutant.file)).href;
  let isLoaded = false;
  registerHooks({
    load(wanted, context, nextLoad) {
      const loaded = nextLoad(wanted, context);
      if (wanted !== url) return loaded;
      isLoaded = true;
      return { ...loaded, source: mutated(String(loaded.source), mutant) };
    },
  });
  return () => {
    if (!isLoaded) throw new MutantError(`mutant ${mutant.name}: the simulation never loads ${mutant.file}`);
  };
}
