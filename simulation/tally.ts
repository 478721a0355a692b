import type { Simulation } from './simulation.ts';

/** How often each thing happened, by its name. */
export type Tally = Readonly<Record<string, number>>;

const IN_PART = '10';
const IN_STEAD = /^S/;

/** What a run was made of: a simulation of what never happens proves nothing. */
export function tallyOf({ workload, logs }: Simulation): Record<string, number> {
  const tally: Record<string, number> = {};
  const count = (what: string) => {
    tally[what] = (tally[what] ?? 0) + 1;
  };
  for (const { order, belief, told, approvalCode, notices } of workload.payments) {
    count(`${order.kind} ${belief}`);
    if (order.refersTo) count(`refund of a payment ${belief}`);
    if (told[0]?.code === IN_PART) count('approved in part');
    if (IN_STEAD.test(approvalCode ?? '')) count('stood in for');
    for (const notice of notices) {
      count(`${notice.order.kind} ${notice.isAccepted ? 'accepted' : 'refused'}`);
    }
  }
  for (const { answers } of workload.batches.flatMap(({ settlements }) => settlements)) {
    count(answers.length > 1 ? 'batch out of balance' : 'batch in balance');
  }
  for (const line of logs.lines) {
    if (line.includes('"listener.shed"')) count('shed for load');
    if (line.includes('"listener.reply-late"')) count('reply too late to be sent');
    if (line.includes('"degraded-mode.opened"')) count('degraded mode opened');
    if (line.includes('"reason":"limit-')) count('stand-in limit reached');
  }
  return tally;
}

export function addTallies(one: Tally, other: Tally): Tally {
  const sum: Record<string, number> = { ...one };
  for (const [what, times] of Object.entries(other)) sum[what] = (sum[what] ?? 0) + times;
  return sum;
}
