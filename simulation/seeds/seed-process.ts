/**
 * A process that runs seeds for a campaign: `seed-process.ts '{"isCounted": true}'`. `seed-pool.ts` starts it. It asks
 * V8 to count before it loads the core, since V8 knows the branches only of what is loaded afterwards. It ends where
 * its parent does.
 */

import { CoverageCollector } from '../reach/collector.ts';
import { CORE, ROOT } from '../reach/core-files.ts';
import type { FromSeedProcess, SeedProcessPlan, ToSeedProcess } from './seed-pool.ts';

const { isCounted, eachCounted, forced }: SeedProcessPlan = JSON.parse(process.argv[2] ?? '{}');
const collector = isCounted ? new CoverageCollector(ROOT, CORE) : undefined;
const { runSeed } = await import('../run.ts');

process.on('message', (message: ToSeedProcess) => {
  if ('seeds' in message) void run(message.seeds);
  else end();
});
process.once('disconnect', () => process.exit(1));
tell({ isReady: true });

async function run(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    const before = process.cpuUsage();
    const { violations, payments, approved, tally, virtualMs } = await runSeed({ seed, forced });
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    const counts = eachCounted ? collector?.take() : undefined;
    const hasFailed = violations.length > 0;
    tell({
      result: { seed, hasFailed, payments, approved, tally, virtualMs, cpuMs },
      ...(counts && { counts: [...counts] }),
    });
  }
  tell({ isReady: true });
}

function end(): void {
  const counts = [...(collector?.take() ?? [])];
  process.removeAllListeners('disconnect');
  process.send?.({ counts } satisfies FromSeedProcess, () => process.disconnect());
}

function tell(message: FromSeedProcess): void {
  process.send?.(message);
}
