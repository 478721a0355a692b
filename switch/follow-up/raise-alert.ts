import { noticesAfter } from '../fallback/notices/events.ts';
import type { Ports } from '../ports.ts';
import { foldTransaction } from '../transaction/fold.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';

export type RaiseAlertPorts = Pick<Ports, 'journal' | 'log' | 'alerts'> & { readonly retry: Retry };

/** Raises an alert for each case of a transaction; one that was raised already stays one. */
export async function raiseAlert(job: FollowUpJob, ports: RaiseAlertPorts): Promise<FollowUpResult> {
  const entries = await ports.journal.history(job.transaction);
  const opening = foldTransaction(entries)?.opening;
  if (!opening) return { done: true };
  const cases = noticesAfter(0, opening, entries).filter(({ type }) => type === 'case.opened');
  for (const { id, reason = 'unknown', merchant, transaction, rrn, terminal } of cases) {
    const subject = `case ${reason}`;
    const summary = `merchant ${merchant}, terminal ${terminal}, RRN ${rrn}`;
    ports.log.error({ event: 'alert.case', transaction, merchant, case: reason });
    try {
      await ports.alerts?.raise({
        key: id,
        kind: 'case',
        scenario: 'inconsistency',
        subject,
        summary,
        transaction,
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return ports.retry.again(job.attempt, `the alert cannot be written: ${why}`);
    }
  }
  return { done: true };
}
