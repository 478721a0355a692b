import { parseArgs } from 'node:util';
import { onStage } from '../end-to-end/stage/on-stage.ts';
import { OptionError } from '../option-error.ts';
import { CpuProfRecorder } from './cpu-prof.ts';
import { hasPerf, PerfRecorder } from './perf.ts';
import type { Profile, Recorder } from './recorder.ts';

/** `npm run bench -- profile`: which functions the processor's time goes into, for each process of the system. */
export const PROFILE_HELP = `npm run bench -- profile [options]

Offers purchases at a steady rate to the real system and prints the functions that use the processor, by process.
With Linux perf (Debian: linux-perf) native code and PostgreSQL are in it; without, only JavaScript, by --cpu-prof.

  --rate N        purchases a second        (500)
  --seconds N     how long                  (15)
  --terminals N   terminals                 (10)
  --top N         functions of each process (25)
  --cpu-prof      Node's own profiler, also where perf is there

Example: npm run bench -- profile --rate 500 --top 15`;

const OPTIONS = {
  rate: { type: 'string', default: '500' },
  seconds: { type: 'string', default: '15' },
  terminals: { type: 'string', default: '10' },
  top: { type: 'string', default: '25' },
  'cpu-prof': { type: 'boolean', default: false },
} as const;
const PATIENCE_MS = 4_000;
const BLOCK_MS = 2_000;
/** Proofs are final at their second block; what is left of the warm-up stands for what is left at the end. */
const FOLLOW_UP_SECONDS = 5;

export async function profile(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
  const [rate, seconds, terminals, top] = [
    wholeNumber('rate', values.rate, 20_000),
    wholeNumber('seconds', values.seconds, 3_600),
    wholeNumber('terminals', values.terminals, 9_999),
    wholeNumber('top', values.top, 1_000),
  ];
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const usesPerf = !values['cpu-prof'] && hasPerf();
  if (!usesPerf) {
    say(
      'without perf: JavaScript only. With it, native code and PostgreSQL are shown too (Debian: linux-perf)',
    );
  }
  const recorder: Recorder = usesPerf ? new PerfRecorder() : new CpuProfRecorder();
  process.env['NODE_OPTIONS'] = recorder.nodeOptions;
  await onStage({ terminals, blockMs: BLOCK_MS, say }, async ({ stage, generator }) => {
    const prepare = (duration: number) => {
      const total = Math.round(rate * duration);
      return generator.prepare({ address: stage.address, rate, total, terminals, patienceMs: PATIENCE_MS });
    };
    say('warming up …');
    await prepare(Math.min(5, seconds));
    await generator.run();

    await prepare(seconds);
    say(`${rate}/s for ${seconds} s, and ${FOLLOW_UP_SECONDS} s more for the follow-ups …`);
    const recording = recorder.record(stage, seconds + FOLLOW_UP_SECONDS);
    await generator.run();
    await recording;
  });
  for (const each of await recorder.profiles()) print(each, rate * seconds, top);
  recorder.forget();
  return 0;
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new OptionError(`--${name} is a whole number from 1 to ${most}`);
}

function print({ name, tables, cpuMs }: Profile, purchases: number, top: number): void {
  const micros = Math.round((cpuMs * 1_000) / purchases);
  console.log(`\n${name}: ${Math.round(cpuMs)} ms of processor time, ${micros} µs a purchase`);
  for (const [title, lines] of Object.entries(tables)) {
    console.log(`\n  ${name}, ${title}`);
    const total = lines.reduce((sum, { weight }) => sum + weight, 0);
    for (const { name: of, weight } of lines.slice(0, top)) {
      const share = weight / total;
      console.log(
        `${(share * 100).toFixed(1).padStart(8)} % ${(share * micros).toFixed(0).padStart(6)} µs  ${of}`,
      );
    }
  }
}
