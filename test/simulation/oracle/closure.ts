import type { Transaction } from '../../../switch/transaction.ts';
import type { Simulation } from '../simulation.ts';
import type { JournalView } from './journal-view.ts';

/** I2: nothing stays open. What could not be brought to an end is where people see it: parked, or a case. */
export function checkClosure({ world, networkHost, workload }: Simulation, journal: JournalView): void {
  for (const { id, reversal } of workload.purchases) {
    if (reversal && !reversal.isAccepted) {
      world.violate('I2 closure', `the reversal of ${id} was answered ${reversal.outcome}`);
    }
  }
  for (const transaction of journal.transactions) {
    const { id, state } = transaction;
    if (state === 'intended') world.violate('I2 closure', `transaction ${id} was intended and never decided`);
    else if (isOpen(transaction, journal)) {
      const { network, pop } = transaction;
      world.violate(
        'I2 closure',
        `transaction ${id} ends with network ${network}, PoP ${pop}, and nobody sees it`,
      );
    }
  }
  for (const account of networkHost.ledger.accounts.values()) {
    const name = `${account.terminal}/${account.stan} ${account.amount}`;
    if (!journal.byPurchase.has(name))
      world.violate('I2 closure', `the network knows ${name}, the journal does not`);
  }
}

const OPEN_NETWORK: ReadonlySet<string> = new Set(['planned', 'unknown']);

function isOpen(transaction: Transaction, { parked }: JournalView): boolean {
  const { id, opening, state, network, pop, cases } = transaction;
  if (!opening) return false;
  if (network === 'to-advise' && !parked.has(`advise-network ${id}`)) return true;
  if (OPEN_NETWORK.has(network) && !parked.has(`reverse-network ${id}`)) return true;
  if (state === 'approved' || state === 'captured') {
    const isDone = pop === 'validated' || pop === 'not-applicable' || cases.length > 0;
    return !isDone && !parked.has(`complete-pop ${id}`);
  }
  const isUndone = pop !== 'accepted' && pop !== 'unknown' && pop !== 'planned' && pop !== 'validated';
  return !isUndone && cases.length === 0 && !parked.has(`cancel-pop ${id}`);
}
