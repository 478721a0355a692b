/**
 * `npm run sim`: runs the real switch on virtual time, many seeds in a row, or one with its timeline; or shows that the
 * simulation notices each safeguard that is taken away. A seed and a commit are one history. Exits 0 only where every
 * seed passed, or every mutant was found out; 2 where it was called with something that is no option, or where a mutant
 * cannot be made.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { runTool, VERSION } from '../runtime/index.ts';
import { type CampaignOptions, runCampaign } from './campaign.ts';
import { type HuntOptions, huntMutants } from './mutants/hunt.ts';
import { keepSeeds } from './mutants/known-seeds.ts';
import { MutantError } from './mutants/source-mutant.ts';
import { HABITS, type HabitName, isHabitName } from './peers/habits/all-habits.ts';
import { campaignText, failureText, habitsText, mutantText, Progress, shrunkText } from './report.ts';
import { runSeed } from './run.ts';
import { shrink } from './shrink.ts';
import { storyHtml, storyText } from './story.ts';

const DEFAULT_SEEDS = 300;
const MUTANT_SEEDS = 200;
const MAX_SEEDS = 10_000_000;

const EXAMPLES = `
Examples:
  $ npm run sim                                # seeds 1 to 300
  $ npm run sim -- --seeds 1000 --seed 5001    # seeds 5001 to 6000
  $ npm run sim -- --seed 203                  # one seed, twice, with its timeline
  $ npm run sim -- --mutants                   # does the simulation notice each safeguard that is taken away?
  $ npm run sim -- --mutants --only lease      # this one only; more names may follow
  $ npm run sim -- --with letters other-till   # with these habits of peers in every seed
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
  readonly json: boolean;
}

await runTool({ name: 'npm run sim --', args: process.argv.slice(2) }, () => main(process.argv));

async function main(argv: readonly string[]): Promise<number> {
  assertPinnedNode();
  const command = new Command('npm run sim --')
    .description('Runs the real switch on virtual time, with faults drawn from a seed.')
    .option(
      '--seeds <n>',
      `how many seeds, one after the other (default: ${DEFAULT_SEEDS}; ${MUTANT_SEEDS} for each mutant)`,
      wholeNumber,
    )
    .option(
      '--seed <s>',
      'the first of them (default: 1); without --seeds, this one with its timeline',
      wholeNumber,
    )
    .option('--mutants', 'take each safeguard away and look for the first seed that notices', false)
    .option('--only <names...>', 'with --mutants: these and no others')
    .option('--keep', 'with --mutants: keep which seed noticed each, for the tests to try first', false)
    .option('--with <habits...>', 'habits of peers that are on in every seed, also awaited ones')
    .option('--habits', 'list the habits, and which of them the core does not bear yet', false)
    .option('--html <file>', 'with --seed alone: draw the story of a failing seed there')
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
  const hunted = { first: seed ?? 1, count: seeds ?? MUTANT_SEEDS, names: only };
  if (isHunt) return mutants(hunted, json, options.keep);
  if (seed !== undefined && seeds === undefined) return one({ seed, forced }, json, html);
  return many({ first: seed ?? 1, count: seeds ?? DEFAULT_SEEDS, forced }, json);
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
  const shrunk = await shrink(wanted);
  console.log(`\n${shrunkText(shrunk)}\n\n${storyText(shrunk.result)}`);
  if (html !== undefined) writeFileSync(html, storyHtml(shrunk.result));
}

async function many(options: Omit<CampaignOptions, 'onSeed'>, json: boolean): Promise<number> {
  const progress = new Progress(options.count, json);
  const campaign = await runCampaign({ ...options, onSeed: (soFar) => progress.show(soFar) });
  progress.end();
  if (json) console.log(JSON.stringify({ commit: commit(), ...campaign }));
  else console.log(campaignText(campaign));
  const [seed] = campaign.failed;
  if (seed === undefined) return campaign.missed.length === 0 ? 0 : 1;
  const wanted = { seed, forced: options.forced ?? [] };
  if (!json) {
    console.log(failureText(await runSeed({ ...wanted, isTold: true }), commit()));
    await tellStory(wanted);
  }
  return 1;
}

async function mutants(options: HuntOptions, json: boolean, isKept: boolean): Promise<number> {
  let survivors = 0;
  try {
    for await (const hunt of huntMutants(options)) {
      console.log(json ? JSON.stringify(hunt) : mutantText(hunt));
      if (hunt.seed === undefined) survivors += 1;
      else if (isKept) keepSeeds({ [hunt.mutant]: hunt.seed });
    }
  } catch (error) {
    if (!(error instanceof MutantError)) throw error;
    console.error(`error: ${error.message}`);
    return 2;
  }
  return survivors === 0 ? 0 : 1;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= 0 && value <= MAX_SEEDS) return value;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_SEEDS}.`);
}

function commit(): string {
  try {
    const describe = ['describe', '--always', '--dirty'];
    return execFileSync('git', describe, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  } catch {
    return 'unknown';
  }
}
