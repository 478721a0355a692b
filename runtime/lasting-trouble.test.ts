import { expect, it } from 'vitest';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { LastingTrouble } from './lasting-trouble.ts';

it('tells a failure whole once, then one line in ten seconds, and begins anew once it was over', async () => {
  const clock = new VirtualClock();
  const lines: Record<string, unknown>[] = [];
  const log = { warn: (line: Record<string, unknown>) => void lines.push(line) };
  const trouble = new LastingTrouble('database.away', { clock, log });
  const error = new Error('connect ECONNREFUSED');

  for (let attempt = 0; attempt < 60; attempt += 1) {
    trouble.failed(error, { node: 'node-1' });
    await clock.advance(500);
  }
  expect(lines).toEqual([
    { event: 'database.away', node: 'node-1', err: error },
    ...[10_000, 20_000].map((lastsMs) => ({
      event: 'database.away',
      node: 'node-1',
      failures: lastsMs / 500 + 1,
      lastsMs,
      reason: 'connect ECONNREFUSED',
    })),
  ]);

  trouble.over();
  trouble.failed(error);
  expect(lines.at(-1)).toEqual({ event: 'database.away', err: error });
});
