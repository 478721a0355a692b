import type { Fault } from '../fault.ts';
import { freeze } from '../scene/signals.ts';

/** Every process of PostgreSQL stands still, as on a machine whose disk or hypervisor hangs; connections stay open. */
export const databaseStopped: Fault = {
  name: 'database-stopped',
  what: 'PostgreSQL stands still for 40 s',
  lastsMs: { short: 40_000, full: 40_000 },
  begin: async ({ stage }) => freeze(stage.pidsOf('postgres')),
  expects: { ready: 'says no', alerts: [{ kind: 'degraded-mode', subject: 'journal-degraded on node-1' }] },
};
