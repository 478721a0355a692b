/**
 * `npm run sim`: runs the real switch on virtual time, many seeds in a row, or one with its timeline; or shows that the
 * simulation notices each safeguard that is taken away. A seed and a commit are one history. Exits 0 only where every
 * seed passed and a campaign saw all it should, or every mutant was found out; 2 where it was called with something
 * that is no option, or where a mutant cannot be made.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { runTool, VERSION } from '../runtime/index.ts';
import { type Campaign, type CampaignOptions, runCampaign, seedsFrom } from './campaign.ts';
import { loadText, runLoad } from './load/load-run.ts';
import { type HuntOptions, huntMutants } from './mutants/hunt.ts';
import { KEPT_SEEDS, keepSeeds } from './mutants/known-seeds.ts';
import { HABITS, type HabitName, isHabitName } from './peers/habits/all-habits.ts';
import { TARGET } from './reach/coverage.ts';
import { coverageText, percent } from './reach/coverage-text.ts';
import {
  campaignText,
  endShrinking,
  failureText,
  habitsText,
  mutantText,
  Progress,
  showShrinking,
  shrunkText,
} from './report.ts';
import { runSeed } from './run.ts';
import { shrink } from './shrink.ts';
import { storyHtml } from './story/html.ts';
import { storyText } from './story/text.ts';

const DEFAULT_SEEDS = 300;
const MUTANT_SEEDS = 200;
const MAX_SEEDS = 10_000_000;
const MAX_PROCESSES = 64;

const EXAMPLES = `
Examples:
  $ npm run sim                                # seeds 1 to 300
  $ npm run sim -- --seeds 1000 --seed 5001    # seeds 5001 to 6000
  $ npm run sim -- --seed 203                  # one seed, twice, with its timeline
  $ npm run sim -- --seeds 1000 --coverage     # which branches of the core they reach, and which not
  $ npm run sim -- --mutants                   # does the simulation notice each safeguard that is taken away?
  $ npm run sim -- --mutants --only lease      # this one only; more names may follow
  $ npm run sim -- --with letters other-till   # with these habits of peers in every seed
  $ npm run sim -- --load                      # more payments than a node carries
  $ npm run sim -- --seed 203 --html story.html  # the story of a failing seed, drawn`;

interface Options {
  readonly seeds?: number;
  readonly seed?: number;
  readonly mutants: boolean;
  readonly only?: readonly string[];
  readonly keep: boolean;
  readonly with?: readonly string[];
  readonly habits: boolean;
  readonly html?: string;
  readonly load: boolean;
  readonly coverage: boolean;
  readonly processes?: number;
  readonly json: boolean;
}

await runTool({ name: 'npm run sim --', args: process.argv.slice(2) }, () =>
  main(process.argv).catch((error: unknown) => {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    console.error(`error: ${line}`);
    return 2;
  }),
);

async function main(argv: readonly string[]): Promise<number> {
  assertPinnedNode();
  const command = new Command('npm run sim --')
    .description('Runs the real switch on virtual time, with faults drawn from a seed.')
    .option(
      '--seeds <n>',
      `how many seeds, one after the other (default: ${DEFAULT_SEEDS}; ${MUTANT_SEEDS} for each mutant)`,
      wholeNumber(1, MAX_SEEDS),
    )
    .option(
      '--seed <s>',
      'the first of them (default: 1); without --seeds, this one with its timeline',
      wholeNumber(0, MAX_SEEDS),
    )
    .option('--coverage', 'of a campaign: tell which branches of the core were reached, and which not', false)
    .option(
      '--processes <n>',
      'so many at once (default: two, or one where there is one processor)',
      wholeNumber(1, MAX_PROCESSES),
    )
    .option('--mutants', 'take each safeguard away and look for the first seed that notices', false)
    .option('--only <names...>', 'with --mutants: these and no others')
    .option('--keep', 'with --mutants: keep which seed noticed each, for the tests to try first', false)
    .option('--with <habits...>', 'habits of peers that are on in every seed, also awaited ones')
    .option('--habits', 'list the habits, and which of them the core does not bear yet', false)
    .option('--html <file>', 'with --seed alone: draw the story of a failing seed there')
    .option('--load', 'offer a node more payments than it carries, and see what becomes of them', false)
    .option('--json', 'one object instead of text', false)
    .version(VERSION, '--version', 'print the release')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .exitOverride((problem) => process.exit(problem.exitCode === 0 ? 0 : 2))
    .parse(argv);
  const { seeds, seed, mutants: isHunt, only, json, html, ...options } = command.opts<Options>();
  if (only && !isHunt) command.error("error: option '--only' needs '--mutants'");
  const unknown = options.with?.find((name) => !isHabitName(name));
  if (unknown !== undefined) command.error(`error: no habit is called '${unknown}'; --habits lists them`);
  const forced = options.with?.filter(isHabitName) ?? [];
  if (options.habits) {
    console.log(json ? JSON.stringify(HABITS) : habitsText());
    return 0;
  }
  if (options.load) return load(seed ?? 1, seeds ?? 1, json);
  const isOne = seed !== undefined && seeds === undefined && !isHunt;
  if (html !== undefined && !isOne) command.error("error: option '--html' needs '--seed' without '--seeds'");
  if (options.coverage && (isOne || isHunt)) {
    command.error("error: option '--coverage' is of campaigns: add '--seeds'");
  }
  const { processes } = options;
  if (isHunt) {
    const most = options.keep ? KEPT_SEEDS : 1;
    const hunted = { first: seed ?? 1, count: seeds ?? MUTANT_SEEDS, names: only, most, processes };
    return mutants(hunted, json, options.keep);
  }
  if (isOne) return one({ seed, forced }, json, html);
  const campaign = {
    seeds: seedsFrom(seed ?? 1, seeds ?? DEFAULT_SEEDS),
    forced,
    isCounted: options.coverage,
  };
  return many({ ...campaign, ...(processes && { processes }) }, json);
}

/** As many seeds as are asked for, one unless they are counted. */
async function load(first: number, count: number, json: boolean): Promise<number> {
  let wrong = 0;
  for (const seed of seedsFrom(first, count)) {
    const result = await runLoad(seed);
    console.log(json ? JSON.stringify(result) : loadText(result));
    if (result.wrong.length > 0) wrong += 1;
  }
  return wrong === 0 ? 0 : 1;
}

interface Seed {
  readonly seed: number;
  readonly forced: readonly HabitName[];
}

/** One seed, told in full; twice, since it must come out the same. A failing one is cut down, and its story told. */
async function one(wanted: Seed, json: boolean, html?: string): Promise<number> {
  const result = await runSeed({ ...wanted, isTold: true });
  const again = await runSeed(wanted);
  const isRepeatable = result.hash === again.hash;
  if (json) console.log(JSON.stringify({ commit: commit(), isRepeatable, ...result }));
  else console.log(failureText(result, commit()));
  if (!isRepeatable) console.error(`the same seed came out as ${result.hash}, then as ${again.hash}`);
  if (result.violations.length > 0 && !json) await tellStory(wanted, html);
  return result.violations.length === 0 && isRepeatable ? 0 : 1;
}

async function tellStory(wanted: Seed, html?: string): Promise<void> {
  const shrunk = await shrink({ ...wanted, onTry: (soFar) => showShrinking(soFar) });
  endShrinking();
  console.log(`\n${shrunkText(shrunk)}\n\n${storyText(shrunk.result)}`);
  if (html !== undefined) writeFileSync(html, storyHtml(shrunk.result));
}

async function many(options: Omit<CampaignOptions, 'onSeed'>, json: boolean): Promise<number> {
  const progress = new Progress(options.seeds.length, json);
  const campaign = await runCampaign({ ...options, onSeed: (soFar) => progress.show(soFar) });
  progress.end();
  const { coverage } = campaign;
  if (json) console.log(JSON.stringify({ commit: commit(), ...campaign }));
  else console.log(campaignText(campaign));
  if (coverage && !json) console.log(`\n${coverageText(coverage)}`);
  const [seed] = campaign.failed;
  if (seed !== undefined && !json) {
    const wanted = { seed, forced: options.forced ?? [] };
    console.log(failureText(await runSeed({ ...wanted, isTold: true }), commit()));
    await tellStory(wanted);
  }
  const missing = whatIsMissing(campaign);
  if (missing !== undefined) console.error(`failed: ${missing}`);
  return missing === undefined ? 0 : 1;
}

/** Why a campaign does not count as passed, in one line; a short one is asked for no more than clean seeds. */
function whatIsMissing({ failed, missed, coverage, seeds }: Campaign): string | undefined {
  if (failed.length > 0) return `seeds ${failed.join(', ')} violate what must hold`;
  if (missed.length > 0) return `never seen in ${seeds} seeds: ${missed.join(', ')}`;
  const isLow = coverage !== undefined && seeds >= DEFAULT_SEEDS && coverage.share < TARGET;
  return isLow
    ? `${percent(coverage.share)} of branches reached, ${percent(TARGET)} are asked for`
    : undefined;
}

async function mutants(options: HuntOptions, json: boolean, isKept: boolean): Promise<number> {
  let survivors = 0;
  for await (const hunt of huntMutants(options)) {
    console.log(json ? JSON.stringify(hunt) : mutantText(hunt));
    if (hunt.seed === undefined) survivors += 1;
    else if (isKept && hunt.seed > 0) keepSeeds({ [hunt.mutant]: hunt.seeds });
  }
  return survivors === 0 ? 0 : 1;
}

function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text !== '' && Number.isInteger(value) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
  };
}

function commit(): string {
  try {
    const describe = ['describe', '--always', '--dirty'];
    return execFileSync('git', describe, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  } catch {
    return 'unknown';
  }
}
