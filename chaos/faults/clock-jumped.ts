import type { Fault } from '../fault.ts';

const DAY_MS = 86_400_000;

/** Somebody sets the clock of the switch back by a day; that of the database and the worker's are right. */
export const clockJumped: Fault = {
  name: 'clock-jumped',
  what: 'the clock of the switch jumps back by a day, and forth again',
  lastsMs: { short: 6_000, full: 20_000 },
  lastsUntilTold: true,
  async begin({ stage, clock }) {
    clock.set(-DAY_MS, stage.pidsOf('switch'));
    return async () => clock.set(0, stage.pidsOf('switch'));
  },
  expects: { ready: 'says yes', served: 0.9, alerts: [{ kind: 'clock', subject: 'node-1' }] },
};
