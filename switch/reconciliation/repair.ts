import { isRepair } from '../cases/case-kinds.ts';
import type { Journal } from '../journal/journal.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import { followUp } from '../transaction/decision-entry.ts';
import type { Repair } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';
import { stateAfter } from '../transaction/life-cycle.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import type { Case } from './cases.ts';
import { ReconError } from './errors.ts';
import type { Standing } from './ledgers/records.ts';

const TASK: Readonly<Record<Repair, FollowUpTask>> = {
  'resend-reversal': 'reverse-network',
  'resend-advice': 'advise-network',
  'initiate-proof': 'complete-pop',
  'cancel-proof': 'cancel-pop',
};

export interface RepairPorts {
  readonly journal: Journal;
  /** Queues what is parked of a transaction again: the repair would wait behind it for ever. */
  readonly replayParked: (transaction: string) => Promise<number>;
}

/**
 * Puts right what a case is about: writes down what the counterpart's ledger shows, together with the follow-up that
 * brings it to what stands. Asked for twice it is written twice and has one effect, as every follow-up.
 *
 * @throws ReconError SW_RECON_ACTION, SW_RECON_OUTDATED; JournalError
 */
export async function repairCase(found: Case, by: string, ports: RepairPorts): Promise<void> {
  const { action, transaction, evidence, id } = found;
  if (!action || !isRepair(action) || !transaction) throw new ReconError('SW_RECON_ACTION', { case: id });
  const { opening } = await readTransaction(ports.journal, transaction);
  if (!opening) throw new ReconError('SW_RECON_ACTION', { case: id });
  const there = networkAmount(action, evidence);
  await appendNext(ports.journal, transaction, (now) => {
    if (!isRepairable(now, action, there)) throw new ReconError('SW_RECON_OUTDATED', { case: id });
    return {
      kind: 'reconciled',
      body: { case: id, repair: action, by, ...(there !== undefined && { networkMinorUnits: there }) },
      followUps: [followUp(transaction, TASK[action], opening.network)],
    };
  });
  await ports.replayParked(transaction);
}

/** Whether the repair leads to what stands now: the transaction may have moved since it was looked at. */
function isRepairable(
  { state, standingMinorUnits: standing, popParties }: Transaction,
  action: Repair,
  there: number | undefined,
): boolean {
  if (!stateAfter(state, 'reconciled')) return false;
  switch (action) {
    case 'resend-reversal':
      return there !== undefined && there > standing;
    case 'resend-advice':
      return standing > 0;
    case 'initiate-proof':
      return standing > 0 && popParties !== null;
    case 'cancel-proof':
      return standing === 0;
  }
}

/** What the network's ledger holds of it; only a reversal has to know. */
function networkAmount(action: Repair, evidence: Case['evidence']): number | undefined {
  if (action !== 'resend-reversal') return undefined;
  const position = evidence['network'] as Standing | null | undefined;
  return position ? position.held + position.captured + position.refunded : undefined;
}

/** Closes legs that no reversal found, since the ledger of their network has nothing of them. */
export async function closeAbsentLegs(
  transactions: readonly string[],
  ledgerOf: string,
  journal: Journal,
): Promise<void> {
  for (const transaction of transactions) {
    await appendNext(journal, transaction, ({ network }) =>
      network === 'not-found' ? { kind: 'network-absent', body: { ledgerOf } } : undefined,
    );
  }
}
