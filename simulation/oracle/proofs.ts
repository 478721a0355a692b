import type { Fault } from '../faults.ts';
import { FIRST_GUEST_NUMBER } from '../guests/guests.ts';
import { THOUSAND } from '../orders.ts';
import type { Payment } from '../peers/payment.ts';
import type { Proof } from '../peers/proof-service.ts';
import { MERCHANTS } from '../settings.ts';
import type { Simulation } from '../simulation.ts';
import { expectationOf, findsNothing } from './expectation.ts';
import type { JournalView } from './journal-view.ts';

/** I1, I3, I4 on the consensus' side: a proof stands for what was bought, to the minor unit, and for nothing else. */
export function checkProofs({ world, workload, proofs, faults }: Simulation, journal: JournalView): void {
  const mayBeDenied = faults.faults.some(({ kind }) => kind === 'contradicting');
  const byNumber = new Map<number, Proof[]>();
  for (const proof of proofs.proofs) {
    const number = proof.amount % THOUSAND;
    byNumber.set(number, [...(byNumber.get(number) ?? []), proof]);
  }
  for (const payment of workload.payments) {
    const number = payment.order.amount % THOUSAND;
    if (number === 0) continue; // moves nothing: no proof can be of it
    const own = byNumber.get(number) ?? [];
    byNumber.delete(number);
    const problem = problemOf(payment, own, journal, mayBeDenied) ?? requiredOf(payment, own, faults);
    if (problem) world.violate('I1 agreement', `${payment.name}: ${problem}`);
    const standing = own.filter(({ status }) => status === 'VALIDATED' || status === 'INITIATED');
    if (standing.length > 1) world.violate('I3 one effect', `${payment.name} has ${standing.length} proofs`);
  }
  for (const number of byNumber.keys()) {
    if (number >= FIRST_GUEST_NUMBER) continue; // guests look at theirs by themselves
    world.violate('I4 conservation', `the consensus has a proof of purchase ${number}, no terminal asked`);
  }
}

/** @param mayBeDenied the consensus says now and then that it rejected what it validates */
function problemOf(
  payment: Payment,
  proofs: readonly Proof[],
  journal: JournalView,
  mayBeDenied: boolean,
): string | undefined {
  const transaction = journal.byPayment.get(payment.name);
  const { witnessed } = expectationOf(payment, journal);
  const isParked =
    transaction !== undefined &&
    ['complete-pop', 'cancel-pop'].some((task) => journal.parked.has(`${task} ${transaction.id}`));
  if (isParked || findsNothing(payment, journal)) return undefined;
  if (proofs.some(({ status }) => status === 'INITIATED')) return 'its proof is still open';
  const validated = proofs.filter(({ status }) => status === 'VALIDATED').map(({ amount }) => amount);
  // What is final cannot be taken back, and what the consensus refused cannot be had: people are told of both.
  if (validated.length > 0 && transaction?.cases.includes('pop-stands')) return undefined;
  const isRejected = transaction?.cases.includes('pop-rejected') ?? false;
  if (isRejected && (validated.length === 0 || mayBeDenied)) return undefined;
  if (witnessed === 0 && validated.length > 0) {
    return `nothing to witness, yet a proof of ${validated} stands`;
  }
  if (witnessed > 0 && validated.length === 0) return `no proof stands for ${witnessed}`;
  const isRight = validated.every((amount) => amount === witnessed);
  return isRight ? undefined : `a proof of ${validated} stands for ${witnessed}`;
}

/** Places where something may keep the switch from hearing what the consensus says while it is asked. */
const KEEPS_FROM_HEARING: ReadonlySet<string> = new Set(['pop', 'node', 'database', 'hsm']);

/** While an operator holds this open a proof comes after its sale, of whichever merchant (docs/fallback.md). */
const NOT_WAITED_FOR: Fault['kind'] = 'pop-degraded';

/** Where a merchant sells nothing without a proof, a purchase whose proof is refused at once is declined. */
function requiredOf(
  { order, terminal, belief }: Payment,
  [first]: readonly Proof[],
  { faults }: Simulation['faults'],
): string | undefined {
  const merchant = MERCHANTS.find(({ id }) => id === terminal.settings.merchant);
  const isAsked = order.kind === 'purchase' || order.kind === 'cashback';
  if (merchant?.pop !== 'required' || !isAsked || belief !== 'approved') return undefined;
  if (faults.some(({ on, kind }) => KEEPS_FROM_HEARING.has(on) || kind === NOT_WAITED_FOR)) return undefined;
  const isRefusedAtOnce = first?.status === 'REJECTED' && first.blocks === 0;
  return isRefusedAtOnce ? 'it was approved without the proof that its merchant requires' : undefined;
}
