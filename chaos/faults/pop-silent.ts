import { popControl } from '../../simulators/index.ts';
import type { Fault } from '../fault.ts';

/** The consensus takes every call and answers none. */
export const popSilent: Fault = {
  name: 'pop-silent',
  what: 'the PoP consensus is silent',
  lastsMs: { short: 6_000, full: 30_000 },
  lastsUntilTold: true,
  async begin({ stage }) {
    const control = popControl(stage.system.pop.controlUrl);
    for (const on of ['initiate', 'query', 'query-set', 'cancel'] as const) {
      await control.script({ on, scenario: { action: 'silence', lost: 'request' } });
    }
    return async () => void (await control.reset());
  },
  expects: {
    ready: 'says yes',
    served: 0.8,
    alerts: [{ kind: 'degraded-mode', subject: 'pop-degraded on node-1' }],
  },
};
