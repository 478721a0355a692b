import { THOUSAND } from '../orders.ts';
import type { Simulation } from '../simulation.ts';
import type { JournalView } from './journal-view.ts';

/** Faults that may take the evidence along: the answer may not arrive, or the node may not live to write it down. */
const EXCUSES: ReadonlySet<string> = new Set(['line', 'database', 'node', 'spoilt']);

/** I7: an approval that came after its leg was closed is journalled. That it is undone shows in the ledgers. */
export function checkLateAnswers(simulation: Simulation, journal: JournalView): void {
  const { world, networks, faults, nodes } = simulation;
  const sent = [...networks.visa.sent, ...networks.iso87.sent];
  if (nodes.some(({ lives }) => lives > 1)) return;
  if (faults.faults.some(({ on, kind }) => EXCUSES.has(on) || EXCUSES.has(kind))) return;
  for (const { at, deadline, terminal, number } of sent) {
    if (at <= deadline || number === 0) continue; // what moves nothing has no name of its own
    const transaction = journal.transactions.find(({ opening }) => {
      const facts = opening?.facts;
      return facts?.terminal.trimEnd() === terminal && facts.amount.minorUnits % THOUSAND === number;
    });
    if (transaction && journal.kinds(transaction.id).includes('late-answer')) continue;
    world.violate(
      'I7 reply discipline',
      `the late approval of number ${number} of ${terminal} left no trace`,
    );
  }
}
