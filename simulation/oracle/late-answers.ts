import { asNetworkKnows } from '../../switch/transaction/network-facts.ts';
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
  for (const { at, deadline, terminal, stan, transmitted } of sent) {
    if (at <= deadline) continue;
    const transaction = journal.transactions.find(({ opening }) => {
      const facts = opening && asNetworkKnows(opening.facts);
      const isSame = facts?.stan === stan && facts.transmittedAt === transmitted;
      return isSame && facts.terminal.trimEnd() === terminal;
    });
    if (transaction && journal.kinds(transaction.id).includes('late-answer')) continue;
    world.violate('I7 reply discipline', `the late approval of ${terminal}/${stan} left no trace`);
  }
}
