import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GROUPS, type Stage } from '../end-to-end/stage/stage.ts';
import { heaviestFirst, type Profile, type Recorder, shortName } from './recorder.ts';

/**
 * Node's own sampler, for machines without perf. It samples by the clock on the wall, so idle samples are taken out;
 * what is left is shared out as processor time. Start and warm-up are in it: a process is sampled for all its life.
 */
interface V8Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const NO_WORK: ReadonlySet<string> = new Set(['(idle)', '(program)', '(root)']);

export class CpuProfRecorder implements Recorder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'etika-cpu-prof-'));
  readonly #names = new Map<number, string>();
  readonly nodeOptions = `--cpu-prof --cpu-prof-dir=${this.#folder}`;

  async record(stage: Stage): Promise<void> {
    for (const group of GROUPS) for (const pid of stage.pidsOf(group)) this.#names.set(pid, group);
  }

  async profiles(): Promise<Profile[]> {
    return readdirSync(this.#folder).flatMap((file) => {
      // CPU.20261129.221018.PID.0.001.cpuprofile
      const name = this.#names.get(Number(file.split('.')[3]));
      if (name === undefined) return [];
      const recorded = JSON.parse(readFileSync(join(this.#folder, file), 'utf8')) as V8Profile;
      return profileOf(name, recorded);
    });
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function profileOf(name: string, { nodes, samples, timeDeltas }: V8Profile): Profile {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      shortName(`${functionName || '(anonymous)'} ${url}:${lineNumber + 1}`.replace(/ :\d+$/, '')),
    ]),
  );
  const weights = new Map<string, number>();
  let micros = 0;
  for (const [at, id] of samples.entries()) {
    const of = names.get(id) ?? '';
    const delta = timeDeltas[at] ?? 0;
    if (NO_WORK.has(of)) continue;
    weights.set(of, (weights.get(of) ?? 0) + delta);
    micros += delta;
  }
  return { name, cpuMs: micros / 1_000, tables: { 'by function, its own time': heaviestFirst(weights) } };
}
