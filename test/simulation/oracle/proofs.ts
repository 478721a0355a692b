import type { Proof } from '../peers/proof-service.ts';
import type { Purchase } from '../peers/purchase.ts';
import type { Simulation } from '../simulation.ts';
import type { JournalView } from './journal-view.ts';
import { nameOf } from './money.ts';

/** I1, I3, I4 on the consensus' side: a proof stands for what was approved, and for nothing else. */
export function checkProofs({ world, workload, proofs }: Simulation, journal: JournalView): void {
  const byAmount = new Map<number, Proof[]>();
  for (const proof of proofs.proofs)
    byAmount.set(proof.amount, [...(byAmount.get(proof.amount) ?? []), proof]);
  for (const purchase of workload.purchases) {
    const own = byAmount.get(purchase.order.amount) ?? [];
    byAmount.delete(purchase.order.amount);
    const problem = problemOf(purchase, own, journal);
    if (problem) world.violate('I1 agreement', `${nameOf(purchase)}: ${problem}`);
    const standing = own.filter(({ status }) => status === 'VALIDATED' || status === 'INITIATED');
    if (standing.length > 1)
      world.violate('I3 one effect', `${nameOf(purchase)} has ${standing.length} proofs`);
  }
  for (const amount of byAmount.keys()) {
    world.violate('I4 conservation', `the consensus has a proof over ${amount}, no terminal asked`);
  }
}

const ENROLLED = /^MERCHANT000000[12]$/;

function problemOf(purchase: Purchase, proofs: readonly Proof[], journal: JournalView): string | undefined {
  const transaction = journal.byPurchase.get(nameOf(purchase));
  const { merchant } = purchase.terminal.settings;
  if (!ENROLLED.test(merchant))
    return proofs.length > 0 ? 'a proof for a merchant that is not enrolled' : undefined;
  const isSeen = (task: string) =>
    transaction !== undefined && journal.parked.has(`${task} ${transaction.id}`);
  if (transaction?.cases.some((kind) => kind.startsWith('pop-'))) return undefined;
  const validated = proofs.filter(({ status }) => status === 'VALIDATED').length;
  const open = proofs.filter(({ status }) => status === 'INITIATED').length;
  if (open > 0 && !isSeen('complete-pop') && !isSeen('cancel-pop')) return 'its proof is still open';
  const stands = transaction !== undefined && transaction.standingMinorUnits > 0;
  const isApproved = purchase.belief === 'unknown' ? stands : purchase.belief === 'approved';
  if (isApproved && validated === 0 && !isSeen('complete-pop')) return 'approved, and no proof stands';
  if (!isApproved && validated > 0 && !isSeen('cancel-pop')) return 'not approved, yet a proof stands';
  return undefined;
}
