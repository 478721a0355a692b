import type { Fault } from '../fault.ts';
import { freeze } from '../scene/signals.ts';

/** The HSM process takes requests and answers none. */
export const hsmHung: Fault = {
  name: 'hsm-hung',
  what: 'the HSM process hangs',
  lastsMs: { short: 4_000, full: 20_000 },
  lastsUntilTold: true,
  begin: async ({ stage }) => freeze(stage.pidsOf('hsm')),
  expects: { ready: 'says no', alerts: [{ kind: 'degraded-mode', subject: 'hsm-degraded on node-1' }] },
};
