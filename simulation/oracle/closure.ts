import type { Transaction } from '../../switch/transaction/fold.ts';
import { nameOfAccount } from '../peers/names.ts';
import type { Notice } from '../peers/notice.ts';
import type { Payment } from '../peers/payment.ts';
import type { Simulation } from '../simulation.ts';
import { LAST_STAN } from '../terminals.ts';
import type { JournalView } from './journal-view.ts';

/** I2: nothing stays open. What could not be brought to an end is where people see it: parked, or a case. */
export function checkClosure({ world, networks, workload }: Simulation, journal: JournalView): void {
  for (const payment of workload.payments) {
    const problem = formProblemOf(payment);
    if (problem) world.violate('I7 reply discipline', `${payment.name} ${problem}`);
    for (const notice of payment.notices) {
      const problem = refusalOf(notice, payment);
      if (problem) world.violate('I2 closure', `the ${notice.order.kind} of ${payment.id} was ${problem}`);
    }
  }
  for (const transaction of journal.transactions) {
    const { id, state, network, pop } = transaction;
    if (state === 'intended') world.violate('I2 closure', `transaction ${id} was intended and never decided`);
    else if (isOpen(transaction, journal)) {
      world.violate(
        'I2 closure',
        `transaction ${id} ends with network ${network}, PoP ${pop}, and nobody sees it`,
      );
    }
  }
  for (const { name, ledger } of Object.values(networks)) {
    for (const account of ledger.accounts.values()) {
      const known = nameOfAccount(account);
      if (!journal.accounts.has(known)) {
        world.violate('I2 closure', `${name} knows ${known}, the journal does not`);
      }
    }
  }
}

/** No terminal here says anything that it could not say. */
const WRONG_FORM = '30';
function formProblemOf({ message, order, told, belief }: Payment): string | undefined {
  if (message.de55) return belief === 'approved' ? 'was approved with chip data that is none' : undefined;
  // A refund to another card than was paid with contradicts itself.
  if (order.refersTo) return undefined;
  return told.some(({ code }) => code === WRONG_FORM) ? 'was refused for its form' : undefined;
}

const WRONG_AMOUNT = '13';
const WRONG_STATE = '12';
const WRONG_MAC = '63';
/** Where a terminal counts its STANs anew, references repeat: what fits two payments may be taken for neither. */
const UNKNOWN = '25';

/** A reversal is accepted whatever became of its original, unless money was given back of it. */
function refusalOf(
  { order, outcome, isAccepted, isAbandoned }: Notice,
  { refunds, amount, terminal }: Payment,
): string | undefined {
  const losesCount = terminal.settings.stans.last < LAST_STAN;
  if (outcome === undefined) return isAbandoned ? undefined : 'never answered';
  const answered = `answered ${outcome}`;
  if (isAccepted) {
    return order.kind === 'completion' && order.remaining > amount ? 'accepted for too much' : undefined;
  }
  if (outcome === WRONG_MAC && order.brokenMac) return undefined;
  if (outcome === UNKNOWN && order.kind !== 'reversal' && losesCount) return undefined;
  switch (order.kind) {
    case 'reversal':
      return outcome === WRONG_STATE && refunds.length > 0 ? undefined : answered;
    case 'void':
    case 'void reversal':
      return outcome === WRONG_STATE ? undefined : answered;
    case 'partial reversal':
    case 'completion':
    case 'tip':
    case 'settlement':
    case 'upload':
      return outcome === WRONG_STATE || outcome === WRONG_AMOUNT ? undefined : answered;
  }
}

const OPEN_NETWORK: ReadonlySet<string> = new Set(['planned', 'unknown']);
const ASKS_ONLY: ReadonlySet<string> = new Set(['balance', 'account-verification']);
const NO_PROOF: ReadonlySet<string> = new Set(['cancelled', 'not-sent', 'not-applicable', 'rejected']);

function isOpen(transaction: Transaction, { parked }: JournalView): boolean {
  const { id, opening, state, network, pop, cases, standingMinorUnits } = transaction;
  if (!opening) return false;
  const { kind, cashbackMinorUnits = 0 } = opening.facts;
  if (network === 'to-advise' && !parked.has(`advise-network ${id}`)) return true;
  const isReversed = ASKS_ONLY.has(kind) || parked.has(`reverse-network ${id}`);
  if (OPEN_NETWORK.has(network) && !isReversed) return true;
  if (state === 'approved' || state === 'captured') {
    const isBought = standingMinorUnits > cashbackMinorUnits;
    const isDone = pop === 'validated' || pop === 'not-applicable' || cases.length > 0;
    return !isDone && !(NO_PROOF.has(pop) && !isBought) && !parked.has(`complete-pop ${id}`);
  }
  const isUndone = pop !== 'accepted' && pop !== 'unknown' && pop !== 'planned' && pop !== 'validated';
  return !isUndone && cases.length === 0 && !parked.has(`cancel-pop ${id}`);
}
