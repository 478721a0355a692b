import { sometimes } from '../../runtime/index.ts';
import { JournalError } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { movesMoney } from '../requests/services.ts';
import { decisionEntry } from '../transaction/decision-entry.ts';
import type { DecidedBody } from '../transaction/entries.ts';
import { foldTransaction } from '../transaction/fold.ts';
import { decideOutcome } from '../transaction/outcome-table.ts';
import { declineReply } from '../transaction/reply-fields.ts';

const NOT_APPLICABLE = { status: 'not-applicable' } as const;
const LEFT_OPEN = { status: 'unknown', reason: 'the node stopped while the legs were open' } as const;

/**
 * Closes what an earlier life of this node (or a dead node) intended and never decided. Nobody was told an approval,
 * and nobody knows what left: the network leg is reversed, the PoP leg looked up and cancelled.
 *
 * @returns how many transactions were closed
 */
export async function recover(ports: Pick<Ports, 'journal' | 'log'>): Promise<number> {
  let closed = 0;
  for (;;) {
    const undecided = await ports.journal.undecided();
    let closedNow = 0;
    for (const transaction of undecided) {
      if (await abandonIfReadable(transaction, ports)) closedNow += 1;
    }
    closed += closedNow;
    if (closedNow === 0) break;
  }
  if (closed > 0) ports.log.warn({ event: 'recover.closed', closed });
  return closed;
}

/** One that this release cannot read is left to one that can: it must not keep the node from the others. */
async function abandonIfReadable(
  transaction: string,
  ports: Pick<Ports, 'journal' | 'log'>,
): Promise<boolean> {
  try {
    return await abandon(transaction, ports);
  } catch (error) {
    if (!(error instanceof JournalError) || error.code !== 'SW_JOURNAL_ENTRY') throw error;
    ports.log.error({ event: 'recover.unreadable', transaction, err: error });
    return false;
  }
}

async function abandon(transaction: string, { journal }: Pick<Ports, 'journal'>): Promise<boolean> {
  const found = foldTransaction(await journal.history(transaction));
  if (found?.state !== 'intended' || !found.opening) return false;
  const { opening } = found;
  const legs = { network: LEFT_OPEN, pop: opening.pop ? LEFT_OPEN : NOT_APPLICABLE };
  const policy = {
    proof: 'optional',
    partialApproval: false,
    movesMoney: movesMoney(opening.facts.kind),
  } as const;
  const { approved, code, followUps } = decideOutcome(legs.network, legs.pop, policy);
  const body: DecidedBody = { ...legs, approved, reply: declineReply(opening.facts, code), followUps };
  const { status } = await journal.append(decisionEntry(opening, body));
  if (status === 'appended') sometimes('take-over');
  return status === 'appended';
}
