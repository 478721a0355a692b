import type { FollowUpTask } from '../outcome-table.ts';
import { adviseNetwork } from './advise-network.ts';
import { cancelPop, completePop, type PopPorts } from './pop-legs.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { type NetworkPorts, reverseNetwork } from './reverse-network.ts';

export type FollowUpTasks = Record<FollowUpTask, (job: FollowUpJob) => Promise<FollowUpResult>>;

/** Every kind of work that a verdict can leave behind, by the name under which it waits in the queue. */
export function followUpTasks(ports: NetworkPorts & PopPorts): FollowUpTasks {
  return {
    'reverse-network': (job) => reverseNetwork(job, ports),
    'advise-network': (job) => adviseNetwork(job, ports),
    'complete-pop': (job) => completePop(job, ports),
    'cancel-pop': (job) => cancelPop(job, ports),
  };
}
