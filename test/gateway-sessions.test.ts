import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { GOOD, MERCHANT, openShop } from './support/gateway-house.ts';

// Payment sessions as applications meet them: a real listener, a real database, real rivals.

const at = openShop();
const AMOUNT = { value: 2_500, currency: 'EUR' };
const PARTIES = { consumer_id: 'consumer-7', supplier_ids: ['roaster-1'] };

const open = (more: object = {}, ask: object = {}, application = at.shop) =>
  application.post('/api/v1/sessions', { amount: AMOUNT, ...more }, ask);
const look = (id: string, application = at.shop) =>
  application.ask('GET', `/api/v1/sessions/${id}`, undefined);
const cancel = (id: string, body: object = {}) => at.shop.post(`/api/v1/sessions/${id}/cancel`, body);
const pay = (id: string, key: string = randomUUID(), more: object = {}) => {
  const own = { consumer_id: undefined, supplier_ids: undefined, session_id: id, ...more };
  return at.shop.pay(at.order(own), { idempotencyKey: key });
};

async function opened(more: object = {}): Promise<string> {
  return (await open(more)).body.data.session_id;
}

describe('a session', () => {
  test('is opened, looked at, paid, and closed by its payment', async () => {
    const made = await open({ merchant_id: MERCHANT, reference: 'order/17', expires_in: 120, ...PARTIES });
    expect(made.status).toBe(201);
    const { session_id: id } = made.body.data;
    expect(made.headers.get('location')).toBe(`/api/v1/sessions/${id}`);
    expect(made.body.data).toMatchObject({
      status: 'open',
      merchant_id: MERCHANT,
      amount: AMOUNT,
      ...PARTIES,
      reference: 'order/17',
      transaction_id: null,
    });
    expect((await look(id)).body).toEqual(made.body);

    const paid = await pay(id);
    expect([paid.status, paid.body.data.status]).toEqual([201, 'PaymentCompleted']);
    const { transaction_id } = paid.body.data;
    expect((await look(id)).body.data).toMatchObject({ status: 'paid', transaction_id });
    const again = await pay(id);
    expect([again.status, again.body.code]).toEqual([409, 'GW_SESSION']);
  });

  test('is paid once by ten at once, under ten keys and under one', async () => {
    const before = (await at.house.visa.ledger()).rows.length;
    const id = await opened();
    const rivals = await Promise.all(Array.from({ length: 10 }, () => pay(id)));
    const won = rivals.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    expect(rivals.filter(({ status }) => status === 409)).toHaveLength(9);
    expect((await look(id)).body.data.transaction_id).toBe(won[0]?.body.data.transaction_id);

    const other = await opened();
    const key = randomUUID();
    const same = await Promise.all(Array.from({ length: 10 }, () => pay(other, key)));
    expect(same.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(same.map(({ body }) => body.data.transaction_id)).size).toBe(1);
    expect((await at.house.visa.ledger()).rows.length).toBe(before + 2);
  });

  test('stays open after a card was declined', async () => {
    const id = await opened();
    const bad = await at.shop.token('4000000000000002');
    expect((await pay(id, randomUUID(), { card_token: bad })).status).toBe(402);
    expect((await look(id)).body.data.status).toBe('open');
    expect((await pay(id, randomUUID(), { card_token: `tok_${'x'.repeat(24)}` })).status).toBe(422);
    expect((await pay(id)).status).toBe(201);
  });

  test('is cancelled, once and again, and not after it was paid', async () => {
    const id = await opened();
    expect((await cancel(id)).body.data.status).toBe('cancelled');
    expect((await cancel(id)).status).toBe(200);
    expect((await pay(id)).body.code).toBe('GW_SESSION');
    const other = await opened();
    await pay(other);
    expect((await cancel(other)).body.code).toBe('GW_SESSION');
  });

  test('is one under one key, and another order under it is refused', async () => {
    const ask = { idempotencyKey: randomUUID() };
    const [first, again] = await Promise.all([open({}, ask), open({}, ask)]);
    expect(again.body.data.session_id).toBe(first.body.data.session_id);
    expect((await open({ reference: 'b' }, ask)).body.code).toBe('GW_KEY_REUSED');
    expect((await open({}, { idempotencyKey: 'a b' })).body.code).toBe('GW_IDEMPOTENCY_KEY');
  });

  test('is nobody else’s, and its parties lie sealed', async () => {
    const id = await opened(PARTIES);
    expect((await look(id, at.other)).status).toBe(404);
    const theirs = { merchant_id: undefined, card_token: await at.other.token(GOOD), session_id: id };
    const stolen = await at.other.pay(at.order(theirs));
    expect(stolen.body.code).toBe('GW_NOT_FOUND');

    const client = new Client({ connectionString: at.house.databaseUrl });
    await client.connect();
    const { rows } = await client.query('select * from switch.payment_session where session = $1', [id]);
    const keys = await client.query('select id from switch.vault_key');
    await client.end();
    expect(rows[0].details).toMatch(/^v1\.\d+\./);
    expect(JSON.stringify(rows)).not.toContain('consumer-7');
    expect(keys.rows).toHaveLength(1);
  });

  test.each([
    ['no amount', { amount: undefined }, '/amount'],
    ['an amount of nothing', { amount: { value: 0, currency: 'EUR' } }, '/amount/value'],
    ['a currency that is none', { amount: { value: 1, currency: 'QQQ' } }, '/amount/currency'],
    ['an end that is too near', { expires_in: 9 }, '/expires_in'],
    ['an end that is too far', { expires_in: 86_401 }, '/expires_in'],
    ['two ends', { expires_in: 60, expires_at: '2030-01-01T00:00:00Z' }, '/expires_in'],
    ['an end that is over', { expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    ['an end that is no moment', { expires_at: 'tomorrow' }, '/expires_at'],
    ['the merchant as consumer', { consumer_id: MERCHANT }, '/consumer_id'],
    ['a card number as consumer', { consumer_id: GOOD }, '/consumer_id'],
    ['a card number as reference', { reference: GOOD }, '/reference'],
    ['a supplier twice', { supplier_ids: ['a', 'a'] }, '/supplier_ids/1'],
    ['a reference with blanks', { reference: 'a b' }, '/reference'],
    ['what it does not know', { card_token: 'x' }, '/card_token'],
  ])('is refused with %s', async (_, change, path) => {
    const { status, body } = await open(change);
    expect([status, body.errors.map((each) => each.path)]).toEqual([400, [path]]);
    expect(at.house.switchLog()).not.toContain(GOOD);
  });

  test('of another merchant, of nobody, or none, is refused', async () => {
    expect((await open({ merchant_id: 'MERCHANT0000002' })).body.code).toBe('GW_MERCHANT');
    expect((await look('00000000-0000-7000-8000-000000000000')).status).toBe(404);
    expect((await look('1')).status).toBe(400);
    expect((await cancel(await opened(), { why: 'x' })).body.errors[0]?.path).toBe('/why');
    expect((await pay('00000000-0000-7000-8000-000000000000')).body.code).toBe('GW_NOT_FOUND');
  });
});
