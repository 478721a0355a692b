import { THOUSAND } from '../orders.ts';
import type { Payment } from '../peers/payment.ts';
import type { Proof } from '../peers/proof-service.ts';
import type { Simulation } from '../simulation.ts';
import { expectationOf, findsNothing } from './expectation.ts';
import type { JournalView } from './journal-view.ts';

/** I1, I3, I4 on the consensus' side: a proof stands for what was bought, to the minor unit, and for nothing else. */
export function checkProofs({ world, workload, proofs }: Simulation, journal: JournalView): void {
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
    const problem = problemOf(payment, own, journal);
    if (problem) world.violate('I1 agreement', `${payment.name}: ${problem}`);
    const standing = own.filter(({ status }) => status === 'VALIDATED' || status === 'INITIATED');
    if (standing.length > 1) world.violate('I3 one effect', `${payment.name} has ${standing.length} proofs`);
  }
  for (const number of byNumber.keys()) {
    world.violate('I4 conservation', `the consensus has a proof of purchase ${number}, no terminal asked`);
  }
}

function problemOf(payment: Payment, proofs: readonly Proof[], journal: JournalView): string | undefined {
  const transaction = journal.byPayment.get(payment.name);
  const { witnessed } = expectationOf(payment, journal);
  const isParked = ['complete-pop', 'cancel-pop'].some(
    (task) => transaction !== undefined && journal.parked.has(`${task} ${transaction.id}`),
  );
  if (findsNothing(payment, journal)) return undefined;
  if (isParked || transaction?.cases.some((kind) => kind.startsWith('pop-'))) return undefined;
  if (proofs.some(({ status }) => status === 'INITIATED')) return 'its proof is still open';
  const validated = proofs.filter(({ status }) => status === 'VALIDATED').map(({ amount }) => amount);
  if (witnessed === 0 && validated.length > 0) {
    return `nothing to witness, yet a proof of ${validated} stands`;
  }
  if (witnessed > 0 && validated.length === 0) return `no proof stands for ${witnessed}`;
  const isRight = validated.every((amount) => amount === witnessed);
  return isRight ? undefined : `a proof of ${validated} stands for ${witnessed}`;
}
