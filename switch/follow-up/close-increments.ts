import type { Ports } from '../ports.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import { followUp } from '../transaction/decision-entry.ts';
import { isOpenIncrement } from '../transaction/increments.ts';
import { declineReply } from '../transaction/reply-fields.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';

const ISSUER_OR_SWITCH_INOPERATIVE = '91';
const LEFT_OPEN = { status: 'unknown', reason: 'the increment was not decided by its deadline' } as const;

/**
 * Closes what was asked to be added to a pre-authorisation and not decided by its deadline, because its node died or
 * lost the journal. It is queued with the intention; whoever decides later finds it closed.
 */
export async function closeIncrements(
  { transaction }: FollowUpJob,
  { journal, clock, log, settings }: Pick<Ports, 'journal' | 'clock' | 'log' | 'settings'>,
): Promise<FollowUpResult> {
  for (;;) {
    const { increments, opening } = await readTransaction(journal, transaction);
    const open = increments.find(({ state }) => state === 'open');
    if (!open || !opening) return { done: true };
    const leftMs = open.openUntil - clock.wall();
    // Those that came later have follow-ups of their own, and close behind this one. No increment is open for longer
    // than a deadline: what says more was written, or is read, by a clock that is wrong.
    if (leftMs > 0 && leftMs <= settings.deadlineMs) return { retryAfterMs: leftMs };
    await appendNext(journal, transaction, (now) => {
      if (!isOpenIncrement(now, open.key)) return undefined;
      const reply = declineReply(open.facts, ISSUER_OR_SWITCH_INOPERATIVE);
      return {
        kind: 'increment-decided',
        body: { key: open.key, network: LEFT_OPEN, approved: false, reply },
        followUps: [followUp(transaction, 'reverse-network', opening.network)],
      };
    });
    log.warn({ event: 'increment.closed', transaction });
  }
}
