import { fork } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './all-mutants.ts';
import { MutantError, type SourceMutant } from './source-mutant.ts';

/** What the process of a mutant is asked to do. */
export interface HuntRequest {
  readonly mutant: SourceMutant;
  readonly from: number;
  /** The last seed to try. */
  readonly to: number;
}

/** A seed at whose end something was violated, and the first thing that was. */
export interface Notice {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
}

/** What the process of a mutant tells. */
export type HuntMessage = { readonly begins: number } | { readonly notices: Notice };

/** A seed takes a fraction of a second. One that takes this long will never end, which is a way to be noticed. */
const SEED_ENDS_WITHIN_MS = 60_000;
/** What was compiled before: half of the work of such a process. Of a text that is not the same nothing is taken. */
const COMPILED = join(ROOT, 'node_modules', '.cache', 'simulation');
const MAX_ERROR_LENGTH = 4_000;

/**
 * Runs seeds on the core that the mutant makes, in a process of its own.
 *
 * @returns the first seed that notices, if one does
 * @throws MutantError where that process fails of itself: what was put in is no program, or its file is never loaded
 */
export function searchApart(request: HuntRequest): Promise<Notice | undefined> {
  const { mutant, from } = request;
  const child = fork(join(import.meta.dirname, 'hunt-process.ts'), [JSON.stringify(request)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  });
  let seed = from;
  let notice: Notice | undefined;
  let complaint = '';
  const giveUp = () => {
    notice = {
      seed,
      invariant: 'process',
      what: `the seed did not end within ${SEED_ENDS_WITHIN_MS / 1_000} s`,
    };
    child.kill('SIGKILL');
  };
  let patience = setTimeout(giveUp, SEED_ENDS_WITHIN_MS);

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, MAX_ERROR_LENGTH);
  });
  child.on('message', (message: HuntMessage) => {
    clearTimeout(patience);
    patience = setTimeout(giveUp, SEED_ENDS_WITHIN_MS);
    if ('notices' in message) notice = message.notices;
    else seed = message.begins;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(patience);
      if (code === 0 || notice) resolve(notice);
      else reject(new MutantError(`mutant ${mutant.name}: its process failed: ${errorLine(complaint)}`));
    });
  });
}

/** The line of a crash report that says what was wrong. */
function errorLine(text: string): string {
  const lines = text.split('\n');
  return (
    lines.find((line) => /^\w*Error\b/.test(line)) ??
    lines.find((line) => line !== '') ??
    'it said nothing'
  ).trim();
}
