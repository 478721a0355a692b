import { bodyOf } from '../../switch/journal/body-form.ts';
import { memberOfTransaction } from '../../switch/projection/batch-rows.ts';
import type { EntryBodies } from '../../switch/transaction/entries.ts';
import type { Batches } from '../batches.ts';
import type { Payment } from '../peers/payment.ts';
import type { Settlement } from '../peers/settlement.ts';
import type { Simulation } from '../simulation.ts';
import type { StoredEntry } from '../world/database-tables.ts';
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
 * Where the terminal made a mistake, or does not know what became of a payment, or did not when it settled, or closed
 * its batch while others did.
 */
function mayDiffer(
  { order, terminal, beganAt }: Settlement,
  { settlements }: Batches,
  payments: readonly Payment[],
  journal: JournalView,
): boolean {
  const isLast = settlements.findLast((one) => one.order.currency === order.currency)?.order === order;
  const settled = settlements.filter(
    (one) => one.order.currency === order.currency && one.beganAt <= beganAt,
  );
  const isUncertain = payments.some((payment) => {
    const isOurs = payment.terminal === terminal && payment.order.currency === order.currency;
    if (!isOurs) return false;
    return payment.belief === 'unknown' || isInHands(payment, journal) || isHeardOfLate(payment, settled);
  });
  return order.forgotten !== undefined || isUncertain || !isLast;
}

/**
 * It was given up, and its answer came after all, when a batch had been counted without it, be it in the same moment.
 * The switch has it.
 */
function isHeardOfLate(payment: Payment, settlements: readonly Settlement[]): boolean {
  const { beganAt, told } = payment;
  const [first] = told;
  return settlements.some(
    (one) =>
      first && beganAt < one.beganAt && one.beganAt <= first.at && !one.order.payments.includes(payment),
  );
}

interface ClosedBatch {
  readonly name: string;
  /** In virtual time. */
  readonly closedAt: number;
}

/** A void that was looked at before the batch was closed may be committed a moment later. */
const VOID_ON_ITS_WAY_MS = 5_000;

/** I4: what is settled is refunded, not voided. A reversal may come at any time. */
function checkVoid(
  world: Simulation['world'],
  { kind, body, transaction, committedAt }: StoredEntry,
  batch: ClosedBatch | undefined,
): void {
  if (kind !== 'taken-back' || !batch || committedAt <= batch.closedAt + VOID_ON_ITS_WAY_MS) return;
  const { by } = bodyOf(kind, JSON.parse(body), transaction) as EntryBodies['taken-back'];
  if (by === 'void') world.violate('I4 conservation', `${transaction} was voided after ${batch.name} had it`);
}

/** A transaction is a member of one closed batch at most, and batches are counted without a gap. */
function checkMembers({ world, database }: Simulation): void {
  const batchOf = new Map<string, ClosedBatch>();
  const ordinals = new Map<string, number[]>();
  const entries = [...database.tables.journal.values()].flat();
  for (const { kind, body, transaction, committedAt } of entries) {
    if (kind !== 'batch-closed') continue;
    const closed = bodyOf(kind, JSON.parse(body), transaction) as EntryBodies['batch-closed'];
    const name = `${closed.terminal} of ${closed.merchant} in ${closed.currency}`;
    ordinals.set(name, [...(ordinals.get(name) ?? []), closed.ordinal]);
    const own = { name: `batch ${closed.ordinal} of ${name}`, closedAt: committedAt };
    for (const member of closed.members) {
      const other = batchOf.get(member);
      if (other) world.violate('I3 one effect', `${member} was settled by ${other.name} and by ${own.name}`);
      batchOf.set(member, own);
    }
  }
  for (const entry of entries) checkVoid(world, entry, batchOf.get(memberOfTransaction(entry.transaction)));
  for (const [name, found] of ordinals) {
    const isCounted = found.sort((a, b) => a - b).every((ordinal, index) => ordinal === index + 1);
    if (!isCounted) world.violate('I3 one effect', `the batches of ${name} are ${found.join(', ')}`);
  }
}
