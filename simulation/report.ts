import { AWAITED } from './awaited.ts';
import type { Campaign } from './campaign.ts';
import { describeFault } from './faults.ts';
import { describeFeatures } from './features.ts';
import type { Hunt } from './mutants/hunt.ts';
import { HABITS } from './peers/habits/all-habits.ts';
import type { RunResult } from './run.ts';
import type { Progress as Shrinking, Shrunk } from './shrink.ts';
import type { Tally } from './tally.ts';

const BAR_WIDTH = 30;
const SHOWN_EVERY_MS = 200;

/** How far a campaign is, on one line of a terminal. */
export class Progress {
  readonly #total: number;
  readonly #isShown: boolean;
  #shownAt = 0;

  constructor(total: number, isQuiet: boolean) {
    this.#total = total;
    this.#isShown = !isQuiet && process.stderr.isTTY === true;
  }

  show(campaign: Campaign): void {
    if (!this.#isShown || campaign.realMs - this.#shownAt < SHOWN_EVERY_MS) return;
    this.#shownAt = campaign.realMs;
    const done = Math.round((campaign.seeds / this.#total) * BAR_WIDTH);
    const bar = '█'.repeat(done).padEnd(BAR_WIDTH, '░');
    process.stderr.write(`\r${bar} ${campaign.seeds}/${this.#total}  ${speedText(campaign)}\x1b[K`);
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K');
  }
}

function speedText({ seeds, virtualMs, realMs, cpuMs, failed }: Campaign): string {
  const ratio = Math.round(virtualMs / realMs);
  const perMinute = Math.round((seeds / cpuMs) * 60_000);
  return `${failed.length} failed · ${ratio}× real time · ${perMinute} seeds per CPU minute`;
}

export function campaignText(campaign: Campaign): string {
  const { seeds, payments, approved, tally, virtualMs, failed, missed } = campaign;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  const lines = [
    `${seeds} seeds: ${payments} payments, ${approved} approved, ${hours} virtual hours; ${speedText(campaign)}`,
  ];
  lines.push('', ...tallyLines(tally));
  if (failed.length > 0) lines.push('', `failing seeds: ${failed.join(', ')}`);
  if (missed.length > 0) lines.push('', `never seen: ${missed.join(', ')}`);
  return lines.join('\n');
}

const COLUMNS = 3;

function tallyLines(tally: Tally): string[] {
  const cells = Object.keys(tally)
    .sort()
    .map((what) => `${String(tally[what]).padStart(8)} ${what}`.padEnd(42));
  const rows = Math.ceil(cells.length / COLUMNS);
  const row = (number: number) => cells.filter((_, index) => index % rows === number);
  return Array.from({ length: rows }, (_, number) => row(number).join('').trimEnd());
}

/** Everything that is needed to understand and replay a seed. */
export function failureText(result: RunResult, commit: string): string {
  const { seed, hash, faults, features, timeline, violations, virtualMs, events } = result;
  return [
    `seed ${seed} at commit ${commit}: ${violations.length} violations, hash ${hash}`,
    `replay: npm run sim -- --seed ${seed}`,
    '',
    'features:',
    ...describeFeatures(features).map((line) => `  ${line}`),
    '',
    'faults:',
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    '',
    `timeline (${(virtualMs / 1_000).toFixed(0)} virtual seconds, ${events} events):`,
    ...timeline.map(({ at, actor, what }) => `  ${moment(at)}  ${actor.padEnd(9)} ${oneLine(what)}`),
    '',
    ...violations.map(({ at, invariant, what }) => `✗ ${moment(at)}  ${invariant}: ${what}`),
  ].join('\n');
}

/** How far a failing seed is cut down, on one line of a terminal. */
export function showShrinking({ tries, payments, faults, spentMs }: Shrinking): void {
  if (!process.stderr.isTTY) return;
  const spent = `${(spentMs / 1_000).toFixed(0)} s, ${tries} runs`;
  process.stderr.write(`\rcutting down: ${payments} payments, ${faults} faults left · ${spent}\x1b[K`);
}

export function endShrinking(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** What is left of a failing seed once all was taken away that it fails without. */
export function shrunkText({ payments, faults, habits, tries, result }: Shrunk): string {
  const [violation] = result.violations;
  return [
    `cut down in ${tries} runs: payments ${payments.join(', ') || 'none'}; ${faults.length} faults; habits ${habits.join(', ') || 'none'}`,
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    ...(violation ? [`  ✗ ${violation.invariant}: ${violation.what}`] : []),
  ].join('\n');
}

export function habitsText(): string {
  return HABITS.map(({ name, says }) => {
    const awaited = AWAITED.find((each) => each.name === name);
    const off = awaited ? `\n${' '.repeat(28)}awaited: ${awaited.because} (seed ${awaited.seed})` : '';
    return `${name.padEnd(28)}${says}${off}`;
  }).join('\n');
}

const MAX_LINE = 220;

function oneLine(text: string): string {
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}

function moment(ms: number): string {
  return (ms / 1_000).toFixed(6).padStart(12);
}

export function mutantText({ mutant, removes, seed, invariant, what, tried }: Hunt): string {
  const title = `${mutant.padEnd(18)} without ${removes}`;
  if (seed === undefined) {
    return `✗ ${title}\n  NOT noticed ${tried === 0 ? 'by its tests' : `in ${tried} seeds`}`;
  }
  if (seed === 0) return `✓ ${title}\n  noticed by ${invariant}: ${what}`;
  return `✓ ${title}\n  noticed by seed ${seed}: ${invariant}: ${what}`;
}
