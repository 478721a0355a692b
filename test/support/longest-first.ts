/**
 * Files that take long are begun first, so that no worker has one alone to do at the end while the other is idle. What
 * vitest itself does is no help to a fresh clone: it goes by the times of the run before, and where there was none by
 * the size of files, and some of the longest are the smallest.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The longest first. Chaos is begun beside the hunt: what has to be on time is measured in it, and the hunt is one
 * that takes processors and starts no servers.
 */
export const LONGEST: readonly string[] = [
  'simulation/mutants/hunt.test.ts',
  'test/chaos.test.ts',
  'test/kill-points.test.ts',
  'test/shared-settings.test.ts',
  'test/start.test.ts',
  'simulation/simulation.test.ts',
  'test/databases.test.ts',
  'test/two-nodes.test.ts',
  'test/audit.test.ts',
  'test/command-line.test.ts',
  'hsm/process/robustness.test.ts',
  'switch/audit/audit.test.ts',
  'deploy/postgres/start-postgres.test.ts',
  'hsm/ceremony/ceremony.test.ts',
  'test/promoted-standby.test.ts',
  'bench/end-to-end/end-to-end.test.ts',
  'test/boundaries.test.ts',
  'simulation/swarm.test.ts',
  'switch/journal/postgres-journal.test.ts',
  'switch/follow-up/queue.test.ts',
  'deploy/cli/cli.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.indexOf(relative(this.ctx.config.root, moduleId));
      return at < 0 ? LONGEST.length : at;
    };
    const others = await super.sort(files);
    return others.toSorted((one, other) => rank(one) - rank(other));
  }
}
