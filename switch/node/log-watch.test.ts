import { expect, test } from 'vitest';
import { type LogLosses, silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Alert } from '../fallback/alerts.ts';
import { LogWatch } from './log-watch.ts';

/** A watch whose process loses lines as it is told, and what people were told of it. */
function watched() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const state = { isAway: false, losses: { lost: 0, failures: 0 } as LogLosses };
  const write = async (line: string) => {
    if (state.isAway) throw new Error('the database is away');
    told.push(line);
  };
  const alerts = {
    raise: ({ kind, subject, summary }: Alert) => write(`${kind} ${subject}: ${summary}`),
    closeAlert: ({ kind, subject }: Pick<Alert, 'kind' | 'subject'>, by: string) =>
      write(`${kind} ${subject} closed: ${by}`),
  };
  const watch = new LogWatch({
    losses: () => state.losses,
    process: 'node-1',
    clock,
    log: silentLog,
    alerts,
  });
  return { clock, told, state, watch };
}

test('a log that cannot be written is told once, and closed when lines are written again', async () => {
  const { clock, told, state, watch } = watched();
  await clock.advance(3_000);
  state.losses = { lost: 7, failures: 2, failing: 'ENOSPC' };
  await clock.advance(5_000);
  state.losses = { lost: 9, failures: 8 };
  await clock.advance(5_000);
  expect(told).toEqual([
    'log-lost node-1 closed: lines are written again', // of a life before
    'log-lost node-1: the log of node-1 cannot be written (ENOSPC), 7 lines are lost so far',
    'log-lost node-1 closed: lines are written again',
  ]);
  watch.close();
});

test('what cannot be told while the database is away is told when it is back', async () => {
  const { clock, told, state, watch } = watched();
  state.isAway = true;
  state.losses = { lost: 1, failures: 1, failing: 'ENOSPC' };
  await clock.advance(10_000);
  expect(told).toEqual([]);
  state.isAway = false;
  await clock.advance(1_000);
  expect(told).toHaveLength(1);
  watch.close();
});
