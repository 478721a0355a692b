import { DatabaseError } from 'pg';
import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { WriteTrouble } from './write-trouble.ts';
import { FlushError } from './writer.ts';

const FULL = 'could not extend file: No space left on device';
const full = () => new FlushError('lost', new DatabaseError(FULL, FULL.length, 'error'));

function setUp() {
  const clock = new VirtualClock();
  const events: string[] = [];
  const log: Log = { ...silentLog, warn: ({ event }: { event: string }) => void events.push(event) };
  return { clock, events, trouble: new WriteTrouble({ clock, log }) };
}

test('a full disk is told as the database says it, until something is written', () => {
  const { trouble } = setUp();
  expect(trouble.why).toBeUndefined();
  trouble.flushFailed(full(), {});
  trouble.attached();
  expect(trouble.why).toBe(FULL);
  trouble.flushed();
  expect(trouble.why).toBeUndefined();
});

test('where nothing is tried any more nobody knows, and a node takes traffic again', async () => {
  const { clock, trouble } = setUp();
  trouble.flushFailed(full(), {});
  await clock.advance(14_999);
  expect(trouble.why).toBe(FULL);
  await clock.advance(1);
  expect(trouble.why).toBeUndefined();
});

test('a connection that cannot be made says why, as long as there is none', async () => {
  const { clock, trouble } = setUp();
  trouble.attachFailed(new Error('could not write init file'));
  await clock.advance(60_000);
  expect(trouble.why).toBe('could not write init file');
  trouble.attached();
  expect(trouble.why).toBeUndefined();
});

test('a connection that was lost under a flush says nothing of the disk; a thousand failures are two lines in ten seconds', async () => {
  const { clock, events, trouble } = setUp();
  for (let count = 0; count < 1_000; count += 1) {
    trouble.flushFailed(new FlushError('lost', new Error('read ECONNRESET')), {});
    await clock.advance(11);
  }
  expect(trouble.why).toBeUndefined();
  expect(events).toEqual(['journal.flush-failed', 'journal.flush-failed']);
});
