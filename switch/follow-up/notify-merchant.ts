import { type Notice, noticesAfter } from '../fallback/notices/events.ts';
import type { Webhook } from '../fallback/notices/webhook.ts';
import type { Ports } from '../ports.ts';
import { appendNext } from '../transaction/append-next.ts';
import { foldTransaction } from '../transaction/fold.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';

export type NotifyPorts = Pick<Ports, 'journal' | 'clock' | 'settings' | 'log' | 'notifications'> & {
  readonly retry: Retry;
};

/** Answers that may be others next time: request timeout, too early, too many requests, and the server's own faults. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts what a transaction's merchant has not been told yet, oldest first, each until it is acknowledged with a 2xx.
 * How far it came is journalled: a notice is posted twice only where its acknowledgement was lost.
 */
export async function notify(job: FollowUpJob, ports: NotifyPorts): Promise<FollowUpResult> {
  const entries = await ports.journal.history(job.transaction);
  const transaction = foldTransaction(entries);
  const { opening } = transaction ?? {};
  const merchant = opening?.facts.merchant.trimEnd();
  const webhook = merchant === undefined ? undefined : ports.notifications?.webhooks.get(merchant);
  if (!transaction || !opening || !webhook) return { done: true };
  const notices = noticesAfter(transaction.notifiedThrough, opening, entries);
  let told = transaction.notifiedThrough;
  for (const [index, notice] of notices.entries()) {
    const stopped = await post(notice, webhook, job, ports);
    if (stopped) {
      await recordTold(job, told, ports);
      return stopped;
    }
    if (notices[index + 1]?.version !== notice.version) told = notice.version;
  }
  await recordTold(job, told, ports);
  return { done: true };
}

async function post(
  notice: Notice,
  webhook: Webhook,
  job: FollowUpJob,
  { clock, settings, log, notifications, retry }: NotifyPorts,
): Promise<FollowUpResult | undefined> {
  if (!notifications) return undefined;
  const deadline = clock.monotonic() + settings.followUps.attemptTimeoutMs;
  const outcome = await notifications.sender.post(webhook, notice.id, JSON.stringify(notice), deadline);
  const { id, merchant, transaction } = notice;
  const tried = { notice: id, merchant, transaction, attempt: job.attempt, at: clock.wall() };
  const { status: _, ...ended } = outcome;
  await notifications.deliveries?.record({ ...tried, ...ended });
  if (outcome.status === 'unreachable') return retry.again(job.attempt, outcome.reason);
  const { code } = outcome;
  if (code >= 200 && code < 300) {
    log.info({ event: 'notice.delivered', notice: notice.id, merchant: notice.merchant });
    return undefined;
  }
  const reason = `the merchant's address answered ${code}`;
  const mayChange = code >= 500 || TRANSIENT.has(code) || retry.isRetryable(String(code));
  return mayChange ? retry.again(job.attempt, reason) : { park: reason };
}

function recordTold(job: FollowUpJob, through: number, { journal }: NotifyPorts): Promise<void> {
  return appendNext(journal, job.transaction, ({ notifiedThrough }) =>
    through > notifiedThrough ? { kind: 'notified', body: { through } } : undefined,
  );
}
