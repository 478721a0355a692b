import { pino } from 'pino';
import { expect, test } from 'vitest';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { boundedLog } from './bounded-log.ts';

function set() {
  const clock = new VirtualClock();
  const lines: Record<string, unknown>[] = [];
  const log = boundedLog(
    pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    clock,
  );
  return { clock, lines, log };
}

test('of one event a hundred lines are written in ten seconds, the rest is counted, and other events are not touched', async () => {
  const { clock, lines, log } = set();
  for (let i = 0; i < 250; i += 1) log.warn({ event: 'fallback.timeout', transaction: i });
  log.info({ event: 'link.signed-on' }, 'in words');
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toMatchObject({ event: 'link.signed-on', msg: 'in words' });
  await clock.advance(10_000);
  expect(lines.at(-1)).toMatchObject({ level: 40, event: 'fallback.timeout', more: 150 });
  log.warn({ event: 'fallback.timeout', transaction: 251 });
  expect(lines.at(-1)).toMatchObject({ transaction: 251 });
});

test('errors are never left out, nor lines of a peer, which has a budget of its own', () => {
  const { lines, log } = set();
  for (let i = 0; i < 250; i += 1) {
    log.error({ event: 'network.late-answer-lost', transaction: i });
    log.warn({ event: 'serve.refused', peer: '192.0.2.7' });
  }
  expect(lines).toHaveLength(500);
});
