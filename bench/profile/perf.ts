import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CpuOf, Group, Stage } from '../end-to-end/stage/stage.ts';
import { GROUPS } from '../end-to-end/stage/stage.ts';
import { type Frame, groupOfFrames, parseFrame } from './perf-frames.ts';
import { heaviestFirst, type Profile, type Recorder } from './recorder.ts';

/**
 * Samples of Linux perf: taken by processor time, so a process that waits is not in them, and native code, the kernel's
 * work for a process and PostgreSQL's functions are. V8 writes the names of its functions to /tmp/perf-PID.map. Stacks
 * are taken too: most self time lies in V8's own functions, and only the JavaScript that called them says why.
 */
const FREQUENCY = 499;
const SAMPLE_HEAD = /^\S.*?\s(\d+)\s*$|^\s*(\d+)\s*$/;

export function hasPerf(): boolean {
  try {
    execFileSync('perf', ['record', '-q', '-o', '/dev/null', '--', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface Weights {
  readonly self: Map<string, number>;
  readonly cause: Map<string, number>;
  readonly place: Map<string, number>;
}

export class PerfRecorder implements Recorder {
  readonly nodeOptions = '--perf-basic-prof-only-functions --interpreted-frames-native-stack';
  readonly #folder = mkdtempSync(join(tmpdir(), 'etika-perf-'));
  readonly #groups = new Map<number, Group>();
  readonly #weights = new Map<Group, Weights>();
  #used: CpuOf | undefined;

  async record(stage: Stage, seconds: number): Promise<void> {
    for (const group of GROUPS) {
      for (const pid of stage.pidsOf(group)) this.#groups.set(pid, group);
    }
    const file = join(this.#folder, 'perf.data');
    const pids = [...this.#groups.keys()].join(',');
    const what = ['-q', '-g', '-F', String(FREQUENCY), '-o', file, '-p', pids];
    const before = stage.cpu();
    const recording = spawn('perf', ['record', ...what, '--', 'sleep', String(seconds)], { stdio: 'ignore' });
    await ended(recording);
    const after = stage.cpu();
    this.#used = Object.fromEntries(GROUPS.map((name) => [name, after[name] - before[name]])) as CpuOf;
    await this.#read(file);
  }

  async profiles(): Promise<Profile[]> {
    return [...this.#weights].map(([name, { self, cause, place }]) => ({
      name,
      cpuMs: (this.#used?.[name] ?? 0) / 1_000,
      tables: {
        'by function, its own time': heaviestFirst(self),
        // Nobody calls PostgreSQL's functions from JavaScript.
        ...(name === 'postgres' ? {} : { 'by the JavaScript function that caused it': heaviestFirst(cause) }),
        ...(name === 'postgres' ? {} : { 'by place': heaviestFirst(place) }),
      },
    }));
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    for (const pid of this.#groups.keys()) rmSync(`/tmp/perf-${pid}.map`, { force: true });
  }

  /** While the processes run: perf reads their maps, and the names of PostgreSQL's functions, by their ids. */
  async #read(file: string): Promise<void> {
    const script = spawn('perf', ['script', '--no-inline', '-i', file, '-F', 'pid,ip,sym,dso'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const done = ended(script);
    let pid = 0;
    let frames: Frame[] = [];
    for await (const line of createInterface({ input: script.stdout })) {
      const head = SAMPLE_HEAD.exec(line);
      const frame = head ? undefined : parseFrame(line);
      if (frame) frames.push(frame);
      if (line.trim() === '') {
        this.#count(pid, frames);
        frames = [];
      } else if (head) pid = Number(head[1] ?? head[2]);
    }
    this.#count(pid, frames);
    await done;
  }

  #count(pid: number, frames: readonly Frame[]): void {
    const [leaf] = frames;
    if (!leaf) return;
    const group = this.#groups.get(pid) ?? 'postgres';
    const weights = this.#weights.get(group) ?? { self: new Map(), cause: new Map(), place: new Map() };
    this.#weights.set(group, weights);
    const { cause, place } = groupOfFrames(frames);
    add(weights.self, leaf.name);
    add(weights.cause, cause);
    add(weights.place, place);
  }
}

function add(weights: Map<string, number>, name: string): void {
  weights.set(name, (weights.get(name) ?? 0) + 1);
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => child.once('error', reject).once('close', () => resolve()));
}
