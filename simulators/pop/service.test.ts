import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { silentLog, systemClock, systemRandom } from '../../runtime/index.ts';
import { simulatorProcess, temporaryFolder } from '../testing.ts';
import { popControl } from './client.ts';
import type { PurchaseRequest } from './request.ts';
import { startPop } from './service.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

const purchase: PurchaseRequest = {
  transaction_id: 'TX-1',
  consumer_id: 'consumer-1',
  merchant_id: 'merchant-1',
  amount: 2_500,
  currency: 'EUR',
  receipt_hash: 'ab'.repeat(32),
};

async function started(blockMs = 20) {
  const pop = await startPop({
    api: anyPort,
    control: anyPort,
    ledgerFile: join(temporaryFolder(), 'ledger.jsonl'),
    blockMs,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onBroken: (error) => {
      throw error;
    },
  });
  onTestFinished(pop.close);
  return { ...client(pop.apiUrl), control: popControl(pop.controlUrl), apiUrl: pop.apiUrl };
}

interface AnyBody {
  validation_id: string;
  status: string;
  error?: string;
  code: string;
  details: { validation_id: string };
}

function client(apiUrl: string) {
  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${apiUrl}${path}`, init);
    return { status: response.status, body: (await response.json()) as AnyBody };
  };
  const post = (path: string, body: unknown, key?: string, signal = AbortSignal.timeout(5_000)) =>
    call(path, {
      method: 'POST',
      signal,
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });
  return {
    initiate: (body: object = purchase, key = 'key-1', signal?: AbortSignal) =>
      post('/validations', body, key, signal),
    initiateWithoutKey: () => post('/validations', purchase),
    get: (id: string) => call(`/validations/${id}`),
    ofTransaction: (id: string) => call(`/validations?transaction_id=${id}`),
    cancel: (id: string, reason = 'payment refused') => post(`/validations/${id}/cancel`, { reason }),
  };
}

type Pop = Awaited<ReturnType<typeof started>>;
const untilStatus = (pop: Pick<Pop, 'get'>, id: string, status: string) =>
  vi.waitFor(async () => expect((await pop.get(id)).body.status).toBe(status), {
    timeout: 5_000,
    interval: 5,
  });

describe('the contract', () => {
  test('a purchase is initiated, included in a block, and validated with the next', async () => {
    const pop = await started(60);
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

describe('scenarios', () => {
  test.each([
    ['validate', 'VALIDATED', ['initiated', 'validated']],
    ['reject', 'REJECTED', ['initiated', 'rejected']],
  ] as const)('%s ends the validation at once', async (action, status, kinds) => {
    const pop = await started(60_000);
    await pop.control.script({ scenario: { action } });
    const { body } = await pop.initiate();
    expect(body.status).toBe(status);
    expect((await pop.control.ledger()).rows.map((row) => row.kind)).toEqual(kinds);
    expect((await pop.initiate()).body).toEqual(body);
  });

  test.each([
    ['reject-later', 'REJECTED'],
    ['expire', 'EXPIRED'],
  ] as const)('%s accepts first', async (action, status) => {
    const pop = await started();
    await pop.control.script({ scenario: { action } });
    const { body } = await pop.initiate();
    expect(body.status).toBe('INITIATED');
    await untilStatus(pop, body.validation_id, status);
    expect((await pop.get(body.validation_id)).body.error).toEqual(expect.any(String));
    expect((await pop.cancel(body.validation_id)).status).toBe(409);
  });

  test.each([
    ['silence', 'answer', 200],
    ['silence', 'request', 404],
    ['drop', 'answer', 200],
    ['drop', 'request', 404],
  ] as const)('%s that loses the %s: a query then answers %i', async (action, lost, status) => {
    const pop = await started();
    await pop.control.script({ scenario: { action, lost }, next: 1 });
    await expect(pop.initiate(purchase, 'key-1', AbortSignal.timeout(100))).rejects.toThrow();
    expect((await pop.ofTransaction('TX-1')).status).toBe(status);
    expect((await pop.initiate()).body.status).toBe('INITIATED');
    expect((await pop.control.ledger({ kind: 'initiated' })).rows).toHaveLength(1);
  });

  test('late answers after the effect, delay before it', async () => {
    const pop = await started(60_000);
    for (const [action, found] of [
      ['late', 200],
      ['delay', 404],
    ] as const) {
      await pop.control.script({ scenario: { action, ms: 150 }, next: 1 });
      const began = performance.now();
      const answer = pop.initiate({ ...purchase, transaction_id: action }, action);
      await pop.control.health();
      expect((await pop.ofTransaction(action)).status).toBe(found);
      expect((await answer).status).toBe(201);
      expect(performance.now() - began).toBeGreaterThan(145);
    }
  });

  test('error answers 500 and acts only where it was asked to lose the answer', async () => {
    const pop = await started();
    await pop.control.script({ scenario: { action: 'error' }, next: 1 });
    const failed = await pop.initiate();
    expect([failed.status, failed.body.code]).toEqual([500, 'SIM_POP_INJECTED']);
    expect((await pop.ofTransaction('TX-1')).status).toBe(404);
    await pop.control.script({ scenario: { action: 'error', lost: 'answer' }, next: 1 });
    expect((await pop.initiate()).status).toBe(500);
    expect((await pop.ofTransaction('TX-1')).status).toBe(200);
  });

  test('garbage is not JSON', async () => {
    const pop = await started();
    await pop.control.script({ scenario: { action: 'garbage' }, next: 1 });
    await expect(pop.initiate()).rejects.toThrow(SyntaxError);
  });

  test('one consumer and one kind of message can be scripted alone', async () => {
    const pop = await started(60_000);
    await pop.control.script({ consumer: 'consumer-2', scenario: { action: 'reject' } });
    await pop.control.script({ on: 'query', next: 1, scenario: { action: 'error' } });
    const { body } = await pop.initiate();
    expect(body.status).toBe('INITIATED');
    expect(
      (await pop.initiate({ ...purchase, transaction_id: 'TX-2', consumer_id: 'consumer-2' }, 'k2')).body
        .status,
    ).toBe('REJECTED');
    expect((await pop.get(body.validation_id)).status).toBe(500);
    expect((await pop.get(body.validation_id)).status).toBe(200);
  });

  test('down refuses connections on the API port until up, and forgets nothing', async () => {
    const pop = await started(60_000);
    await pop.initiate();
    await pop.control.down();
    const { port } = new URL(pop.apiUrl);
    const refused = new Promise((resolve) => connect(Number(port), '127.0.0.1').once('error', resolve));
    expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
    expect((await pop.control.health()).api).toBe('down');
    await pop.control.up();
    expect((await pop.ofTransaction('TX-1')).status).toBe(200);
  });

  test('a scenario that does not exist is refused', async () => {
    const pop = await started();
    const nonsense = { scenario: { action: 'explode' } } as unknown as Parameters<
      typeof pop.control.script
    >[0];
    await expect(pop.control.script(nonsense)).rejects.toMatchObject({
      code: 'SIM_CONTROL_REFUSED',
      details: { status: 400 },
    });
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
