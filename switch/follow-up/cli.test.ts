import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parkedCommand } from './cli.ts';
import { admin, database, parked, queue, withQueue, work, workers } from './testing.ts';

withQueue();

const printed: string[] = [];
beforeEach(() => {
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('LOG_LEVEL', 'silent');
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  printed.length = 0;
});

/** What the command prints. */
async function run(...args: string[]): Promise<string> {
  printed.length = 0;
  await parkedCommand().parseAsync(args, { from: 'user' });
  return printed.join('\n');
}

async function parkedWork(count: number): Promise<void> {
  const task = async () => ({ park: 'gave up after 9 attempts: no answer' });
  const worker = await work({ send: task });
  for (let n = 0; n < count; n += 1) await queue({});
  await vi.waitFor(async () => expect(await parked.list()).toHaveLength(count), { timeout: 10_000 });
  workers.delete(worker);
  await worker.stop();
}

const waiting = async () => (await admin.query('select from graphile_worker._private_jobs')).rowCount;

describe('etika-switch parked', () => {
  it('says that nothing is parked, and how much is, and why', async () => {
    expect(await run('list')).toBe('nothing is parked');
    await parkedWork(3);
    expect(await run('list')).toMatch(/^ +3 {2}visa +send .* gave up after 9 attempts: no answer$/);
    expect(await run('list', '--task', 'other')).toBe('nothing is parked');
    expect((await run('show')).split('\n')).toHaveLength(3);
    expect(JSON.parse(await run('show', '--json'))).toHaveLength(3);
  });

  it('queues all of it again, or what fits, and asks who says so', async () => {
    await parkedWork(3);
    await expect(run('replay', '--by', 'kim')).rejects.toThrow('say which');
    expect(await run('replay', '--lane', 'pop', '--by', 'kim')).toMatch(
      /^0 queued again: nothing that is parked fits/,
    );
    const [first] = await parked.list();
    expect(await run('replay', '--transaction', first?.transaction ?? '', '--by', 'kim')).toBe(
      '1 queued again',
    );
    expect(await run('replay', '--reason', 'no answer', '--by', 'kim', '--why', 'it is back')).toBe(
      '2 queued again',
    );
    expect([await waiting(), (await parked.list()).length]).toEqual([3, 0]);
  });
});
