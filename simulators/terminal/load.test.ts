import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { runLoad } from './load.ts';
import { openRecords } from './records.ts';
import { type Answering, testAcquirer } from './testing.ts';

const order = { amount: 2_500, currency: '978', card: '4242424242424242', pin: '1234' };

async function loaded(answering: Answering, more: { maxInFlight?: number; timeoutMs?: number } = {}) {
  const { address, received } = await testAcquirer('iso87-ascii', answering);
  const records = await openRecords(temporaryFolder());
  const result = await runLoad({
    dialect: 'iso87-ascii' as const,
    address,
    order,
    records,
    rate: 200,
    seconds: 0.5,
    connections: 3,
    terminals: ['TERM0001', 'TERM0002', 'TERM0003', 'TERM0004'],
    ...more,
  });
  const rows = await records.ledger.rows();
  await records.ledger.close();
  return { received, result, rows };
}

test('every purchase of the plan is sent once, spread over the terminals, and counted by its code', async () => {
  let answered = 0;
  const { received, result, rows } = await loaded(() => {
    answered += 1;
    return ['unsealed', { de39: answered % 4 === 0 ? '51' : '00' }];
  });
  expect(result).toMatchObject({ sent: 100, answered: 100, unanswered: 0, skipped: 0, unexpected: 0 });
  expect(result.codes).toEqual({ '00': 75, '51': 25 });
  const keys = received.map(({ message }) => `${message.de41} ${message.de11}`);
  expect(new Set(keys).size).toBe(100);
  expect(keys.filter((key) => key.startsWith('TERM0003'))).toHaveLength(25);
  expect(rows.filter((row) => row.kind === 'sent')).toHaveLength(100);
  expect(result.p50Ms).toBeGreaterThan(0);
  expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms);
  expect(result.maxMs).toBeGreaterThanOrEqual(result.p99Ms);
});

test('the sender does not wait for answers: what is never answered is counted so', async () => {
  const { result } = await loaded(() => [], { timeoutMs: 300 });
  expect(result).toMatchObject({ sent: 100, answered: 0, unanswered: 100, throughput: 0 });
  expect(result.codes).toEqual({ SIM_TERMINAL_NO_ANSWER: 100 });
});

test('purchases beyond the bound in flight are skipped and counted', async () => {
  const { result } = await loaded(() => [], { maxInFlight: 10, timeoutMs: 2_000 });
  expect(result).toMatchObject({ sent: 10, skipped: 90 });
});
