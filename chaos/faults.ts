import type { Fault } from './fault.ts';
import { clockJumped } from './faults/clock-jumped.ts';
import { commitsHeldUp } from './faults/commits-held-up.ts';
import { databaseStopped } from './faults/database-stopped.ts';
import { flood } from './faults/flood.ts';
import { hsmHung } from './faults/hsm-hung.ts';
import { hsmKilled } from './faults/hsm-killed.ts';
import { logFull } from './faults/log-full.ts';
import { networkCut } from './faults/network-cut.ts';
import { popSilent } from './faults/pop-silent.ts';
import { switchKilled } from './faults/switch-killed.ts';
import { workerKilled } from './faults/worker-killed.ts';

/**
 * The faults that happen at once, wave after wave. Those of a wave have nothing to do with each other, and each has an
 * alert of its own: who reads them at night knows which is which.
 */
export const WAVES: readonly (readonly Fault[])[] = [
  [databaseStopped],
  [networkCut, logFull, workerKilled],
  [hsmHung],
  [popSilent, clockJumped, flood],
  [switchKilled],
  [hsmKilled],
  [commitsHeldUp],
];

export const FAULTS: readonly Fault[] = WAVES.flat();
