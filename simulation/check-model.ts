import { type EndOfPayment, endsIn, judge } from './model/model.ts';
import { recordsOf } from './records-of.ts';
import type { Simulation } from './simulation.ts';

/** Compares the ledgers of a run with what the reference model allows. */
export function checkModel(simulation: Simulation): void {
  const { world } = simulation;
  const { findings, left } = judge(recordsOf(simulation));
  if (left > 0) world.sometimes('model gave up');
  for (const { payment, what } of findings) world.violate('I11 reference model', `${payment} ${what}`);
}

export type { EndOfPayment };

/** How each payment ended, for the story. */
export function endsOfPayments(simulation: Simulation): EndOfPayment[] {
  return endsIn(recordsOf(simulation));
}
