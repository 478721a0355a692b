/**
 * `npm run sim -- [--seeds N] [--seed S] [--mutants] [--json]`: runs the real switch on virtual time, N seeds from 1
 * on, or the one seed S with its timeline; or shows that the simulation notices each safeguard that is taken away.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { assertPinnedNode } from '../deploy/assert-node.ts';
import { huntMutants, runCampaign } from './campaign.ts';
import { campaignText, failureText, mutantText, Progress } from './report.ts';
import { runSeed } from './run.ts';

const DEFAULT_SEEDS = 300;
const MUTANT_SEEDS = 1_000;
const MAX_SEEDS = 10_000_000;

assertPinnedNode();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { json } = values;
  if (values.seed !== undefined) return one(wholeNumber('seed', values.seed), json);
  if (values.mutants) return mutants(wholeNumber('seeds', values.seeds ?? String(MUTANT_SEEDS)), json);
  const first = wholeNumber('from', values.from ?? '1');
  return many(first, wholeNumber('seeds', values.seeds ?? String(DEFAULT_SEEDS)), json);
}

/** One seed, told in full; twice, since it must come out the same. */
async function one(seed: number, json: boolean): Promise<number> {
  const result = await runSeed({ seed, isTold: true });
  const again = await runSeed({ seed });
  const isRepeatable = result.hash === again.hash;
  if (json) console.log(JSON.stringify({ commit: commit(), isRepeatable, ...result }));
  else console.log(failureText(result, commit()));
  if (!isRepeatable) console.error(`the same seed came out as ${result.hash}, then as ${again.hash}`);
  return result.violations.length === 0 && isRepeatable ? 0 : 1;
}

async function many(first: number, count: number, json: boolean): Promise<number> {
  const progress = new Progress(count, json);
  const campaign = await runCampaign({ first, count, onSeed: (soFar) => progress.show(soFar) });
  progress.end();
  if (json) console.log(JSON.stringify({ commit: commit(), ...campaign }));
  else console.log(campaignText(campaign));
  const [seed] = campaign.failed;
  if (seed === undefined) return 0;
  if (!json) console.log(failureText(await runSeed({ seed, isTold: true }), commit()));
  return 1;
}

async function mutants(limit: number, json: boolean): Promise<number> {
  let survivors = 0;
  for await (const hunt of huntMutants(limit)) {
    console.log(json ? JSON.stringify(hunt) : mutantText(hunt));
    if (hunt.seed === undefined) survivors += 1;
  }
  return survivors === 0 ? 0 : 1;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= MAX_SEEDS) return value;
  throw new Error(`--${name} must be a whole number from 0 to ${MAX_SEEDS}, not ${text}`);
}

function commit(): string {
  try {
    const describe = ['describe', '--always', '--dirty'];
    return execFileSync('git', describe, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
  } catch {
    return 'unknown';
  }
}
