import type { OutboxTask } from '../fallback/notices/outbox.ts';
import type { Ports } from '../ports.ts';
import type { ProjectionReader } from '../projection/projection-reader.ts';
import { RecentNumbers } from '../requests/recent-numbers.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import { adviseNetwork } from './advise-network.ts';
import { closeIncrements } from './close-increments.ts';
import type { DueHolds } from './due-holds.ts';
import { lookAgain } from './look-again.ts';
import { notify } from './notify-merchant.ts';
import { cancelPop, completePop } from './pop-legs.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { raiseAlert } from './raise-alert.ts';
import { type Retry, retry } from './retry-policy.ts';
import { reverseNetwork } from './reverse-network.ts';
import { watchHold } from './watch-hold.ts';

export type FollowUpTasks = Record<FollowUpTask | OutboxTask, (job: FollowUpJob) => Promise<FollowUpResult>>;

export type FollowUpPorts = Pick<
  Ports,
  | 'journal'
  | 'networks'
  | 'numbers'
  | 'pop'
  | 'hsm'
  | 'clock'
  | 'random'
  | 'settings'
  | 'log'
  | 'notifications'
  | 'alerts'
> & { readonly holds?: DueHolds; readonly payments?: Pick<ProjectionReader, 'paymentsOf'> };

/** Every kind of work that an entry can leave behind, by the name under which it waits in the queue. */
export function followUpTasks(ports: FollowUpPorts): FollowUpTasks {
  const { strategies, ...usual } = ports.settings.followUps;
  const withRetry = (task: keyof FollowUpTasks): FollowUpPorts & { readonly retry: Retry } => ({
    ...ports,
    retry: retry({ ...usual, ...strategies?.[task] }, ports.random),
  });
  const reversing = withRetry('reverse-network');
  const advising = withRetry('advise-network');
  const completing = withRetry('complete-pop');
  const cancelling = withRetry('cancel-pop');
  const watching = withRetry('watch-hold');
  const notifying = withRetry('notify');
  const alerting = withRetry('raise-alert');
  const looking = { ...withRetry('look-again'), searches: new RecentNumbers() };
  return {
    'reverse-network': (job) => reverseNetwork(job, reversing),
    'advise-network': (job) => adviseNetwork(job, advising),
    'close-increment': (job) => closeIncrements(job, ports),
    'watch-hold': (job) => watchHold(job, watching),
    'complete-pop': (job) => completePop(job, completing),
    'cancel-pop': (job) => cancelPop(job, cancelling),
    notify: (job) => notify(job, notifying),
    'raise-alert': (job) => raiseAlert(job, alerting),
    'look-again': (job) => lookAgain(job, looking),
  };
}
