import { describe, expect, test } from 'vitest';
import { developmentApiKey } from '../switch/config/gateway.ts';
import { MERCHANT, OTHER, openShop } from './support/gateway-house.ts';

// A payment's events over a real connection, from a real projection.

const at = openShop();

const follow = (id: string, key = developmentApiKey(MERCHANT), signal = AbortSignal.timeout(20_000)) =>
  fetch(`http://127.0.0.1:${at.port}/api/v1/payments/${id}/events`, {
    headers: { authorization: `Bearer ${key}` },
    signal,
  });

const statusesIn = (text: string) => [...text.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status);

describe('the events of a payment', () => {
  test('lead to its final status, and end', async () => {
    const paid = await at.shop.pay(at.order());
    const response = await follow(paid.body.data.transaction_id);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const text = await response.text();
    expect(statusesIn(text).at(-1)).toBe('Completed');
    const last = JSON.parse(text.trim().split('data: ').at(-1) ?? '');
    expect(last).toEqual((await at.shop.payment(paid.body.data.transaction_id)).body.data);
  });

  test('of one that failed are one', async () => {
    const bad = await at.shop.token('4000000000000002');
    const failed = await at.shop.pay(at.order({ card_token: bad }));
    const response = await follow(failed.body.data.transaction_id);
    expect(statusesIn(await response.text())).toEqual(['Failed']);
  });

  test('are nobody else’s', async () => {
    const { body } = await at.shop.pay(at.order());
    const id = body.data.transaction_id;
    expect((await follow(id, developmentApiKey(OTHER))).status).toBe(404);
    expect((await follow(id, 'nobody')).status).toBe(401);
    expect((await follow('x')).status).toBe(400);
    expect((await follow('00000000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  test('are followed by twenty of one merchant at most, whose places are free again when they go', async () => {
    const none = { consumer_id: undefined, receipt_data: undefined, supplier_ids: undefined };
    const held = await at.shop.pay(at.order({ capture: 'manual', ...none }));
    const id = held.body.data.transaction_id;
    const gone = new AbortController();
    const all = await Promise.all(Array.from({ length: 21 }, () => follow(id, undefined, gone.signal)));
    const counts = [200, 429].map((wanted) => all.filter(({ status }) => status === wanted).length);
    expect(counts).toEqual([20, 1]);
    gone.abort();
    await expect.poll(async () => (await follow(id)).status).toBe(200);
  });
});
