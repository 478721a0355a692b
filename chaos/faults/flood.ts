import type { Fault } from '../fault.ts';
import { floodFrom } from '../scene/flood.ts';

/** Strangers at the terminals' own address: wrong MACs on sixteen lines, and lines that say nothing. */
export const flood: Fault = {
  name: 'flood',
  what: 'one address, which is the terminals’ own, floods with wrong MACs and connections',
  lastsMs: { short: 6_000, full: 30_000 },
  lastsUntilTold: true,
  begin: ({ stage }) => floodFrom(stage.address, { wrongMacs: true, idle: 300 }),
  expects: { ready: 'says yes', served: 0.9, alerts: [{ kind: 'flood', subject: 'node-1' }] },
};
