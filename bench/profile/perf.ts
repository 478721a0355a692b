import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GROUPS, type Group, type Stage } from '../end-to-end/stage/stage.ts';
import { heaviestFirst, type Profile, type Recorder, shortName } from './recorder.ts';

/**
 * Samples of Linux perf: taken by processor time, so a process that waits is not in them, and native code, the kernel's
 * work for a process and PostgreSQL's functions are. V8 writes the names of its functions to /tmp/perf-PID.map.
 */
const FREQUENCY = 999;
const MILLISECONDS_PER_SAMPLE = 1_000 / FREQUENCY;
const SAMPLE = /^\s*(\d+)\s+[0-9a-f]+\s+(.*?)(?:\+0x[0-9a-f]+)?\s+\(([^)]*)\)\s*$/;

export function hasPerf(): boolean {
  try {
    execFileSync('perf', ['record', '-q', '-o', '/dev/null', '--', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export class PerfRecorder implements Recorder {
  readonly nodeOptions = '--perf-basic-prof-only-functions';
  readonly #folder = mkdtempSync(join(tmpdir(), 'etika-perf-'));
  readonly #groups = new Map<number, Group>();
  readonly #samples = new Map<Group, Map<string, number>>();

  async record(stage: Stage, seconds: number): Promise<void> {
    for (const group of GROUPS) for (const pid of stage.pidsOf(group)) this.#groups.set(pid, group);
    const file = join(this.#folder, 'perf.data');
    const pids = [...this.#groups.keys()].join(',');
    const args = [
      'record',
      '-q',
      '-F',
      String(FREQUENCY),
      '-o',
      file,
      '-p',
      pids,
      '--',
      'sleep',
      String(seconds),
    ];
    await ended(spawn('perf', args, { stdio: ['ignore', 'ignore', 'inherit'] }));
    await this.#read(file);
  }

  async profiles(): Promise<Profile[]> {
    return [...this.#samples].map(([name, weights]) => {
      const functions = heaviestFirst(weights);
      const samples = functions.reduce((sum, { weight }) => sum + weight, 0);
      return { name, functions, cpuMs: samples * MILLISECONDS_PER_SAMPLE };
    });
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    for (const pid of this.#groups.keys()) rmSync(`/tmp/perf-${pid}.map`, { force: true });
  }

  /** While the processes run: perf reads their maps, and the names of PostgreSQL's functions, by their ids. */
  async #read(file: string): Promise<void> {
    const args = ['script', '-i', file, '-F', 'pid,ip,sym,symoff,dso'];
    const script = spawn('perf', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const done = ended(script);
    for await (const line of createInterface({ input: script.stdout })) {
      const [, pid, symbol = '', dso = ''] = SAMPLE.exec(line) ?? [];
      const group = this.#groups.get(Number(pid)) ?? 'postgres';
      const weights = this.#samples.get(group) ?? new Map<string, number>();
      this.#samples.set(group, weights);
      const name = nameOf(symbol, dso);
      weights.set(name, (weights.get(name) ?? 0) + 1);
    }
    await done;
  }
}

function nameOf(symbol: string, dso: string): string {
  const library = dso.split('/').at(-1) ?? '';
  if (symbol === '[unknown]' || symbol === '') return `(unnamed) ${library}`;
  if (library.startsWith('perf-')) return shortName(symbol.replace(/^\w+:[*~^]?/, ''));
  return `${symbol} [${library}]`;
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => child.once('error', reject).once('close', () => resolve()));
}
