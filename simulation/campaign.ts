import { availableParallelism } from 'node:os';
import type { HabitName } from './peers/habits/all-habits.ts';
import { missedProbes, PROBED_FROM, type ProbeName } from './probes.ts';
import { ROOT } from './reach/core-files.ts';
import { type Coverage, coverageOf } from './reach/coverage.ts';
import { Reached } from './reach/reached.ts';
import { runSeeds } from './seeds/seed-pool.ts';
import { addTallies, type Tally } from './tally.ts';

export interface Campaign {
  readonly seeds: number;
  readonly failed: readonly number[];
  /** What it should have seen and did not; of a short campaign nothing is asked. */
  readonly missed: readonly ProbeName[];
  readonly payments: number;
  readonly approved: number;
  /** What happened, and how often. */
  readonly tally: Tally;
  readonly virtualMs: number;
  /** Of all processes, without what it takes to start them. */
  readonly cpuMs: number;
  readonly realMs: number;
  /** What was reached of the core, where that was asked for. */
  readonly coverage?: Coverage;
}

export interface CampaignOptions {
  readonly seeds: readonly number[];
  /** Habits that are on in every seed. */
  readonly forced?: readonly HabitName[];
  /** Whether V8 counts which branches are reached. */
  readonly isCounted?: boolean;
  /** Processes at once; as many as there are processors where it is left out, and two at most. */
  readonly processes?: number;
  readonly onSeed?: (soFar: Campaign) => void;
}

/** Failing seeds after which a campaign has shown enough. */
const MAX_FAILED = 20;
/** Others work on the machine, too. */
const MOST_PROCESSES = 2;

const NOTHING: Campaign = {
  seeds: 0,
  failed: [],
  missed: [],
  payments: 0,
  approved: 0,
  tally: {},
  virtualMs: 0,
  cpuMs: 0,
  realMs: 0,
};

export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** Runs seeds and adds up what happened. @throws SeedProcessError */
export async function runCampaign({
  seeds,
  forced,
  isCounted = false,
  processes = Math.min(MOST_PROCESSES, availableParallelism()),
  onSeed,
}: CampaignOptions): Promise<Campaign> {
  const startedAt = performance.now();
  const reached = new Reached(ROOT);
  let campaign = NOTHING;
  await runSeeds({
    seeds,
    processes: Math.min(processes, Math.max(1, seeds.length)),
    isCounted,
    forced,
    isEnough: () => campaign.failed.length >= MAX_FAILED,
    onSeed({ seed, hasFailed, ...one }) {
      const failed = hasFailed ? [...campaign.failed, seed].sort((a, b) => a - b) : campaign.failed;
      campaign = {
        seeds: campaign.seeds + 1,
        failed,
        missed: [],
        payments: campaign.payments + one.payments,
        approved: campaign.approved + one.approved,
        tally: addTallies(campaign.tally, one.tally),
        virtualMs: campaign.virtualMs + one.virtualMs,
        cpuMs: campaign.cpuMs + one.cpuMs,
        realMs: performance.now() - startedAt,
      };
      onSeed?.(campaign);
    },
    onCounts: (counts) => reached.add(reached.read(new Map(counts))),
  });
  const isAsked = seeds.length >= PROBED_FROM && campaign.failed.length === 0;
  const missed = isAsked ? missedProbes(campaign.tally) : [];
  return { ...campaign, missed, ...(isCounted && { coverage: coverageOf(reached) }) };
}
