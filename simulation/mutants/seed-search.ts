import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { isSourceMutant, type Mutant } from './all-mutants.ts';
import { MutantError, type SourceMutant } from './source-mutant.ts';

/** What a hunting process is asked to do. */
export interface SeedSearch {
  /** By name, one that wraps; else one in the source. */
  readonly wrapper?: string;
  readonly source?: SourceMutant;
  readonly seeds: readonly number[];
  /** So many seeds that notice are enough. */
  readonly most: number;
}

/** A seed at whose end something was violated, and the first thing that was. */
export interface Notice {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
}

/** What a hunting process tells. */
export type FromHuntProcess =
  | { readonly isReady: true }
  | { readonly begins: number }
  | { readonly notices: readonly Notice[] }
  | { readonly failed: string };

/** A seed takes a fraction of a second. One that takes this long will never end, which is a way to be noticed. */
const SEED_ENDS_WITHIN_MS = 60_000;
/** What a process has loaded it keeps: after so many mutants another one takes over. */
const MOST_MUTANTS = 40;
const MAX_ERROR_LENGTH = 4_000;

/** Looks for seeds that notice a mutant, one mutant after the other, in a process that has the core loaded. */
export class SeedSearcher {
  #child: HuntProcess | undefined;
  #mutants = 0;

  /**
   * @returns the first seeds that notice, `most` of them at most
   * @throws MutantError where the mutant cannot be made: it is no program, or its file is never loaded
   */
  async search(mutant: Mutant, seeds: readonly number[], most = 1): Promise<readonly Notice[]> {
    if (seeds.length === 0) return [];
    if (this.#mutants >= MOST_MUTANTS) this.close();
    this.#mutants += 1;
    this.#child ??= await started();
    const child = this.#child;
    const which = isSourceMutant(mutant) ? { source: mutant } : { wrapper: mutant.name };
    const found = await outcomeOf(child, { ...which, seeds, most });

    if (found.isOver) this.close();
    if (found.failed === undefined) return found.notices;
    const { failed } = found;
    throw new MutantError(failed.startsWith('mutant ') ? failed : `mutant ${mutant.name}: ${failed}`);
  }

  close(): void {
    this.#child?.process.kill('SIGKILL');
    this.#child = undefined;
    this.#mutants = 0;
  }
}

interface HuntProcess {
  readonly process: ChildProcess;
  /** The line that says what it died of. */
  readonly complaint: () => string;
}

interface Outcome {
  readonly notices: readonly Notice[];
  readonly failed?: string;
  /** The process is of no more use. */
  readonly isOver: boolean;
}

async function started(): Promise<HuntProcess> {
  const child = fork(join(import.meta.dirname, 'hunt-process.ts'), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const complaint = complaintOf(child);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', () => resolve());
    child.once('close', () => reject(new MutantError(`the process that hunts failed: ${complaint()}`)));
  });
  child.removeAllListeners('close');
  return { process: child, complaint };
}

function outcomeOf({ process: child, complaint }: HuntProcess, search: SeedSearch): Promise<Outcome> {
  const [first = 0] = search.seeds;
  let seed = first;
  return new Promise((resolve) => {
    const end = (outcome: Outcome) => {
      clearTimeout(patience);
      child.off('message', hear).off('close', closed);
      resolve(outcome);
    };
    const giveUp = () => {
      const what = `the seed did not end within ${SEED_ENDS_WITHIN_MS / 1_000} s`;
      end({ notices: [{ seed, invariant: 'process', what }], isOver: true });
    };
    let patience = setTimeout(giveUp, SEED_ENDS_WITHIN_MS);
    const hear = (message: FromHuntProcess) => {
      if ('notices' in message) end({ notices: message.notices, isOver: false });
      else if ('failed' in message) end({ notices: [], failed: message.failed, isOver: false });
      else if ('begins' in message) {
        seed = message.begins;
        clearTimeout(patience);
        patience = setTimeout(giveUp, SEED_ENDS_WITHIN_MS);
      }
    };
    const closed = () => end({ notices: [], failed: `its process failed: ${complaint()}`, isOver: true });
    child.on('message', hear).once('close', closed);
    child.send(search);
  });
}

/** The line of a crash report that says what was wrong. */
function complaintOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(0, MAX_ERROR_LENGTH);
  });
  return () => {
    const lines = text.split('\n').filter((line) => line !== '');
    return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? 'it said nothing').trim();
  };
}
