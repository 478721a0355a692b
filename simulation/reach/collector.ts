/**
 * What V8 counts of the core's files: how often each function and each branch of it was taken. It counts from the
 * moment it is asked to, and knows the branches only of what is loaded afterwards; so whoever wants them starts before
 * the first import of the core.
 */
import { type Profiler, Session } from 'node:inspector';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A stretch of a file, and how often it was run. */
export interface CountedRange {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** By path from the root of the project. */
export type Counts = ReadonlyMap<string, readonly CountedRange[]>;

export class CoverageCollector {
  readonly #session = new Session();
  readonly #root: string;
  readonly #rooms: readonly string[];

  /** @param rooms whose files are counted, as `switch/` */
  constructor(root: string, rooms: readonly string[]) {
    this.#root = root;
    this.#rooms = rooms;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Since it was asked last, or since it began. */
  take(): Counts {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error;
      scripts = taken.result;
    });
    const counts = new Map<string, CountedRange[]>();
    for (const { url, functions } of scripts) {
      const file = this.#fileOf(url);
      if (file === undefined) continue;
      const ranges = functions.flatMap(({ ranges: own }) =>
        own.map(({ startOffset: from, endOffset: to, count }) => ({ from, to, count })),
      );
      counts.set(file, ranges);
    }
    return counts;
  }

  end(): void {
    this.#session.disconnect();
  }

  #fileOf(url: string): string | undefined {
    if (!url.startsWith('file:')) return undefined;
    const file = relative(this.#root, fileURLToPath(url));
    return this.#rooms.some((room) => file.startsWith(room)) ? file : undefined;
  }
}
