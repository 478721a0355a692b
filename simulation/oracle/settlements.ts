import type { EntryBodies } from '../../switch/transaction/entries.ts';
import type { Batches } from '../batches.ts';
import type { Payment } from '../peers/payment.ts';
import type { Settlement } from '../peers/settlement.ts';
import type { Simulation } from '../simulation.ts';
import { isInHands } from './expectation.ts';
import type { JournalView } from './journal-view.ts';

const BALANCED = '00';

/** I4 between terminals and switch: batches come to the same, each payment is settled once, and batches are closed. */
export function checkSettlements(simulation: Simulation, journal: JournalView): void {
  const { world, workload } = simulation;
  for (const batches of workload.batches) {
    for (const settlement of batches.settlements) {
      const { terminal, order, answers, isOver } = settlement;
      const name = `batch ${order.number} of ${terminal.settings.id} in ${order.currency}`;
      if (!isOver || answers.at(-1) !== BALANCED) {
        world.violate('I2 closure', `${name} was answered ${answers.join(', then ')}`);
      } else if (answers.length > 1 && !mayDiffer(settlement, batches, workload.payments, journal)) {
        world.violate('I4 conservation', `${name} is out of balance, and nothing explains it`);
      }
      if (order.forgotten && order.forgotten.standing.minorUnits > 0 && answers[0] === BALANCED) {
        world.violate('I4 conservation', `${name} is in balance without ${order.forgotten.name}`);
      }
    }
  }
  checkMembers(simulation);
}

/**
 * Where the terminal made a mistake, or does not know what became of a payment, or closed its batch while others did.
 */
function mayDiffer(
  { order, terminal }: Settlement,
  { settlements }: Batches,
  payments: readonly Payment[],
  journal: JournalView,
): boolean {
  const isLast = settlements.findLast((one) => one.order.currency === order.currency)?.order === order;
  const isUncertain = payments.some((payment) => {
    const isOurs = payment.terminal === terminal && payment.order.currency === order.currency;
    return isOurs && (payment.belief === 'unknown' || isInHands(payment, journal));
  });
  return order.forgotten !== undefined || isUncertain || !isLast;
}

/** A transaction is a member of one closed batch at most, and batches are counted without a gap. */
function checkMembers({ world, database }: Simulation): void {
  const batchOf = new Map<string, string>();
  const ordinals = new Map<string, number[]>();
  for (const { kind, body } of [...database.tables.journal.values()].flat()) {
    if (kind !== 'batch-closed') continue;
    const closed = JSON.parse(body) as EntryBodies['batch-closed'];
    const name = `${closed.terminal} in ${closed.currency}`;
    ordinals.set(name, [...(ordinals.get(name) ?? []), closed.ordinal]);
    for (const member of closed.members) {
      const other = batchOf.get(member);
      const own = `batch ${closed.ordinal} of ${name}`;
      if (other) world.violate('I3 one effect', `${member} was settled by ${other} and by ${own}`);
      batchOf.set(member, own);
    }
  }
  for (const [name, found] of ordinals) {
    const isCounted = found.sort((a, b) => a - b).every((ordinal, index) => ordinal === index + 1);
    if (!isCounted) world.violate('I3 one effect', `the batches of ${name} are ${found.join(', ')}`);
  }
}
