import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { GOOD, MERCHANT, openShop, RECEIPT_HASH } from './support/gateway-house.ts';
import { waitUntil } from './support/wait-until.ts';

// The gateway as a merchant's application meets it: real HTTP, a real node, network, consensus and database.

const root = join(import.meta.dirname, '..');
const DECLINED = '4000000000000002';
const at = openShop();
const { order } = at;

async function rows(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: at.house.databaseUrl });
  await client.connect();
  const found = await client.query(text, values);
  await client.end();
  return found.rows;
}

async function networkRows(): Promise<number> {
  return (await at.house.visa.ledger()).rows.length;
}

describe('a payment', () => {
  test('is approved by the network, and its proof followed to its end', async () => {
    const paid = await at.shop.pay(order());
    expect(paid.status).toBe(201);
    expect(paid.body).toMatchObject({
      success: true,
      data: { status: 'PaymentCompleted', amount: { value: 2_500, currency: 'EUR' }, error: null },
    });
    const { transaction_id: id, transaction_time: time, approval_code: approval } = paid.body.data;
    expect(paid.headers.get('location')).toBe(`/api/v1/payments/${id}`);
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
    expect(approval).toMatch(/^\w{6}$/);

    await waitUntil(async () => (await at.shop.payment(id)).body.data.status === 'Completed');
    const { body } = await at.shop.payment(id);
    expect(body).toMatchObject({ success: true, data: { transaction_id: id, proof: 'validated' } });
    const proof = (await at.house.pop.ledger()).rows.find(({ transactionId }) => transactionId === id);
    expect(proof).toMatchObject({
      consumerId: 'consumer-7',
      merchantId: MERCHANT,
      receiptHash: RECEIPT_HASH,
    });
  });

  test('that the issuer declines fails with E001, and never with a status of success', async () => {
    const bad = await at.shop.token(DECLINED);
    const key = randomUUID();
    const declined = await at.shop.pay(order({ card_token: bad }), { idempotencyKey: key });
    expect(declined.status).toBe(402);
    expect(declined.headers.get('content-type')).toContain('application/problem+json');
    expect(declined.body).toMatchObject({
      type: 'urn:etika:problem:GW_DECLINED',
      status: 402,
      success: false,
      error: { code: 'E001' },
      data: { status: 'Failed', error: { code: 'E001' } },
    });
    const again = await at.shop.pay(order({ card_token: bad }), { idempotencyKey: key });
    expect(again.body).toEqual(declined.body);
    const { status, body } = await at.shop.payment(declined.body.data.transaction_id);
    expect([status, body.success, body.error.code]).toEqual([200, false, 'E001']);
  });

  test('ten times at once under one key is one payment with one answer', async () => {
    const before = await networkRows();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        at.shop.pay(order({ amount: { value: 1_234, currency: 'EUR' } }), { idempotencyKey: key }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await networkRows()).toBe(before + 1);

    const other = await at.shop.pay(order({ amount: { value: 1_235, currency: 'EUR' } }), {
      idempotencyKey: key,
    });
    expect([other.status, other.body.code]).toEqual([422, 'GW_KEY_REUSED']);
    const consumer = await at.shop.pay(
      order({ amount: { value: 1_234, currency: 'EUR' }, consumer_id: 'consumer-8' }),
      { idempotencyKey: key },
    );
    expect(consumer.body.code).toBe('GW_KEY_REUSED');
    expect(await networkRows()).toBe(before + 1);
  });

  test('is the same after the node was killed, under the same key', async () => {
    const key = randomUUID();
    const paid = await at.shop.pay(order(), { idempotencyKey: key });
    const before = await networkRows();
    await at.house.killSwitch();
    await at.house.startSwitch();
    await at.enterAgain();
    const again = await at.shop.pay(order(), { idempotencyKey: key });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(paid.body);
    expect(await networkRows()).toBe(before);
  });

  test('whose network is silent ends within two seconds with E003', async () => {
    const silent = await at.shop.token('4000000000000036');
    const began = performance.now();
    const late = await at.shop.pay(order({ card_token: silent }));
    expect(performance.now() - began).toBeLessThan(2_500);
    expect([late.status, late.body.error.code]).toEqual([504, 'E003']);
  });
});

describe('what is done to a payment afterwards', () => {
  const doTo = (id: string, what: string, body: object = {}, idempotencyKey: string = randomUUID()) =>
    at.shop.post(`/api/v1/payments/${id}/${what}`, body, { idempotencyKey });
  const paidOf = async (more: object = {}) => (await at.shop.pay(order(more))).body.data.transaction_id;

  test('a cancellation takes it back, once, and the network reverses it', async () => {
    const id = await paidOf();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => doTo(id, 'cancel', {}, key)));
    expect(answers.map(({ status, body }) => [status, body.data.status])).toEqual(
      Array(5).fill([200, 'Cancelled']),
    );
    const again = await doTo(id, 'cancel');
    expect([again.status, again.body.code]).toEqual([422, 'GW_REFUSED']);
    await waitUntil(async () => {
      const rows = (await at.house.visa.ledger()).rows as readonly { kind: string }[];
      return rows.some(({ kind }) => kind === 'reversed');
    });
  });

  test('refunds give back no more than was paid', async () => {
    const id = await paidOf();
    const part = { amount: { value: 1_000, currency: 'EUR' } };
    const key = randomUUID();
    const [first, again] = await Promise.all([doTo(id, 'refund', part, key), doTo(id, 'refund', part, key)]);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(first.body.data.transaction_id).toBe(again.body.data.transaction_id);
    expect(first.body.data.transaction_id).not.toBe(id);

    const beyond = await doTo(id, 'refund', { amount: { value: 1_501, currency: 'EUR' } });
    expect([beyond.status, beyond.body.code, beyond.body.data.status]).toEqual([422, 'GW_REFUSED', 'Failed']);
    expect((await doTo(id, 'refund', { amount: { value: 1_500, currency: 'EUR' } })).status).toBe(201);
    expect((await doTo(id, 'cancel')).status).toBe(422);
    expect((await doTo(await paidOf(), 'refund')).body.data).toMatchObject({
      amount: { value: 2_500, currency: 'EUR' },
    });
  });

  test('what is set aside is captured with its proof, or cancelled', async () => {
    const early = await at.shop.pay(order({ capture: 'manual' }));
    expect([early.status, early.body.errors[0]?.path]).toEqual([400, '/consumer_id']);
    const none = { consumer_id: undefined, receipt_data: undefined, supplier_ids: undefined };
    const held = await at.shop.pay(order({ capture: 'manual', ...none }));
    expect([held.status, held.body.data.status]).toEqual([201, 'Authorized']);
    const id = held.body.data.transaction_id;
    const amount = { value: 2_000, currency: 'EUR' };
    const captured = await doTo(id, 'capture', { amount, consumer_id: 'consumer-9' });
    expect([captured.status, captured.body.data]).toMatchObject([200, { amount }]);
    expect((await doTo(id, 'capture')).status).toBe(422);
    await waitUntil(async () => (await at.shop.payment(id)).body.data.status === 'Completed');
    const proof = (await at.house.pop.ledger()).rows.find(({ transactionId }) => transactionId === id);
    expect(proof).toMatchObject({ consumerId: 'consumer-9', amount: 2_000 });

    const other = await at.shop.pay(order({ capture: 'manual', ...none }));
    const given = await doTo(other.body.data.transaction_id, 'cancel');
    expect([given.status, given.body.data.status]).toEqual([200, 'Cancelled']);
    expect((await doTo(await paidOf(), 'capture')).status).toBe(422);
  });

  test.each(['cancel', 'capture', 'refund'])(
    '%s of what is not there, or another merchant’s, is 404',
    async (what) => {
      const id = await paidOf();
      const path = `/api/v1/payments/${id}/${what}`;
      expect((await at.other.post(path, {}, { idempotencyKey: randomUUID() })).body.code).toBe(
        'GW_NOT_FOUND',
      );
      expect((await doTo('00000000-0000-7000-8000-000000000000', what)).status).toBe(404);
      expect((await at.shop.post(path, {})).body.code).toBe('GW_IDEMPOTENCY_KEY');
      expect((await doTo(id, what, { reason: 'x' })).body.errors[0]?.path).toBe('/reason');
    },
  );
});

describe('card tokens', () => {
  test('a card has one token at a merchant, and another at another', async () => {
    expect(at.token).toMatch(/^tok_[A-Za-z0-9_-]{24}$/);
    expect(await at.shop.token(GOOD)).toBe(at.token);
    expect(await at.other.token(GOOD)).not.toBe(at.token);
  });

  test('what is kept of a card tells nobody its number', async () => {
    const kept = await rows('select * from switch.card_token');
    expect(kept.length).toBeGreaterThan(1);
    expect(JSON.stringify(kept)).not.toContain(GOOD);
    const entries = await rows(
      "select body::text from switch.journal where body::text like '%tok\\_%' or body::text like $1",
      [`%${GOOD}%`],
    );
    expect(entries).toEqual([]);
  });

  test('an erased token pays no more', async () => {
    const gone = await at.shop.token('4111111111111111');
    expect((await at.shop.ask('DELETE', `/api/v1/card-tokens/${gone}`, undefined)).status).toBe(204);
    const { status, body } = await at.shop.pay(order({ card_token: gone }));
    expect([status, body.code]).toEqual([422, 'GW_CARD_TOKEN']);
    expect(await at.shop.token('4111111111111111')).not.toBe(gone);
  });
});

/** The page's blocks, one after the other in one shell, as a partner pastes them. */
test('docs/gateway.md: what it says to type works as it says', async () => {
  const page = readFileSync(join(root, 'docs/gateway.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  const script = blocks
    .join('\n')
    .replaceAll('npx etika-switch', `'${process.execPath}' deploy/cli/etika-switch.js`)
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${at.port}`);
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: root });
  expect(stdout).toMatch(/"card_token":"tok_/);
  expect(stdout).toMatch(
    /"success":true,"data":\{"transaction_id":"[0-9a-f-]{36}",.*"status":"PaymentCompleted"/,
  );
  expect(stdout).toMatch(/"status":402,"code":"GW_DECLINED"/);
  expect(stdout).toMatch(/"status":"(PopProcessing|Completed)"/);
});
