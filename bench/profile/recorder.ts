import type { Stage } from '../end-to-end/stage/stage.ts';

/** Self time of one function; weights mean something only beside each other. */
export interface Weighed {
  readonly name: string;
  readonly weight: number;
}

/** One process, or all of PostgreSQL's. */
export interface Profile {
  readonly name: string;
  readonly cpuMs: number;
  /** Ways to look at it, each with its heaviest line first. */
  readonly tables: Readonly<Record<string, readonly Weighed[]>>;
}

/** A way to learn where processor time goes. */
export interface Recorder {
  /** What the processes must be started with. */
  readonly nodeOptions: string;
  record(stage: Stage, seconds: number): Promise<void>;
  /** Asked for once the processes have ended. */
  profiles(): Promise<Profile[]>;
  /** Deletes what it has written. */
  forget(): void;
}

export function heaviestFirst(weights: ReadonlyMap<string, number>): Weighed[] {
  return [...weights].map(([name, weight]) => ({ name, weight })).sort((a, b) => b.weight - a.weight);
}

/** `append file:///…/switch/journal/writer.ts:12:3` → `append switch/journal/writer.ts:12`. */
export function shortName(name: string): string {
  const root = new URL('../../', import.meta.url).href;
  return name
    .replaceAll(root, '')
    .replace(/\S*\/node_modules\//, 'node_modules/')
    .replace(/(:\d+):\d+$/, '$1');
}
