import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './files.ts';
import { alone, type Mutant, MutateError } from './mutant.ts';

const GIVES_UP_AFTER_MS = 120_000;

/**
 * Asks the compiler of those mutants that no seed and no quick test noticed: what `npm run check` refuses reaches
 * nobody. It does not come first, since seconds of it would be spent on each mutant that a test notices in a moment.
 * The mutant is put into a copy of the checkout: many people may be at work in the real one.
 */
export class Compiler {
  #folder = '';
  #isReady = false;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @returns what it says, or undefined where it takes the mutant; one after the other, whoever asks
   * @throws MutateError where it does not take the code as it is: then it would refuse every mutant
   */
  async refusal(mutant: Mutant): Promise<string | undefined> {
    const turn = this.#last.then(() => this.#refusal(mutant));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #refusal(mutant: Mutant): Promise<string | undefined> {
    if (!this.#isReady) await this.#begin();
    this.#isReady = true;
    const source = readFileSync(join(ROOT, mutant.file));
    const target = join(this.#folder, mutant.file);
    writeFileSync(target, alone(source, mutant));
    try {
      return await this.#compile();
    } finally {
      writeFileSync(target, source);
    }
  }

  async #begin(): Promise<void> {
    this.#copy();
    const what = await this.#compile();
    if (what !== undefined) throw new MutateError(`the code does not compile as it is: ${what}`);
  }

  #copy(): void {
    this.#folder = mkdtempSync(join(tmpdir(), 'mutate-types-'));
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
    const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.json'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    for (const file of listed.split('\n').filter((each) => each !== '')) {
      const target = join(this.#folder, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(ROOT, file), target);
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'));
  }

  #compile(): Promise<string | undefined> {
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const options = ['--noEmit', '--incremental', '--tsBuildInfoFile', join(this.#folder, 'build-info')];
    return new Promise((resolve) => {
      execFile(compiler, options, { cwd: this.#folder, timeout: GIVES_UP_AFTER_MS }, (error, said) => {
        const [line = ''] = said.split('\n').filter((each) => /\berror TS\d+/.test(each));
        resolve(error && line !== '' ? line : undefined);
      });
    });
  }
}
