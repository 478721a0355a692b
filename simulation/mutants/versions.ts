/**
 * Many versions of the core in one process: the one of the sources, and one for each mutant. A version has modules of
 * its own where the mutant's file or what imports it, directly or not, is concerned; all others are those of the
 * sources, loaded and compiled once. So a mutant costs some ten milliseconds. A process for each mutant was the form
 * before: each spent two thirds of its time on loading what nobody had changed.
 */
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MutantError, mutated, type SourceMutant } from './source-mutant.ts';

interface Version {
  readonly mutant: SourceMutant;
  /** URLs of the modules that are its own. */
  readonly own: ReadonlySet<string>;
}

const FOREIGN = '/node_modules/';
const SEPARATOR = '?version=';

export class Versions {
  readonly #root: string;
  readonly #origin: string;
  readonly #versions = new Map<string, Version>();
  /** By the URL of a module, those of all that import it in the core as it is. */
  readonly #importers = new Map<string, Set<string>>();
  readonly #texts = new Map<string, string>();

  /**
   * From here on this process loads modules so. It has to be made before anything of the core is imported: what is
   * loaded before has no versions.
   */
  constructor(root: string) {
    this.#root = root;
    this.#origin = `${pathToFileURL(root).href}/`;
    registerHooks({
      resolve: (specifier, context, next) => {
        const { of: importer, version } = apart(context.parentURL);
        const resolved = next(specifier, { ...context, ...(importer && { parentURL: importer }) });
        const { of: url, version: asked = version } = apart(resolved.url);
        if (url === undefined || !this.#isOurs(url)) return resolved;
        if (version === undefined) this.#note(url, importer);
        const isOwn = asked !== undefined && this.#versions.get(asked)?.own.has(url);
        return { ...resolved, url: isOwn ? `${url}${SEPARATOR}${asked}` : url };
      },
      load: (url, context, next) => {
        const { of: file = url, version } = apart(url);
        if (!this.#isOurs(file) || !file.endsWith('.ts')) return next(url, context);
        return { format: 'module', source: this.#source(file, version), shortCircuit: true };
      },
    });
  }

  /** The module of that file as it is. */
  load<Module>(file: string): Promise<Module> {
    return import(this.#urlOf(file));
  }

  /**
   * The module of that file in the mutant's version. It must have been loaded as it is before: who imports whom is
   * known only since then.
   *
   * @throws MutantError where it does not import the mutant's file, or what the mutant makes is no program
   */
  async loadMutated<Module>(file: string, mutant: SourceMutant): Promise<Module> {
    const own = this.#dependents(this.#urlOf(mutant.file));
    if (!own.has(this.#urlOf(file))) {
      throw new MutantError(`mutant ${mutant.name}: the simulation never loads ${mutant.file}`);
    }
    const version = String(this.#versions.size + 1);
    this.#versions.set(version, { mutant, own });
    try {
      return await import(`${this.#urlOf(file)}${SEPARATOR}${version}`);
    } catch (error) {
      throw new MutantError(`mutant ${mutant.name}: it cannot be loaded: ${String(error)}`);
    }
  }

  #urlOf(file: string): string {
    return pathToFileURL(join(this.#root, file)).href;
  }

  #isOurs(url: string): boolean {
    return url.startsWith(this.#origin) && !url.includes(FOREIGN);
  }

  #note(url: string, importer: string | undefined): void {
    const importers = this.#importers.get(url) ?? new Set();
    this.#importers.set(url, importers);
    if (importer !== undefined) importers.add(importer);
  }

  /** The module itself, and all that import it, directly or not. */
  #dependents(url: string): ReadonlySet<string> {
    const found = new Set([url]);
    for (const each of found) for (const importer of this.#importers.get(each) ?? []) found.add(importer);
    return found;
  }

  #source(url: string, version: string | undefined): string {
    const mutant = version === undefined ? undefined : this.#versions.get(version)?.mutant;
    if (mutant && this.#urlOf(mutant.file) === url) {
      return stripTypeScriptTypes(mutated(readFileSync(fileURLToPath(url), 'utf8'), mutant));
    }
    const text = this.#texts.get(url) ?? stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
    this.#texts.set(url, text);
    return text;
  }
}

function apart(url: string | undefined): { readonly of?: string; readonly version?: string } {
  const [of, version] = url?.split(SEPARATOR) ?? [];
  return { ...(of !== undefined && { of }), ...(version !== undefined && { version }) };
}
