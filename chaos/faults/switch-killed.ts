import type { Fault } from '../fault.ts';
import { send } from '../scene/signals.ts';

/** The switch dies with payments on their way, and is started again. */
export const switchKilled: Fault = {
  name: 'switch-killed',
  what: 'the switch is killed in the middle of payments',
  lastsMs: { short: 1_000, full: 5_000 },
  async begin({ stage }) {
    for (const pid of stage.pidsOf('switch')) send(pid, 'SIGKILL');
    return async () => {};
  },
  expects: {
    ready: 'may say no',
    alerts: [{ kind: 'process-died', subject: 'node-1' }],
    // A switch that has just begun on a busy machine has appends that miss their deadline.
    mayAlert: [{ kind: 'degraded-mode', subject: 'journal-degraded on node-1' }],
  },
};
