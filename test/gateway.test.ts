import { execFile } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiKeySettings, developmentApiKey, developmentKeySettings } from '../switch/config/gateway.ts';
import type { Settings } from '../switch/index.ts';
import { Application } from './support/application.ts';
import { type House, startHouse } from './support/house.ts';
import { waitUntil } from './support/wait-until.ts';

// The gateway as a merchant's application meets it: real HTTP, a real node, network, consensus and database.

const root = join(import.meta.dirname, '..');
const MERCHANT = 'MERCHANT0000001';
const OTHER = 'MERCHANT0000002';
const GOOD = '4242424242424242';
const DECLINED = '4000000000000002';
const READER = 'READER';
const RECEIPT = 'two coffees, 25.00 EUR';
const RECEIPT_HASH = hash('sha256', RECEIPT);

let house: House;
let shop: Application;
let other: Application;
let port: number;
let token: string;

function withGateway(settings: Settings): Settings {
  const [merchant] = settings.merchants;
  if (!merchant) throw new Error('no merchant');
  const slow: ApiKeySettings = { ...developmentKeySettings('SLOW'), name: 'slow', perSecond: 2 };
  const reader: ApiKeySettings = {
    ...developmentKeySettings(READER),
    name: 'reader',
    permissions: ['payments:read'],
  };
  const over: ApiKeySettings = { ...developmentKeySettings('OVER'), name: 'over', notAfter: '2020-01-01' };
  return {
    ...settings,
    gateway: { host: '127.0.0.1', port: 0, acquirer: '123456', terminal: 'GATEWAY1' },
    merchants: [
      { ...merchant, apiKeys: [developmentKeySettings(MERCHANT), slow, reader, over] },
      { ...merchant, id: OTHER, apiKeys: [developmentKeySettings(OTHER)] },
    ],
  };
}

/** At whichever port the gateway listens now. */
async function enter(): Promise<void> {
  const { listeners } = await house.switchStatus();
  port = listeners.find(({ name }) => name === 'gateway')?.port ?? 0;
  const url = `http://127.0.0.1:${port}`;
  shop = new Application(url, developmentApiKey(MERCHANT));
  other = new Application(url, developmentApiKey(OTHER));
}

beforeAll(async () => {
  house = await startHouse({ settings: withGateway });
  await enter();
  token = await shop.token(GOOD);
});
afterAll(() => house?.close());

async function networkRows(): Promise<number> {
  return (await house.visa.ledger()).rows.length;
}

const order = (more: object = {}) => ({
  merchant_id: MERCHANT,
  consumer_id: 'consumer-7',
  amount: { value: 2_500, currency: 'EUR' },
  card_token: token,
  card_type: 'visa',
  card_expiry_month: 12,
  card_expiry_year: 2030,
  receipt_data: Buffer.from(RECEIPT).toString('base64'),
  supplier_ids: ['roaster-1', 'dairy-2'],
  token_refs: [],
  ...more,
});

async function rows(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: house.databaseUrl });
  await client.connect();
  const found = await client.query(text, values);
  await client.end();
  return found.rows;
}

describe('a payment', () => {
  test('is approved by the network, and its proof followed to its end', async () => {
    const paid = await shop.pay(order());
    expect(paid.status).toBe(201);
    expect(paid.body).toMatchObject({
      success: true,
      data: { status: 'PaymentCompleted', amount: { value: 2_500, currency: 'EUR' }, error: null },
    });
    const { transaction_id: id, transaction_time: at, approval_code: approval } = paid.body.data;
    expect(paid.headers.get('location')).toBe(`/api/v1/payments/${id}`);
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    expect(approval).toMatch(/^\w{6}$/);

    await waitUntil(async () => (await shop.payment(id)).body.data.status === 'Completed');
    const { body } = await shop.payment(id);
    expect(body).toMatchObject({ success: true, data: { transaction_id: id, proof: 'validated' } });
    const proof = (await house.pop.ledger()).rows.find(({ transactionId }) => transactionId === id);
    expect(proof).toMatchObject({
      consumerId: 'consumer-7',
      merchantId: MERCHANT,
      receiptHash: RECEIPT_HASH,
    });
  });

  test('that the issuer declines fails with E001, and never with a status of success', async () => {
    const bad = await shop.token(DECLINED);
    const key = randomUUID();
    const declined = await shop.pay(order({ card_token: bad }), { idempotencyKey: key });
    expect(declined.status).toBe(402);
    expect(declined.headers.get('content-type')).toContain('application/problem+json');
    expect(declined.body).toMatchObject({
      type: 'urn:etika:problem:GW_DECLINED',
      status: 402,
      success: false,
      error: { code: 'E001' },
      data: { status: 'Failed', error: { code: 'E001' } },
    });
    const again = await shop.pay(order({ card_token: bad }), { idempotencyKey: key });
    expect(again.body).toEqual(declined.body);
    const { status, body } = await shop.payment(declined.body.data.transaction_id);
    expect([status, body.success, body.error.code]).toEqual([200, false, 'E001']);
  });

  test('ten times at once under one key is one payment with one answer', async () => {
    const before = await networkRows();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        shop.pay(order({ amount: { value: 1_234, currency: 'EUR' } }), { idempotencyKey: key }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await networkRows()).toBe(before + 1);

    const other = await shop.pay(order({ amount: { value: 1_235, currency: 'EUR' } }), {
      idempotencyKey: key,
    });
    expect([other.status, other.body.code]).toEqual([422, 'GW_KEY_REUSED']);
    const consumer = await shop.pay(
      order({ amount: { value: 1_234, currency: 'EUR' }, consumer_id: 'consumer-8' }),
      { idempotencyKey: key },
    );
    expect(consumer.body.code).toBe('GW_KEY_REUSED');
    expect(await networkRows()).toBe(before + 1);
  });

  test('is the same after the node was killed, under the same key', async () => {
    const key = randomUUID();
    const paid = await shop.pay(order(), { idempotencyKey: key });
    const before = await networkRows();
    await house.killSwitch();
    await house.startSwitch();
    await enter();
    const again = await shop.pay(order(), { idempotencyKey: key });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(paid.body);
    expect(await networkRows()).toBe(before);
  });

  test('whose network is silent ends within two seconds with E003', async () => {
    const silent = await shop.token('4000000000000036');
    const began = performance.now();
    const late = await shop.pay(order({ card_token: silent }));
    expect(performance.now() - began).toBeLessThan(2_500);
    expect([late.status, late.body.error.code]).toEqual([504, 'E003']);
  });
});

describe('what is done to a payment afterwards', () => {
  const doTo = (id: string, what: string, body: object = {}, idempotencyKey: string = randomUUID()) =>
    shop.post(`/api/v1/payments/${id}/${what}`, body, { idempotencyKey });
  const paidOf = async (more: object = {}) => (await shop.pay(order(more))).body.data.transaction_id;

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
      const rows = (await house.visa.ledger()).rows as readonly { kind: string }[];
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
    const early = await shop.pay(order({ capture: 'manual' }));
    expect([early.status, early.body.errors[0]?.path]).toEqual([400, '/consumer_id']);
    const none = { consumer_id: undefined, receipt_data: undefined, supplier_ids: undefined };
    const held = await shop.pay(order({ capture: 'manual', ...none }));
    expect([held.status, held.body.data.status]).toEqual([201, 'Authorized']);
    const id = held.body.data.transaction_id;
    const amount = { value: 2_000, currency: 'EUR' };
    const captured = await doTo(id, 'capture', { amount, consumer_id: 'consumer-9' });
    expect([captured.status, captured.body.data]).toMatchObject([200, { amount }]);
    expect((await doTo(id, 'capture')).status).toBe(422);
    await waitUntil(async () => (await shop.payment(id)).body.data.status === 'Completed');
    const proof = (await house.pop.ledger()).rows.find(({ transactionId }) => transactionId === id);
    expect(proof).toMatchObject({ consumerId: 'consumer-9', amount: 2_000 });

    const other = await shop.pay(order({ capture: 'manual', ...none }));
    const given = await doTo(other.body.data.transaction_id, 'cancel');
    expect([given.status, given.body.data.status]).toEqual([200, 'Cancelled']);
    expect((await doTo(await paidOf(), 'capture')).status).toBe(422);
  });

  test.each(['cancel', 'capture', 'refund'])(
    '%s of what is not there, or another merchant’s, is 404',
    async (what) => {
      const id = await paidOf();
      const path = `/api/v1/payments/${id}/${what}`;
      expect((await other.post(path, {}, { idempotencyKey: randomUUID() })).body.code).toBe('GW_NOT_FOUND');
      expect((await doTo('00000000-0000-7000-8000-000000000000', what)).status).toBe(404);
      expect((await shop.post(path, {})).body.code).toBe('GW_IDEMPOTENCY_KEY');
      expect((await doTo(id, what, { reason: 'x' })).body.errors[0]?.path).toBe('/reason');
    },
  );
});

describe('what is refused', () => {
  test.each([
    ['no amount', { amount: undefined }, ['/amount']],
    ['an unknown field', { cvv: '123' }, ['/cvv']],
    ['an unknown field below', { amount: { value: 1, currency: 'EUR', tip: 1 } }, ['/amount/tip']],
    ['an amount of nothing', { amount: { value: 0, currency: 'EUR' } }, ['/amount/value']],
    ['half a cent', { amount: { value: 1.5, currency: 'EUR' } }, ['/amount/value']],
    ['an amount as text', { amount: { value: '25', currency: 'EUR' } }, ['/amount/value']],
    ['more than DE4 holds', { amount: { value: 1e12, currency: 'EUR' } }, ['/amount/value']],
    ['no currency', { amount: { value: 1, currency: 'EURO' } }, ['/amount/currency']],
    ['a currency that is none', { amount: { value: 1, currency: 'QQQ' } }, ['/amount/currency']],
    ['gold', { amount: { value: 1, currency: 'XAU' } }, ['/amount/currency']],
    ['a month alone', { card_expiry_year: undefined }, ['/card_expiry_year']],
    ['month 13', { card_expiry_month: 13 }, ['/card_expiry_month']],
    ['a receipt that is no base64', { receipt_data: 'no base64!' }, ['/receipt_data']],
    ['a receipt whose last bits are set', { receipt_data: 'QQF=' }, ['/receipt_data']],
    ['a supplier twice', { supplier_ids: ['a', 'a'] }, ['/supplier_ids/1']],
    ['too many suppliers', { supplier_ids: [...'abcdefghi'] }, ['/supplier_ids']],
    ['the merchant as consumer', { consumer_id: MERCHANT }, ['/consumer_id']],
    ['tokens, which are not served', { token_refs: ['t-1'] }, ['/token_refs']],
  ])('%s, with its path', async (_, change, paths) => {
    const { status, body } = await shop.pay(order(change));
    expect(status).toBe(400);
    expect(body).toMatchObject({ success: false, data: null });
    expect(body.errors.map(({ path }) => path)).toEqual(paths);
  });

  test.each([
    ['card_token', { card_token: GOOD }],
    ['consumer_id', { consumer_id: '4242-4242-4242-4242' }],
    ['supplier_ids/0', { supplier_ids: [GOOD] }],
    ['memo', { memo: '4242 4242 4242 4242' }],
  ])('a card number as %s, and nobody writes it down', async (path, change) => {
    const { status, body } = await shop.pay(order(change));
    expect([status, body.code, body.errors[0]?.path]).toEqual([400, 'GW_CARD_NUMBER', `/${path}`]);
    expect(JSON.stringify(body)).not.toMatch(/4242/);
    expect(house.switchLog()).not.toMatch(/4242[- ]?4242/);
  });

  test.each([
    ['no JSON', '{', {}, 400, 'GW_JSON'],
    ['an empty body', '', {}, 400, 'GW_JSON'],
    ['a body that is no object', '[]', {}, 400, 'GW_FIELD'],
    ['another type', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'GW_MEDIA_TYPE'],
    ['plain text', '{}', { 'content-type': 'text/plain' }, 415, 'GW_MEDIA_TYPE'],
    ['a body beyond the limit', `{"a":"${'x'.repeat(40_000)}"}`, {}, 413, 'GW_TOO_LARGE'],
    ['a key with blanks', '{}', { 'idempotency-key': 'a b' }, 400, 'GW_FIELD'],
  ])('%s', async (_, body, headers, status, code) => {
    const given = { 'content-type': 'application/json', 'idempotency-key': 'k', ...headers };
    const answered = await shop.ask('POST', '/api/v1/payments', body, { headers: given });
    expect([answered.status, answered.body.code]).toEqual([status, code]);
  });

  test('a payment without a key of its own, or with one that is none', async () => {
    for (const idempotencyKey of [undefined, 'x'.repeat(256)]) {
      const { status, body } = await shop.pay(order(), { idempotencyKey });
      expect([status, body.code]).toEqual([400, 'GW_IDEMPOTENCY_KEY']);
    }
  });

  test('a card whose check digit is wrong, and a verification value', async () => {
    const wrong = await shop.post('/api/v1/card-tokens', { pan: '4242424242424241' });
    expect([wrong.status, wrong.body.errors]).toEqual([400, [{ path: '/pan', message: expect.any(String) }]]);
    const value = await shop.post('/api/v1/card-tokens', { pan: GOOD, cvv: '123' });
    expect([value.status, value.body.errors[0]?.path]).toEqual([400, '/cvv']);
    expect(house.switchLog()).not.toContain('4242424242424241');
  });
});

describe('who may ask', () => {
  test.each([
    ['no key', ''],
    ['another key', 'ek_test_nobody'],
    ['a key that is too long', 'x'.repeat(4_000)],
    ['a key that is over', developmentApiKey('OVER')],
  ])('%s is refused', async (_, key) => {
    const { status, body, headers } = await shop.payment(randomUUID(), { key });
    expect([status, body.code, headers.get('www-authenticate')]).toEqual([
      401,
      'GW_UNAUTHENTICATED',
      'Bearer',
    ]);
  });

  test('a key has the rights that it was given, and no other', async () => {
    const ask = { key: developmentApiKey(READER) };
    expect((await shop.pay(order(), ask)).body.code).toBe('GW_FORBIDDEN');
    expect((await shop.payment('00000000-0000-7000-8000-000000000000', ask)).body.code).toBe('GW_NOT_FOUND');
  });

  test('a merchant sees and uses nothing of another', async () => {
    const paid = await shop.pay(order());
    const id = paid.body.data.transaction_id;
    expect((await other.payment(id)).status).toBe(404);
    expect((await other.payment(randomUUID())).body).toEqual((await other.payment(id)).body);
    const stolen = await other.pay(order({ merchant_id: OTHER }));
    expect([stolen.status, stolen.body.code]).toEqual([422, 'GW_CARD_TOKEN']);
    expect((await other.pay(order())).body.code).toBe('GW_MERCHANT');
    expect((await other.ask('DELETE', `/api/v1/card-tokens/${token}`, undefined)).status).toBe(404);

    const own = order({ merchant_id: OTHER, card_token: await other.token(GOOD) });
    const key = randomUUID();
    const first = await shop.pay(order(), { idempotencyKey: key });
    const second = await other.pay(own, { idempotencyKey: key });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.body.data.transaction_id).not.toBe(second.body.data.transaction_id);
  });

  test('more than its rate is answered 429', async () => {
    const ask = { key: developmentApiKey('SLOW') };
    const answers = await Promise.all(Array.from({ length: 6 }, () => shop.payment(randomUUID(), ask)));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(3);
    expect(limited[0]?.headers.get('retry-after')).toBe('1');
  });
});

describe('card tokens', () => {
  test('a card has one token at a merchant, and another at another', async () => {
    expect(token).toMatch(/^tok_[A-Za-z0-9_-]{24}$/);
    expect(await shop.token(GOOD)).toBe(token);
    expect(await other.token(GOOD)).not.toBe(token);
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
    const gone = await shop.token('4111111111111111');
    expect((await shop.ask('DELETE', `/api/v1/card-tokens/${gone}`, undefined)).status).toBe(204);
    const { status, body } = await shop.pay(order({ card_token: gone }));
    expect([status, body.code]).toEqual([422, 'GW_CARD_TOKEN']);
    expect(await shop.token('4111111111111111')).not.toBe(gone);
  });
});

describe('what comes slowly or is no HTTP', () => {
  const spoken = (bytes: string) =>
    new Promise<{ text: string; afterMs: number }>((resolve) => {
      const began = performance.now();
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve({ text, afterMs: performance.now() - began }));
    });

  test.each([
    ['a head that never ends', 'POST /api/v1/payments HTTP/1.1\r\nhost: x\r\n', '408'],
    [
      'a body that never comes',
      `POST /api/v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${developmentApiKey(MERCHANT)}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"a"`,
      '408',
    ],
  ])('%s loses its connection', async (_, bytes, status) => {
    const { text, afterMs } = await spoken(bytes);
    expect(text).toContain(status);
    expect(afterMs).toBeLessThan(5_000);
  });

  test('garbage is answered 400, and a head beyond its limit 431', async () => {
    expect((await spoken('\x16\x03\x01garbage\r\n\r\n')).text).toContain(' 400 ');
    expect((await spoken(`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).text).toContain(' 431 ');
  });

  test('an address that is none is 404, as any other method', async () => {
    expect((await shop.ask('GET', '/api/v1/everything', undefined)).body.code).toBe('GW_NOT_FOUND');
    expect((await shop.ask('PUT', '/api/v1/payments', '{}')).body.code).toBe('GW_NOT_FOUND');
    expect((await shop.payment('no-uuid')).status).toBe(400);
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
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${port}`);
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: root });
  expect(stdout).toMatch(/"card_token":"tok_/);
  expect(stdout).toMatch(
    /"success":true,"data":\{"transaction_id":"[0-9a-f-]{36}",.*"status":"PaymentCompleted"/,
  );
  expect(stdout).toMatch(/"status":402,"code":"GW_DECLINED"/);
  expect(stdout).toMatch(/"status":"(PopProcessing|Completed)"/);
});
