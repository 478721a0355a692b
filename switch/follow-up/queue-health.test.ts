import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { workerName } from '../config/worker-name.ts';
import type { Alert } from '../fallback/alerts.ts';
import { type FollowUpHealth, FollowUpWatch, followUpTrouble } from './queue-health.ts';

const LIVES = [{ name: 'node-1.worker', silentMs: 2_000 }];

describe('what is wrong with the follow-ups', () => {
  it.each<[string, FollowUpHealth, string | undefined]>([
    ['a worker and nothing due', { workers: LIVES, oldestDueMs: 0 }, undefined],
    ['a worker that is busy', { workers: LIVES, oldestDueMs: 59_000 }, undefined],
    ['a worker that falls behind', { workers: LIVES, oldestDueMs: 61_000 }, 'waits for 61 s'],
    ['no worker and nothing due', { workers: [], oldestDueMs: 0 }, 'no worker lives'],
    [
      'no worker and work',
      { workers: [], oldestDueMs: 5_000 },
      'no worker lives, and the oldest follow-up waits for 5 s',
    ],
  ])('%s', (_, health, trouble) => {
    if (trouble === undefined) expect(followUpTrouble(health)).toBeUndefined();
    else expect(followUpTrouble(health)).toContain(trouble);
  });
});

it('is said once when it begins and once when it ends; what cannot be asked is not known', async () => {
  const clock = new VirtualClock();
  const events: unknown[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => events.push(JSON.parse(line).event) });
  const answers: (FollowUpHealth | Error)[] = [];
  const read = async () => {
    const answer = answers[0] ?? new Error('not asked for');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const seen = async (answer: FollowUpHealth | Error) => {
    answers[0] = answer;
    await clock.advance(1_000);
    return watch.status();
  };
  const watch = new FollowUpWatch({ reader: { read }, clock, log });
  const [well, alone] = [
    { workers: LIVES, oldestDueMs: 0 },
    { workers: [], oldestDueMs: 0 },
  ];

  expect(await seen(well)).toEqual(well);
  expect(await seen(alone)).toEqual(alone);
  expect(await seen(alone)).toEqual(alone);
  expect(await seen(new Error('the database is away'))).toBeNull();
  expect(await seen(well)).toEqual(well);
  expect(events).toEqual(['follow-up.waits', 'follow-up.goes-on']);
  watch.close();
});

it('that stays is an alert, once; and so is a projection that is behind', async () => {
  const clock = new VirtualClock();
  const raised: string[] = [];
  let isWritable = false;
  const alerts = {
    raise: async ({ kind, subject, summary }: Alert) => {
      if (!isWritable) throw new Error('not now');
      raised.push(`${kind}: ${subject}: ${summary}`);
    },
  };
  let seen: FollowUpHealth = { workers: LIVES, oldestDueMs: 90_000, oldestUnprojectedMs: 0 };
  const watch = new FollowUpWatch({ reader: { read: async () => seen }, clock, log: silentLog, alerts });
  await clock.advance(20_000);
  isWritable = true;
  await clock.advance(60_000);
  expect(raised).toEqual(['late-work: follow-ups: the oldest follow-up waits for 90 s']);

  seen = { workers: LIVES, oldestDueMs: 0, oldestUnprojectedMs: 120_000 };
  await clock.advance(10_000);
  seen = { workers: LIVES, oldestDueMs: 0, oldestUnprojectedMs: 0 };
  await clock.advance(10_000);
  expect(raised).toHaveLength(1);
  seen = { workers: LIVES, oldestDueMs: 0, oldestUnprojectedMs: 130_000 };
  await clock.advance(30_000);
  expect(raised[1]).toBe('late-work: the projection: the oldest entry that is not projected waits for 130 s');
  watch.close();
});

it('a worker’s name is one that no node can have', () => {
  expect(workerName('node-1', undefined)).toBe('node-1.worker');
  expect(workerName('node-1', '2')).toBe('node-1.worker.2');
  expect(() => workerName('node-1', '2/3')).toThrow('WORKER_ID must be');
});
