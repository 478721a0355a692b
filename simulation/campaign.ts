import type { HabitName } from './peers/habits/all-habits.ts';
import { missedProbes, PROBED_FROM, type ProbeName } from './probes.ts';
import { runSeed } from './run.ts';
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
  readonly cpuMs: number;
  readonly realMs: number;
}

export interface CampaignOptions {
  readonly first: number;
  readonly count: number;
  /** Habits that are on in every seed. */
  readonly forced?: readonly HabitName[];
  readonly onSeed?: (soFar: Campaign) => void;
}

/** Failing seeds after which a campaign has shown enough. */
const MAX_FAILED = 20;

/** Runs seeds one after the other and adds up what happened. */
export async function runCampaign({ first, count, forced = [], onSeed }: CampaignOptions): Promise<Campaign> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const failed: number[] = [];
  let campaign: Campaign = {
    seeds: 0,
    failed,
    missed: [],
    payments: 0,
    approved: 0,
    tally: {},
    virtualMs: 0,
    cpuMs: 0,
    realMs: 0,
  };
  for (let seed = first; seed < first + count && failed.length < MAX_FAILED; seed += 1) {
    const { violations, payments, approved, tally, virtualMs } = await runSeed({ seed, forced });
    if (violations.length > 0) failed.push(seed);
    const { user, system } = process.cpuUsage(cpuBefore);
    campaign = {
      seeds: campaign.seeds + 1,
      failed,
      missed: [],
      payments: campaign.payments + payments,
      approved: campaign.approved + approved,
      tally: addTallies(campaign.tally, tally),
      virtualMs: campaign.virtualMs + virtualMs,
      cpuMs: (user + system) / 1_000,
      realMs: performance.now() - startedAt,
    };
    onSeed?.(campaign);
  }
  const missed = count < PROBED_FROM || failed.length > 0 ? [] : missedProbes(campaign.tally);
  return { ...campaign, missed };
}
