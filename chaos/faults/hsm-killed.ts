import type { Fault } from '../fault.ts';
import { killAgainAndAgain } from '../scene/signals.ts';

/** The HSM process dies whenever it is started again: a token that cannot be opened, a driver that crashes. */
export const hsmKilled: Fault = {
  name: 'hsm-killed',
  what: 'the HSM process is killed, and again whenever it is back',
  lastsMs: { short: 4_000, full: 20_000 },
  lastsUntilTold: true,
  begin: async ({ stage }) => killAgainAndAgain(() => stage.pidsOf('hsm')[0], 100),
  expects: { ready: 'says no', alerts: [{ kind: 'degraded-mode', subject: 'hsm-degraded on node-1' }] },
};
