import type { Transaction } from '../../switch/transaction/fold.ts';
import type { Fault } from '../faults.ts';
import { isOfGuests } from '../guests/guest-settings.ts';
import type { HabitName } from '../peers/habits/all-habits.ts';
import { chipRefusal } from '../peers/strangers.ts';
import type { Simulation } from '../simulation.ts';
import type { JournalView } from './journal-view.ts';

/** Why something may well be before people: the first fact that holds is enough. */
type Reason = (transaction: Transaction, simulation: Simulation, journal: JournalView) => boolean;

/** After these entries a part is to be given back. */
const LEAVES_A_PART: ReadonlySet<string> = new Set(['partly-taken-back', 'captured', 'adjusted']);

const refusesParts: Reason = (transaction, simulation, journal) =>
  has(simulation, 'refuses-partial-reversals') &&
  journal.kinds(transaction.id).some((kind) => LEAVES_A_PART.has(kind));
const refusesAdvices: Reason = (_, simulation) => has(simulation, 'refuses-advices');
const endsWithout: Reason = ({ id }, { proofs }) =>
  proofs.proofs.some((proof) => proof.transaction === id && proof.status !== 'VALIDATED');
const isFinal: Reason = ({ id }, { proofs }) =>
  proofs.proofs.some((proof) => proof.transaction === id && proof.status === 'VALIDATED');
const isDenied: Reason = (_, simulation) => hasFault(simulation, 'contradicting');
/** The chip refused (AAC) what its terminal did not reverse. */
const chipRefused: Reason = ({ id }, { workload }, journal) =>
  workload.payments.some(
    (payment) => chipRefusal(payment) !== undefined && journal.byPayment.get(payment.name)?.id === id,
  );
const never: Reason = () => false;

/** The facts that justify a case of each kind. Whoever adds a kind says here what it takes. */
const CASES: Readonly<Record<string, readonly Reason[]>> = {
  'reversal-refused': [refusesParts],
  'reversal-not-found': [never],
  'answer-disagrees': [
    (_, simulation) => has(simulation, 'swaps-answers'),
    (_, simulation) => hasFault(simulation, 'spoilt'),
  ],
  'advice-refused': [refusesAdvices],
  'pop-rejected': [endsWithout, isDenied],
  'pop-stands': [isFinal],
  'proof-of-refund': [
    ({ refunds }) => refunds.length > 0,
    (_, { workload }) => workload.payments.some(({ order }) => order.refersTo),
  ],
  'void-reversed-late': [(_, simulation) => has(simulation, 'void-reversed')],
  'advice-kept': [
    (_, simulation) => has(simulation, 'advices-of-no-service'),
    (_, simulation) => has(simulation, 'tips') || has(simulation, 'tips-on-tips'),
  ],
  'reversal-unmatched': [() => true],
  'reversal-repeated': [never],
  // DE37 of a refund names what is refunded, and some terminals put their own there.
  'refund-unmatched': [(_, simulation) => has(simulation, 'rrn-for-a-day')],
  'chip-refused': [chipRefused],
};

/** The facts that justify a follow-up which is given up. In a run that parks after a few attempts nothing is asked. */
const TASKS: Readonly<Record<string, readonly Reason[]>> = {
  'reverse-network': [refusesParts],
  'advise-network': [refusesAdvices],
};

/** What waits behind a follow-up that is given up is given up with it, and that one has its own reason. */
const BEHIND_ANOTHER = /^behind parked follow-up/;

/** I2: what is put before people is there for a reason that the peers' own habits and books show. */
export function checkHands(simulation: Simulation, journal: JournalView): void {
  const { world, database } = simulation;
  for (const transaction of journal.transactions) {
    // Guests' shops say what nobody else does, on purpose: they look at theirs by themselves.
    if (isOfGuests(database.tables.history(transaction.id)[0]?.body)) continue;
    for (const kind of new Set(transaction.cases)) {
      if (isJustified(CASES[kind], transaction, simulation, journal)) continue;
      world.violate(
        'I2 closure',
        `transaction ${transaction.id} is a case of ${kind}, and nothing called for it`,
      );
    }
  }
  checkChipRefusals(simulation, journal);
  if (journal.givesUpSoon) return;
  for (const { job, reason } of database.tables.parked) {
    if (BEHIND_ANOTHER.test(reason)) continue;
    // What an odd answer leaves out no reversal can name.
    const ofWhom = database.tables.history(job.transaction)[0]?.body;
    const isNameless = simulation.features.isOdd && job.task === 'reverse-network';
    if (isNameless && isOfGuests(ofWhom)) continue;
    const transaction = journal.transactions.find(({ id }) => id === job.transaction);
    if (transaction && isJustified(TASKS[job.task], transaction, simulation, journal)) continue;
    world.violate(
      'I2 closure',
      `${job.task} of ${job.transaction} was given up, and nothing called for it: ${reason}`,
    );
  }
}

/** What its chip refused and stands all the same is a case; so is what the switch could not tell whose it is. */
function checkChipRefusals({ world, workload }: Simulation, journal: JournalView): void {
  const isKept = journal.transactions.some(({ cases }) => cases.includes('advice-kept'));
  for (const payment of workload.payments) {
    const { belief, notices, name } = payment;
    if (chipRefusal(payment) !== 'noted' || belief !== 'approved' || notices.length > 0) continue;
    const isSeen = journal.byPayment.get(name)?.cases.includes('chip-refused');
    if (isSeen || isKept) continue;
    world.violate('I2 closure', `${name} was refused by its chip, and nobody is told`);
  }
}

function isJustified(
  reasons: readonly Reason[] = [],
  transaction: Transaction,
  simulation: Simulation,
  journal: JournalView,
): boolean {
  return reasons.some((reason) => reason(transaction, simulation, journal));
}

function has({ features }: Simulation, habit: HabitName): boolean {
  return features.habits.has(habit);
}

function hasFault({ faults }: Simulation, kind: Fault['kind']): boolean {
  return faults.faults.some((fault) => fault.kind === kind);
}
