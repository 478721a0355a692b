import { expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Alert } from '../fallback/alerts.ts';
import { FraudAlarm } from './fraud-alarm.ts';

function watched() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const state = { isAway: false };
  const counts = { judged: 0, block: 0 };
  const write = async (line: string) => {
    if (state.isAway) throw new Error('the database is away');
    told.push(line);
  };
  const alarm = new FraudAlarm({
    status: () => ({
      judged: counts.judged,
      did: { monitor: 0, flag: 0, review: 0, block: counts.block },
      fired: { QUIET: 3, LOUD: counts.block },
    }),
    node: 'node-1',
    clock,
    log: silentLog,
    alerts: {
      raise: ({ kind, summary }: Alert) => write(`${kind}: ${summary}`),
      closeAlert: ({ kind }: Pick<Alert, 'kind'>, by: string) => write(`${kind} closed: ${by}`),
    },
  });
  const pass = async (seconds: number, perSecond: { judged: number; block: number }) => {
    for (let second = 0; second < seconds; second += 1) {
      counts.judged += perSecond.judged;
      counts.block += perSecond.block;
      await clock.advance(1_000);
    }
  };
  return { alarm, told, state, pass };
}

const OVER = 'fraud-blocks closed: it is over';

test('many blocked payments are told of once, with the rule that fires most, and closed when it is over', async () => {
  const { alarm, told, pass } = watched();
  await pass(60, { judged: 10, block: 0 });
  await pass(30, { judged: 10, block: 4 });
  await pass(120, { judged: 10, block: 0 });
  expect(told).toEqual([
    OVER, // of a life before
    expect.stringContaining('fraud-blocks: rules of fraud blocked'),
    OVER,
  ]);
  expect(told[1]).toContain('of node-1 in a minute, LOUD most of all');
  alarm.close();
});

test('a few among many are what rules are for', async () => {
  const { alarm, told, pass } = watched();
  await pass(300, { judged: 100, block: 2 });
  expect(told).toEqual([OVER]);
  alarm.close();
});

test('what cannot be told while the database is away is told when it is back', async () => {
  const { alarm, told, state, pass } = watched();
  state.isAway = true;
  await pass(60, { judged: 10, block: 10 });
  expect(told).toEqual([]);
  state.isAway = false;
  await pass(10, { judged: 10, block: 10 });
  expect(told).toEqual([expect.stringContaining('LOUD')]);
  alarm.close();
});
