import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { developmentApiKey, developmentToken } from '../switch/config/gateway.ts';
import { GOOD, MERCHANT, OTHER, OVER, openShop, READER, SLOW } from './support/gateway-house.ts';

// What the gateway refuses: who may not ask, what may not be asked, and what is too much or too slow.

const at = openShop();
const { order } = at;

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
    const { status, body } = await at.shop.pay(order(change));
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
    const { status, body } = await at.shop.pay(order(change));
    expect([status, body.code, body.errors[0]?.path]).toEqual([400, 'GW_CARD_NUMBER', `/${path}`]);
    expect(JSON.stringify(body)).not.toMatch(/4242/);
    expect(at.house.switchLog()).not.toMatch(/4242[- ]?4242/);
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
    const answered = await at.shop.ask('POST', '/api/v1/payments', body, { headers: given });
    expect([answered.status, answered.body.code]).toEqual([status, code]);
  });

  test('a payment without a key of its own, or with one that is none', async () => {
    for (const idempotencyKey of [undefined, 'x'.repeat(256)]) {
      const { status, body } = await at.shop.pay(order(), { idempotencyKey });
      expect([status, body.code]).toEqual([400, 'GW_IDEMPOTENCY_KEY']);
    }
  });

  test('a card whose check digit is wrong, and a verification value', async () => {
    const wrong = await at.shop.post('/api/v1/card-tokens', { pan: '4242424242424241' });
    expect([wrong.status, wrong.body.errors]).toEqual([400, [{ path: '/pan', message: expect.any(String) }]]);
    const value = await at.shop.post('/api/v1/card-tokens', { pan: GOOD, cvv: '123' });
    expect([value.status, value.body.errors[0]?.path]).toEqual([400, '/cvv']);
    expect(at.house.switchLog()).not.toContain('4242424242424241');
  });
});

describe('who may ask', () => {
  test.each([
    ['no key', ''],
    ['another key', 'ek_test_nobody'],
    ['a key that is too long', 'x'.repeat(4_000)],
    ['a key that is over', developmentApiKey(OVER)],
  ])('%s is refused', async (_, key) => {
    const { status, body, headers } = await at.shop.payment(randomUUID(), { key });
    expect([status, body.code, headers.get('www-authenticate')]).toEqual([
      401,
      'GW_UNAUTHENTICATED',
      'Bearer',
    ]);
  });

  test('a token of the platform may pay and look, and nothing else', async () => {
    const ask = { key: developmentToken(MERCHANT, Date.now()) };
    const paid = await at.shop.pay(order(), ask);
    expect(paid.status).toBe(201);
    const id = paid.body.data.transaction_id;
    expect((await at.shop.payment(id, ask)).status).toBe(200);
    expect((await at.shop.payment(id, { key: developmentToken(OTHER, Date.now()) })).status).toBe(404);
    const tokenised = await at.shop.post('/api/v1/card-tokens', { pan: GOOD }, ask);
    expect(tokenised.body.code).toBe('GW_FORBIDDEN');
  });

  test.each([
    ['a token that is over', developmentToken(MERCHANT, Date.now() - 3_700_000)],
    ['a token of nobody’s', developmentToken('NOBODY', Date.now())],
    ['a token that was altered', `${developmentToken(MERCHANT, Date.now())}AAAA`],
  ])('%s is refused', async (_, key) => {
    expect((await at.shop.payment(randomUUID(), { key })).body.code).toBe('GW_UNAUTHENTICATED');
  });

  test('a key has the rights that it was given, and no other', async () => {
    const ask = { key: developmentApiKey(READER) };
    expect((await at.shop.pay(order(), ask)).body.code).toBe('GW_FORBIDDEN');
    expect((await at.shop.payment('00000000-0000-7000-8000-000000000000', ask)).body.code).toBe(
      'GW_NOT_FOUND',
    );
  });

  test('a merchant sees and uses nothing of another', async () => {
    const paid = await at.shop.pay(order());
    const id = paid.body.data.transaction_id;
    expect((await at.other.payment(id)).status).toBe(404);
    expect((await at.other.payment(randomUUID())).body).toEqual((await at.other.payment(id)).body);
    const stolen = await at.other.pay(order({ merchant_id: OTHER }));
    expect([stolen.status, stolen.body.code]).toEqual([422, 'GW_CARD_TOKEN']);
    expect((await at.other.pay(order())).body.code).toBe('GW_MERCHANT');
    expect((await at.other.ask('DELETE', `/api/v1/card-tokens/${at.token}`, undefined)).status).toBe(404);

    const own = order({ merchant_id: OTHER, card_token: await at.other.token(GOOD) });
    const key = randomUUID();
    const first = await at.shop.pay(order(), { idempotencyKey: key });
    const second = await at.other.pay(own, { idempotencyKey: key });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.body.data.transaction_id).not.toBe(second.body.data.transaction_id);
  });

  test('more than its rate is answered 429', async () => {
    const ask = { key: developmentApiKey(SLOW) };
    const answers = await Promise.all(Array.from({ length: 6 }, () => at.shop.payment(randomUUID(), ask)));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(3);
    expect(limited[0]?.headers.get('retry-after')).toBe('1');
  });
});

describe('what comes slowly or is no HTTP', () => {
  const spoken = (bytes: string) =>
    new Promise<{ text: string; afterMs: number }>((resolve) => {
      const began = performance.now();
      let text = '';
      const socket = connect(at.port, '127.0.0.1', () => socket.write(bytes));
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
    expect((await at.shop.ask('GET', '/api/v1/everything', undefined)).body.code).toBe('GW_NOT_FOUND');
    expect((await at.shop.ask('PUT', '/api/v1/payments', '{}')).body.code).toBe('GW_NOT_FOUND');
    expect((await at.shop.payment('no-uuid')).status).toBe(400);
  });
});
