import { THOUSAND } from '../orders.ts';
import type { Simulation } from '../simulation.ts';
import type { JournalView } from './journal-view.ts';

/** Faults that may take the evidence along: the answer may not arrive, or the node may not live to write it down. */
const EXCUSES: ReadonlySet<string> = new Set(['line', 'database', 'node', 'spoilt']);

/** Habits by which an approval is none, or another payment's. */
const NO_WORD_OF_ITS_OWN = ['swaps-answers', 'unknown-codes'] as const;

/**
 * I7: an approval is on record, whether it came in time, beside the reversal of its payment, or after its leg was
 * closed. That it is undone shows in the ledgers.
 */
export function checkLateAnswers(simulation: Simulation, journal: JournalView): void {
  const { world, networks, faults, features, nodes } = simulation;
  const sent = [...networks.visa.sent, ...networks.iso87.sent];
  if (nodes.some(({ lives }) => lives > 1)) return;
  if (faults.faults.some(({ on, kind }) => EXCUSES.has(on) || EXCUSES.has(kind))) return;
  const isPlain = !NO_WORD_OF_ITS_OWN.some((name) => features.habits.has(name));
  for (const { at, deadline, terminal, number } of sent) {
    const isLate = at > deadline;
    if (number === 0 || (!isLate && !isPlain)) continue; // what moves nothing has no name of its own
    const transaction = journal.transactions.find(({ opening }) => {
      const facts = opening?.facts;
      return facts?.terminal.trimEnd() === terminal && facts.amount.minorUnits % THOUSAND === number;
    });
    if (transaction && journal.kinds(transaction.id).includes('late-answer')) continue;
    if (!isLate && transaction?.decided?.network.status === 'approved') continue;
    const what = isLate ? 'late approval' : 'approval';
    world.violate('I7 reply discipline', `the ${what} of number ${number} of ${terminal} left no trace`);
  }
}
