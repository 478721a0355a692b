/**
 * What a run has found out, line by line, so that it can be stopped at any time and goes on where it was. A verdict
 * is kept for as long as the mutant's line of code stays as it is; delete the file to have everything tried anew.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { MutateError } from './mutant.ts';
import type { Outcome } from './trial.ts';

export interface Verdict {
  readonly id: string;
  /** A seed, a file of tests, or the compiler; none: it survived. */
  readonly noticedBy?: string;
  readonly what?: string;
  readonly ms: number;
  /** Whether any seed or test came by. */
  readonly isReached: boolean;
}

/** A run with no mutant active: what it comes by. */
export interface Seen extends Outcome {
  /** Of the texts, and of the file of tests: what was seen holds for these. */
  readonly of: string;
}

type Line = { readonly verdict: Verdict } | { readonly seen: Seen };

export class ReportFile {
  readonly #path: string | undefined;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #seen = new Map<string, Seen>();

  /** @throws MutateError where the file is there and is no report */
  constructor(path?: string) {
    this.#path = path;
    if (path === undefined || !existsSync(path)) return;
    const lines = readFileSync(path, 'utf8').split('\n');
    for (const [index, text] of lines.entries()) if (text !== '') this.#read(text, index + 1);
  }

  verdictOf(id: string): Verdict | undefined {
    return this.#verdicts.get(id);
  }

  keepVerdict(verdict: Verdict): void {
    this.#verdicts.set(verdict.id, verdict);
    this.#append({ verdict });
  }

  /** Survivors are tried again. */
  forgetSurvivors(): void {
    for (const { id, noticedBy } of this.#verdicts.values()) if (!noticedBy) this.#verdicts.delete(id);
  }

  seenBy(run: string, of: string): Seen | undefined {
    return this.#seen.get(`${run} ${of}`);
  }

  keepSeen(seen: Seen): void {
    this.#seen.set(`${seen.run} ${seen.of}`, seen);
    this.#append({ seen });
  }

  #append(line: Line): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }

  #read(text: string, number: number): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      throw new MutateError(`${this.#path} is no report of mutants: line ${number}`);
    }
    if ('verdict' in line) this.#verdicts.set(line.verdict.id, line.verdict);
    else if ('seen' in line) this.#seen.set(`${line.seen.run} ${line.seen.of}`, line.seen);
    else throw new MutateError(`${this.#path} is no report of mutants: line ${number}`);
  }
}
