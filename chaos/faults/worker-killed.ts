import type { Fault } from '../fault.ts';
import { send } from '../scene/signals.ts';

/** The worker dies with follow-ups at work. Terminals do not notice, and what it held is taken by the next one. */
export const workerKilled: Fault = {
  name: 'worker-killed',
  what: 'the worker is killed with follow-ups at work',
  lastsMs: { short: 4_000, full: 5_000 },
  async begin({ stage }) {
    for (const pid of stage.pidsOf('worker')) send(pid, 'SIGKILL');
    return async () => {};
  },
  expects: {
    mayAlert: [
      { kind: 'late-work', subject: 'follow-ups' },
      { kind: 'late-work', subject: 'the projection' },
    ],
    ready: 'may say no',
    alerts: [{ kind: 'process-died', subject: 'node-1.worker' }],
  },
};
