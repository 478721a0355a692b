/**
 * `npm run mutate`: makes small changes to the money path at random, one at a time, and asks whether a seed of the
 * simulation, a test or the compiler notices. Exits 0 where enough of them are noticed, 1 where too few are or the
 * time was over before, 2 where it was called with something that makes no sense.
 */
import { Command, InvalidArgumentError } from 'commander';
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { VERSION } from '../runtime/index.ts';
import { subjects } from './files.ts';
import { Hunt } from './hunt.ts';
import { MUTANT_KINDS, MutateError } from './mutant.ts';
import { type Judged, mutantText, scoreOf, summaryText, verdictText } from './report.ts';
import { ReportFile } from './report-file.ts';
import { drawSample, type Sample } from './sample.ts';

const DEFAULT_SAMPLE = 50;
const DEFAULT_SEEDS = 40;
const DEFAULT_LEAST = 95;
const DEFAULT_PROCESSES = 2;
const MAX_NUMBER = 1_000_000;
const FOR_EVER_S = 86_400;
const PROGRESS_LINE_MS = 15_000;

const KINDS = Object.entries(MUTANT_KINDS)
  .map(([kind, what]) => `  ${kind.padEnd(10)} ${what}`)
  .join('\n');
const EXAMPLES = `
Kinds of change:
${KINDS}

Examples:
  $ npm run mutate -- --sample 300 --seed 1 --report mutants.jsonl   # stopped, it goes on where it was
  $ npm run mutate -- --sample 300 --seed 1 --report mutants.jsonl --for 150   # for 150 seconds
  $ npm run mutate -- --sample 300 --seed 1 --report mutants.jsonl --again     # the survivors once more
  $ npm run mutate -- --sample 300 --seed 1 --from 200 --processes 1           # the last 100, one at a time
  $ npm run mutate -- --sample 20 --files take-back advise           # of these files only
  $ npm run mutate -- --sample 20 --list                             # what would be tried
  $ npm run mutate -- --only 1a2b3c4d                                # this one`;

interface Options {
  readonly sample: number;
  readonly seed: number;
  readonly files: readonly string[];
  readonly only?: readonly string[];
  readonly seeds: number;
  readonly least: number;
  readonly for: number;
  readonly from: number;
  readonly processes: number;
  readonly report?: string;
  readonly again: boolean;
  readonly list: boolean;
  readonly json: boolean;
}

async function main(argv: readonly string[]): Promise<number> {
  assertPinnedNode();
  const options = new Command('npm run mutate --')
    .description('Makes small changes to the money path at random, and asks whether anything notices.')
    .version(VERSION, '--version', 'print the release')
    .option('--sample <n>', 'how many mutants', wholeNumber, DEFAULT_SAMPLE)
    .option('--seed <s>', 'which sample', wholeNumber, 1)
    .option('--files <patterns...>', 'of these files only: patterns of paths, or names as take-back', [])
    .option('--only <ids...>', 'these mutants and no others')
    .option('--seeds <k>', 'seeds of the simulation that may judge', wholeNumber, DEFAULT_SEEDS)
    .option('--least <percent>', 'so many have to be noticed', wholeNumber, DEFAULT_LEAST)
    .option('--for <seconds>', 'begin no more after this time', wholeNumber, FOR_EVER_S)
    .option('--from <k>', 'leave out the first k of the sample', wholeNumber, 0)
    .option('--processes <n>', 'so many mutants at a time', wholeNumber, DEFAULT_PROCESSES)
    .option('--report <file>', 'keep what was found out there, and go on from it')
    .option('--again', 'with --report: try those that survived once more', false)
    .option('--list', 'only list the mutants', false)
    .option('--json', 'a line of JSON for each mutant instead of text', false)
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .exitOverride((problem) => process.exit(problem.exitCode === 0 ? 0 : 2))
    .parse(argv)
    .opts<Options>();
  try {
    return await mutate(options);
  } catch (error) {
    if (!(error instanceof MutateError)) throw error;
    console.error(`error: ${error.message}`);
    return 2;
  }
}

async function mutate(options: Options): Promise<number> {
  const { sample: size, from, seed, only, json } = options;
  if (from >= size && from > 0) throw new MutateError(`a sample of ${size} has none from ${from} on`);
  const sample = drawSample({ files: subjects(options.files), size, from, seed, only });
  if (options.list) {
    for (const mutant of sample.mutants) console.log(json ? JSON.stringify(mutant) : mutantText(mutant));
    return 0;
  }

  const report = new ReportFile(options.report);
  if (options.again) report.forgetSurvivors();
  const isDone = await hunt(sample, report, options);
  const judged = sample.mutants.flatMap((mutant): Judged[] => {
    const verdict = report.verdictOf(mutant.id);
    return verdict ? [{ mutant, verdict }] : [];
  });
  sayEnd(judged, sample, isDone, options);
  return isDone && scoreOf(judged).percent >= options.least ? 0 : 1;
}

function hunt({ mutants }: Sample, report: ReportFile, options: Options): Promise<boolean> {
  const { json } = options;
  const progress = process.stderr.isTTY
    ? (text: string) => process.stderr.write(`\r\x1b[K${text}`)
    : nowAndThen((text) => process.stderr.write(`${text}\n`));
  let count = mutants.filter(({ id }) => report.verdictOf(id)).length;
  return new Hunt({
    mutants,
    report,
    seeds: options.seeds,
    forMs: options.for * 1_000,
    processes: Math.max(1, options.processes),
    onProgress: (what) => void (what.startsWith('left out') ? console.error(what) : progress(what)),
    onVerdict(mutant, verdict) {
      count += 1;
      progress('');
      if (json) console.log(JSON.stringify({ ...mutant, ...verdict }));
      else if (!verdict.noticedBy) console.log(verdictText({ mutant, verdict }));
      progress(`${count} of ${mutants.length}`);
    },
  }).run();
}

/** Without a terminal, a line in so many seconds: whoever reads a log sees that it is alive. */
function nowAndThen(say: (text: string) => void): (text: string) => void {
  let saidAt = performance.now();
  return (text) => {
    if (text === '' || performance.now() - saidAt < PROGRESS_LINE_MS) return;
    saidAt = performance.now();
    say(text);
  };
}

function sayEnd(judged: readonly Judged[], sample: Sample, isDone: boolean, { json }: Options): void {
  const { among, equivalents, mutants } = sample;
  if (json) {
    console.log(JSON.stringify({ ...scoreOf(judged), among, equivalents, isDone }));
    return;
  }
  for (const each of judged) if (!each.verdict.noticedBy) console.log(verdictText(each));
  console.log(`\n${summaryText(judged)}`);
  console.log(`drawn from ${among}; ${equivalents} are known to change nothing and were not drawn`);
  if (!isDone) console.log(`the time was over: ${judged.length} of ${mutants.length} have their verdict`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= 0 && value <= MAX_NUMBER) return value;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_NUMBER}.`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exit(await main(process.argv));
