import type { FollowUpTask } from '../outcome-table.ts';
import { cancelPop, completePop, type PopPorts } from './pop-legs.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { type ReversalPorts, reverseNetwork } from './reverse-network.ts';

export type FollowUpTasks = Record<FollowUpTask, (job: FollowUpJob) => Promise<FollowUpResult>>;

/** Every kind of work that a verdict can leave behind, by the name under which it waits in the queue. */
export function followUpTasks(ports: ReversalPorts & PopPorts): FollowUpTasks {
  return {
    'reverse-network': (job) => reverseNetwork(job, ports),
    'complete-pop': (job) => completePop(job, ports),
    'cancel-pop': (job) => cancelPop(job, ports),
  };
}
