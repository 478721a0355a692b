import type { Transaction } from '../../switch/transaction/fold.ts';
import { stands } from '../../switch/transaction/life-cycle.ts';
import { isUnfinished } from '../../switch/transaction/several-completions.ts';
import { isNoChipData } from '../peers/habits/chip.ts';
import { nameOfAccount } from '../peers/names.ts';
import type { Notice } from '../peers/notice.ts';
import type { Payment } from '../peers/payment.ts';
import { MERCHANTS } from '../settings.ts';
import type { Simulation } from '../simulation.ts';
import { networkOf } from './expectation.ts';
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
    if (transaction.increments.some(({ state: each }) => each === 'open') && stands(state)) {
      world.violate('I2 closure', `what was to be added to ${id} was never decided`);
    }
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
  if (isNoChipData(message)) {
    return belief === 'approved' ? 'was approved with chip data that is none' : undefined;
  }
  // What a network has no words for is refused for its form (`checkNumbers` sees that it is nothing worse).
  if (message.de55) return undefined;
  // A refund to another card than was paid with contradicts itself.
  if (order.refersTo) return undefined;
  return told.some(({ code }) => code === WRONG_FORM) ? 'was refused for its form' : undefined;
}

const WRONG_AMOUNT = '13';
const WRONG_STATE = '12';
const WRONG_MAC = '63';

/** What was said about a payment is refused only where something else that is known speaks against it. */
function refusalOf(
  { order, outcome, isAccepted, isAbandoned }: Notice,
  payment: Payment,
): string | undefined {
  if (outcome === undefined) return isAbandoned ? undefined : 'never answered';
  if (isAccepted) {
    const most = mostOf(order.kind, payment);
    return order.remaining > most
      ? `accepted for too much: ${order.remaining}, and ${most} is the most`
      : undefined;
  }
  if (outcome === WRONG_MAC && order.brokenMac) return undefined;
  return mayBeRefused(order, outcome, payment) ? undefined : `answered ${outcome}`;
}

/** What may stand of a payment once this was accepted. */
function mostOf(kind: Notice['order']['kind'], payment: Payment): number {
  switch (kind) {
    case 'completion':
      return payment.amount;
    case 'tip':
      return mostWithTip(payment);
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function mayBeRefused({ kind, remaining }: Notice['order'], outcome: string, payment: Payment): boolean {
  const { notices, refunds, amount, isSettled, terminal } = payment;
  // What was answered while a refund was under way is said for ever, be that declined later.
  const isDisputed = refunds.length > 0 || notices.length > 1;
  switch (kind) {
    // A reversal is accepted whatever became of its original, unless money was given back of it.
    case 'reversal':
      return outcome === WRONG_STATE && refunds.length > 0;
    case 'void reversal':
      return outcome === WRONG_STATE;
    case 'void':
      return outcome === WRONG_STATE && (isDisputed || isSettled || terminal.isSettling);
    case 'partial reversal':
      return (
        (outcome === WRONG_STATE && isDisputed) ||
        (outcome === WRONG_AMOUNT && (isDisputed || remaining >= amount))
      );
    case 'completion':
      return (
        (outcome === WRONG_STATE && isDisputed) ||
        (outcome === WRONG_AMOUNT && (isDisputed || remaining > amount))
      );
    case 'tip':
      if (outcome === WRONG_AMOUNT) return isDisputed || remaining > mostWithTip(payment);
      return outcome === WRONG_STATE && (isDisputed || isSettled || terminal.isSettling);
    case 'settlement':
    case 'upload':
      return false;
  }
}

const TIPPED_CATEGORY = '7230';
const TIP_PERCENT = 20;
const IN_PART = '10';

/** Visa lets some trades add a fifth to what it approved whole; the other network says nothing of it. */
function mostWithTip(payment: Payment): number {
  const { amount, told, terminal } = payment;
  const merchant = MERCHANTS.find(({ id }) => id === terminal.settings.merchant);
  const isAllowed = merchant?.category === TIPPED_CATEGORY && told.every(({ code }) => code !== IN_PART);
  return isAllowed && networkOf(payment) === 'visa'
    ? amount + Math.floor((amount * TIP_PERCENT) / 100)
    : amount;
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
    // Of a hold that is billed in parts the proof is begun with the last one.
    const isDone =
      pop === 'validated' || pop === 'not-applicable' || cases.length > 0 || isUnfinished(transaction);
    return !isDone && !(NO_PROOF.has(pop) && !isBought) && !parked.has(`complete-pop ${id}`);
  }
  const isUndone = pop !== 'accepted' && pop !== 'unknown' && pop !== 'planned' && pop !== 'validated';
  return !isUndone && cases.length === 0 && !parked.has(`cancel-pop ${id}`);
}
