/**
 * Runs seeds in processes of their own, as many as there are processors to spare. A seed is a history whoever runs it,
 * so which process gets which seed decides nothing. To run them in the process that was asked was the form before: one
 * processor had nothing to do, and what V8 counts it knows only of what is loaded after it was asked.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { HabitName } from '../peers/habits/all-habits.ts';
import type { CountedRange } from '../reach/collector.ts';
import type { Tally } from '../tally.ts';

export interface SeedProcessPlan {
  /** Whether V8 counts what is reached. */
  readonly isCounted: boolean;
  /** Whether that is asked for after each seed, which takes longer. */
  readonly eachCounted?: boolean;
  /** Habits that are on in every seed. */
  readonly forced?: readonly HabitName[] | undefined;
}

export interface SeedSummary {
  readonly seed: number;
  readonly hasFailed: boolean;
  readonly payments: number;
  readonly approved: number;
  readonly tally: Tally;
  readonly virtualMs: number;
  readonly cpuMs: number;
}

/** By file; as entries, since a map is nothing in JSON. */
export type CountedFiles = readonly (readonly [file: string, ranges: readonly CountedRange[]])[];

export type ToSeedProcess = { readonly seeds: readonly number[] } | { readonly isOver: true };
export type FromSeedProcess =
  | { readonly isReady: true }
  | { readonly result: SeedSummary; readonly counts?: CountedFiles }
  | { readonly counts: CountedFiles };

export interface SeedPoolPlan extends SeedProcessPlan {
  readonly seeds: Iterable<number>;
  readonly processes: number;
  readonly onSeed: (summary: SeedSummary, counts: CountedFiles | undefined) => void;
  /** What a process has counted since it was asked last, when it is over. */
  readonly onCounts?: (counts: CountedFiles) => void;
  /** Asked before each portion: whether enough was seen. */
  readonly isEnough: () => boolean;
}

/** A seed process failed of itself: the message is one line. */
class SeedProcessError extends Error {}

const PORTION = 5;
const MAX_ERROR_LENGTH = 4_000;

/** @throws SeedProcessError */
export async function runSeeds({ seeds, processes, ...plan }: SeedPoolPlan): Promise<void> {
  const left = seeds[Symbol.iterator]();
  const portion = () => (plan.isEnough() ? [] : take(left, PORTION));
  await Promise.all(Array.from({ length: processes }, () => serve(plan, portion)));
}

function take(left: Iterator<number>, most: number): number[] {
  const taken: number[] = [];
  for (let next = left.next(); !next.done; next = left.next()) {
    taken.push(next.value);
    if (taken.length === most) break;
  }
  return taken;
}

/** One process: gets a portion whenever it is ready, until nothing is left. */
function serve(plan: Omit<SeedPoolPlan, 'seeds' | 'processes'>, portion: () => number[]): Promise<void> {
  const { isCounted, eachCounted, forced, onSeed, onCounts } = plan;
  const own: SeedProcessPlan = { isCounted, ...(eachCounted && { eachCounted }), forced };
  const child = fork(join(import.meta.dirname, 'seed-process.ts'), [JSON.stringify(own)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Of a function that comes out of Node's cache of compiled code V8 does not count every branch.
    env: isCounted ? { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } : process.env,
  });
  const complaint = complaintsOf(child);
  const hand = (message: ToSeedProcess) => child.send(message);

  child.on('message', (message: FromSeedProcess) => {
    if ('result' in message) onSeed(message.result, message.counts);
    else if ('counts' in message) onCounts?.(message.counts);
    else {
      const next = portion();
      hand(next.length > 0 ? { seeds: next } : { isOver: true });
    }
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new SeedProcessError(`a process that runs seeds failed: ${complaint()}`));
    });
  });
}

function complaintsOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(0, MAX_ERROR_LENGTH);
  });
  return () => {
    const lines = text.split('\n').filter((line) => line !== '');
    return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? 'it said nothing').trim();
  };
}
