import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { simulatorProcess, temporaryFolder } from '../testing.ts';
import { popControl } from './client.ts';
import { client, type Pop, purchase, started, untilStatus } from './testing.ts';

describe('the contract', () => {
  test('a purchase is initiated, included in a block, and validated with the next', async () => {
    const pop = await started(300);
    const { status, body } = await pop.initiate();
    expect(status).toBe(201);
    expect(body).toEqual({ validation_id: expect.any(String), transaction_id: 'TX-1', status: 'INITIATED' });
    await untilStatus(pop, body.validation_id, 'IN_PROGRESS');
    await untilStatus(pop, body.validation_id, 'VALIDATED');
    const { rows, totals } = await pop.control.ledger();
    expect(rows.map((row) => row.kind)).toEqual(['initiated', 'validated']);
    expect(totals['EUR']).toEqual({
      initiated: { count: 1, amount: 2_500 },
      validated: { count: 1, amount: 2_500 },
    });
  });

  test('the same key with the same body gets the same answer, also later, and has one effect', async () => {
    const pop = await started();
    const [first, second] = await Promise.all([pop.initiate(), pop.initiate()]);
    expect(second).toEqual(first);
    await untilStatus(pop, first.body.validation_id, 'VALIDATED');
    const reordered = Object.fromEntries(Object.entries(purchase).reverse());
    expect(await pop.initiate(reordered)).toEqual(first);
    expect((await pop.control.ledger({ kind: 'initiated' })).rows).toHaveLength(1);
  });

  test('the same key with another body is a conflict', async () => {
    const pop = await started();
    await pop.initiate();
    const { status, body } = await pop.initiate({ ...purchase, amount: 2_501 });
    expect([status, body.code]).toEqual([409, 'SIM_POP_KEY_REUSED']);
  });

  test('a transaction has one standing validation, and may have another after a cancelled one', async () => {
    const pop = await started(60_000);
    const first = await pop.initiate();
    const refused = await pop.initiate(purchase, 'key-2');
    expect([refused.status, refused.body.code]).toEqual([409, 'SIM_POP_TRANSACTION_TAKEN']);
    expect(refused.body.details.validation_id).toBe(first.body.validation_id);
    await pop.cancel(first.body.validation_id);
    expect((await pop.initiate(purchase, 'key-3')).status).toBe(201);
    expect((await pop.ofTransaction('TX-1')).body.status).toBe('PENDING');
  });

  test('what is not known is not found', async () => {
    const pop = await started();
    expect((await pop.ofTransaction('TX-9')).status).toBe(404);
    expect((await pop.get('nothing')).status).toBe(404);
  });

  test('a cancelled validation stays cancelled, and cancelling it again changes nothing', async () => {
    const pop = await started(60_000);
    const { body } = await pop.initiate();
    expect((await pop.cancel(body.validation_id)).body.status).toBe('CANCELLED');
    expect((await pop.cancel(body.validation_id)).status).toBe(200);
    expect((await pop.control.ledger({ kind: 'cancelled' })).rows).toMatchObject([
      { transactionId: 'TX-1', amount: 2_500, reason: 'payment refused' },
    ]);
  });

  test('a validated purchase cannot be cancelled: the chain does not go back', async () => {
    const pop = await started();
    const { body } = await pop.initiate();
    await untilStatus(pop, body.validation_id, 'VALIDATED');
    const refused = await pop.cancel(body.validation_id);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'SIM_POP_FINAL', details: { status: 'VALIDATED' } });
  });
});

describe('bad input', () => {
  let pop: Pop;
  beforeEach(async () => {
    pop = await started();
  });

  test.each([
    ['no amount', { ...purchase, amount: undefined }, 'SIM_HTTP_BODY_INVALID'],
    ['a negative amount', { ...purchase, amount: -1 }, 'SIM_HTTP_BODY_INVALID'],
    ['a fraction of a cent', { ...purchase, amount: 1.5 }, 'SIM_HTTP_BODY_INVALID'],
    ['a short receipt hash', { ...purchase, receipt_hash: 'ab' }, 'SIM_HTTP_BODY_INVALID'],
    ['an unknown field', { ...purchase, surprise: 1 }, 'SIM_HTTP_BODY_INVALID'],
    ['too many suppliers', { ...purchase, supplier_ids: [...'abcdefghi'] }, 'SIM_HTTP_BODY_INVALID'],
    ['a consumer who is the merchant', { ...purchase, merchant_id: 'consumer-1' }, 'SIM_POP_PARTIES'],
    ['a supplier named twice', { ...purchase, supplier_ids: ['s', 's'] }, 'SIM_POP_PARTIES'],
  ])('%s is refused with a clear error', async (_, body, code) => {
    const reply = await pop.initiate(body);
    expect([reply.status, reply.body.code]).toEqual([400, code]);
    expect((await pop.control.ledger()).rows).toEqual([]);
  });

  test('a missing idempotency key is refused', async () => {
    expect((await pop.initiateWithoutKey()).body.code).toBe('SIM_POP_KEY_MISSING');
  });

  test('a body beyond the limit is refused before it is kept', async () => {
    const reply = await pop.initiate({ ...purchase, receipt_data: 'A'.repeat(1_000_000) });
    expect([reply.status, reply.body.code]).toEqual([413, 'SIM_HTTP_BODY_TOO_LARGE']);
  });

  test('what is not JSON is refused', async () => {
    const send = (type: string, body: string) =>
      fetch(`${pop.apiUrl}/validations`, { method: 'POST', body, headers: { 'content-type': type } });
    expect((await send('application/json', '{')).status).toBe(415);
    expect((await send('text/plain', '{}')).status).toBe(415);
  });

  test('an unknown path is refused', async () => {
    expect((await fetch(`${pop.apiUrl}/nothing`)).status).toBe(404);
  });
});

test('after kill -9 the process knows every validation it acknowledged and finishes them', async () => {
  const process = simulatorProcess(new URL('./main.ts', import.meta.url).pathname, {
    POP_SIM_PORT: '0',
    POP_SIM_CONTROL_PORT: '0',
    POP_SIM_BLOCK_MS: '300',
    POP_SIM_LEDGER: join(temporaryFolder(), 'ledger.jsonl'),
  });
  const before = client(String((await process.ready())['apiUrl']));
  const first = await before.initiate();
  const ids = [first.body.validation_id];
  for (let i = 2; i <= 50; i += 1) {
    ids.push(
      (await before.initiate({ ...purchase, transaction_id: `TX-${i}` }, `key-${i}`)).body.validation_id,
    );
  }
  const details = await process.killAndRestart();
  const after = client(String(details['apiUrl']));
  expect(await after.initiate()).toEqual(first);
  for (const id of ids) await untilStatus(after, id, 'VALIDATED');
  const { totals, rows } = await popControl(String(details['controlUrl'])).ledger();
  expect(totals['EUR']?.['validated']).toEqual({ count: 50, amount: 50 * 2_500 });
  expect(rows).toHaveLength(100);
});
