import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { GOOD, openShop } from './support/gateway-house.ts';
import { waitUntil } from './support/wait-until.ts';

// What a merchant's applications find of their payments, on a real listener with a real projection.

const at = openShop();

interface Listed {
  readonly status: number;
  readonly ids: readonly string[];
  readonly states: readonly string[];
  readonly next: string | null;
  readonly faults: readonly string[];
}

async function list(query: Record<string, string> = {}, application = at.shop): Promise<Listed> {
  const { status, body } = await application.ask(
    'GET',
    `/api/v1/payments?${new URLSearchParams(query)}`,
    undefined,
  );
  const { payments = [], next_cursor: next = null } = body.data ?? {};
  return {
    status,
    ids: payments.map(({ transaction_id: id }) => id),
    states: payments.map((payment) => payment.status),
    next,
    faults: (body.errors ?? []).map(({ path }) => path),
  };
}

/** So many payments, listed by now. */
async function paid(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let each = 0; each < count; each += 1) {
    ids.unshift((await at.shop.pay(at.order())).body.data.transaction_id);
  }
  await waitUntil(async () => (await list()).ids[0] === ids[0]);
  return ids;
}

describe('the list of payments', () => {
  test('has the newest first, page after page, each once, though one is paid meanwhile', async () => {
    const ids = await paid(5);
    const first = await list({ limit: '2' });
    expect(first.ids).toEqual(ids.slice(0, 2));
    await paid(1);
    const second = await list({ limit: '2', cursor: first.next ?? '' });
    const third = await list({ limit: '2', cursor: second.next ?? '' });
    expect([...second.ids, ...third.ids]).toEqual(ids.slice(2));
    expect(third.next).toBeNull();
  });

  test('tells the same as GET does of each', async () => {
    const bad = await at.shop.token('4000000000000002');
    const silent = await at.shop.token('4000000000000036');
    await Promise.all([bad, silent].map((token) => at.shop.pay(at.order({ card_token: token }))));
    await paid(1);
    await waitUntil(async () => {
      const { body } = await at.shop.ask('GET', '/api/v1/payments', undefined);
      const single = await Promise.all(
        body.data.payments.map(({ transaction_id: id }) => at.shop.payment(id)),
      );
      return JSON.stringify(single.map((each) => each.body.data)) === JSON.stringify(body.data.payments);
    });
    expect(new Set((await list({ status: 'Failed' })).states)).toEqual(new Set(['Failed']));
  });

  test('is of one status, one reference, or one time', async () => {
    const [id = ''] = await paid(1);
    const { body } = await at.shop.payment(id);
    const { reference, transaction_time: time } = body.data;
    expect((await list({ reference })).ids).toEqual([id]);
    expect((await list({ created_from: time, created_to: time })).ids).toEqual([id]);
    expect((await list({ created_to: '2020-01-01T00:00:00Z' })).ids).toEqual([]);
    await waitUntil(async () => (await list({ status: 'Completed' })).ids.includes(id));
    expect((await list({ status: 'Cancelled' })).ids).not.toContain(id);
  });

  test('holds nothing of another merchant, whose cursor is refused as well', async () => {
    await paid(3);
    const { next } = await list({ limit: '1' });
    expect((await list({}, at.other)).ids).toEqual([]);
    expect((await list({ cursor: next ?? '' }, at.other)).faults).toEqual(['/cursor']);
    const own = await at.other.pay(
      at.order({ merchant_id: undefined, card_token: await at.other.token(GOOD) }),
      { idempotencyKey: randomUUID() },
    );
    await waitUntil(async () => (await list({}, at.other)).ids.length === 1);
    expect((await list()).ids).not.toContain(own.body.data.transaction_id);
  });

  test.each([
    ['a limit of nothing', { limit: '0' }, '/limit'],
    ['a limit beyond 100', { limit: '101' }, '/limit'],
    ['a limit that is no number', { limit: '1e1' }, '/limit'],
    ['a status that there is not', { status: 'Paid' }, '/status'],
    ['a time that is none', { created_from: '2026-13-45T00:00:00Z' }, '/created_from'],
    ['a time without its zone', { created_to: '2026-11-30T00:00:00' }, '/created_to'],
    [
      'an end before its beginning',
      { created_from: '2026-11-30T00:00:00Z', created_to: '2026-11-29T00:00:00Z' },
      '/created_from',
    ],
    ['more than a year', { created_from: '2020-01-01T00:00:00Z' }, '/created_from'],
    ['a reference that is none', { reference: '1' }, '/reference'],
    ['a card number as reference', { reference: GOOD }, '/reference'],
    ['a cursor that was made up', { cursor: 'A'.repeat(32) }, '/cursor'],
    ['a cursor that is none', { cursor: 'A' }, '/cursor'],
    ['what it does not know', { merchant_id: 'MERCHANT0000002' }, '/merchant_id'],
  ])('refuses %s', async (_, query, path) => {
    const { status, faults } = await list(query as Record<string, string>);
    expect([status, faults]).toEqual([400, [path]]);
    expect(at.house.switchLog()).not.toContain(GOOD);
  });

  test('refuses a field that comes twice', async () => {
    const { status, body } = await at.shop.ask('GET', '/api/v1/payments?limit=1&limit=2', undefined);
    expect([status, body.errors[0]?.path]).toEqual([400, '/limit']);
  });
});
