import type { Fault } from '../fault.ts';

/** The line to one of two networks swallows everything. The node is of use to the other one, and stays ready. */
export const networkCut: Fault = {
  name: 'network-cut',
  what: 'the line to one of two networks is cut, and nobody is told',
  lastsMs: { short: 14_000, full: 30_000 },
  lastsUntilTold: true,
  async begin({ line }) {
    line.cut();
    return async () => line.mend();
  },
  expects: {
    ready: 'says yes',
    alerts: [{ kind: 'degraded-mode', subject: 'network-degraded:visa on node-1' }],
  },
};
