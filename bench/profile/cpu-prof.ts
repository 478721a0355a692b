import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type CpuOf, GROUPS, type Group, type Stage } from '../end-to-end/stage/stage.ts';
import { heaviestFirst, type Profile, type Recorder, shortName } from './recorder.ts';

/**
 * Node's own sampler, for machines without perf. It samples by the clock on the wall and for all of a process's life,
 * so idle samples are taken out, and those from before and after the recording; what is left is shares of the processor
 * time that the system counted.
 */
interface V8Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** In microseconds, on the clock of `process.hrtime`. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const NO_WORK: ReadonlySet<string> = new Set(['(idle)', '(program)', '(root)']);

export class CpuProfRecorder implements Recorder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'etika-cpu-prof-'));
  readonly #groups = new Map<number, Group>();
  readonly nodeOptions = `--cpu-prof --cpu-prof-dir=${this.#folder}`;
  #from = 0;
  #until = 0;
  #used: CpuOf | undefined;

  async record(stage: Stage, seconds: number): Promise<void> {
    for (const group of GROUPS) {
      for (const pid of stage.pidsOf(group)) this.#groups.set(pid, group);
    }
    const before = stage.cpu();
    this.#from = microseconds();
    await pause(seconds * 1_000);
    this.#until = microseconds();
    const after = stage.cpu();
    this.#used = Object.fromEntries(GROUPS.map((name) => [name, after[name] - before[name]])) as CpuOf;
  }

  async profiles(): Promise<Profile[]> {
    const weights = new Map<Group, Map<string, number>>();
    for (const file of readdirSync(this.#folder)) {
      // CPU.20261129.221018.PID.0.001.cpuprofile
      const group = this.#groups.get(Number(file.split('.')[3]));
      if (group === undefined) continue;
      const into = weights.get(group) ?? new Map<string, number>();
      weights.set(group, into);
      this.#weigh(JSON.parse(readFileSync(join(this.#folder, file), 'utf8')) as V8Profile, into);
    }
    return [...weights].map(([name, each]) => ({
      name,
      cpuMs: (this.#used?.[name] ?? 0) / 1_000,
      tables: { 'by function, its own time': heaviestFirst(each) },
    }));
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #weigh({ nodes, samples, startTime, timeDeltas }: V8Profile, into: Map<string, number>): void {
    const names = new Map(
      nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
        id,
        shortName(`${functionName || '(anonymous)'} ${url}:${lineNumber + 1}`.replace(/ :\d+$/, '')),
      ]),
    );
    let time = startTime;
    for (const [at, id] of samples.entries()) {
      const delta = timeDeltas[at] ?? 0;
      time += delta;
      const of = names.get(id) ?? '';
      if (time < this.#from || time > this.#until || NO_WORK.has(of)) continue;
      into.set(of, (into.get(of) ?? 0) + delta);
    }
  }
}

function microseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
