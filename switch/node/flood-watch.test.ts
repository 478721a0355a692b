import { expect, test } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { TurnedAway } from '../admission/turned-away.ts';
import type { Alert } from '../fallback/alerts.ts';
import { FloodWatch } from './flood-watch.ts';

/** A node, what is sent to it in vain, and what people were told of it. */
function watched() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const state = { isAway: false };
  const turnedAway = new TurnedAway();
  const write = async (line: string) => {
    if (state.isAway) throw new Error('the database is away');
    told.push(line);
  };
  const alerts = {
    raise: ({ kind, subject, summary }: Alert) => write(`${kind} ${subject}: ${summary}`),
    closeAlert: ({ kind, subject }: Pick<Alert, 'kind' | 'subject'>, by: string) =>
      write(`${kind} ${subject} closed: ${by}`),
  };
  const watch = new FloodWatch({ turnedAway, node: 'node-1', clock, log: silentLog, alerts });
  const send = async (address: string, perSecond: number, seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      for (let i = 0; i < perSecond; i += 1) turnedAway.note(address);
      await clock.advance(1_000);
    }
  };
  return { clock, told, state, watch, send };
}

const OVER = 'flood node-1 closed: it is over';

test('an address that floods is told of once, by name, and closed when it is over', async () => {
  const { clock, told, watch, send } = watched();
  await send('192.0.2.7', 300, 8);
  await send('192.0.2.9', 300, 3); // another one, in the same flood
  await clock.advance(10_000);
  expect(told).toEqual([
    'flood node-1: 192.0.2.7 floods node-1: 300 messages and connections in 5 s that proved nothing',
    OVER,
  ]);
  watch.close();
});

test('terminals whose keys are wrong are no flood, however many addresses they have', async () => {
  const { told, watch, send } = watched();
  for (let i = 0; i < 50; i += 1) await send(`192.0.2.${i}`, 10, 1);
  expect(told).toEqual([OVER]); // of a life before
  watch.close();
});

test('what cannot be told while the database is away is told when it is back', async () => {
  const { told, state, watch, send } = watched();
  state.isAway = true;
  await send('192.0.2.7', 300, 3);
  state.isAway = false;
  await send('192.0.2.7', 300, 1);
  expect(told).toEqual([expect.stringContaining('192.0.2.7 floods node-1')]);
  watch.close();
});
