/** A worker in a process of its own that takes a follow-up and never ends it: for tests that kill it. */
import { announceReady, silentLog, systemClock } from '../../runtime/index.ts';
import { startFollowUpWorker } from '../../switch/follow-up/queue.ts';

await startFollowUpWorker({
  databaseUrl: process.argv[2] ?? '',
  tasks: {
    hang: async ({ transaction }) => {
      announceReady({ transaction });
      return new Promise(() => {});
    },
  },
  node: process.argv[3] ?? '',
  lanes: ['visa'],
  clock: systemClock,
  log: silentLog,
  concurrency: 1,
  leaseMs: 400,
});
