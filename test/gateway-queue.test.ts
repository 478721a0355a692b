import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { developmentWebhookSecret } from '../switch/config/gateway.ts';
import { SIGNATURE_HEADER, verifySignature } from '../switch/fallback/notices/webhook.ts';
import { MERCHANT, openShop } from './support/gateway-house.ts';
import { waitUntil } from './support/wait-until.ts';

// Payments whose network is away: a real node, a real database, a network that goes and comes back, and a merchant's
// address that takes what is signed.

interface Heard {
  readonly type: string;
  readonly transaction: string;
}

const heard: Heard[] = [];
let receiver: Server | undefined;

async function listening(): Promise<string> {
  const secret = Buffer.from(developmentWebhookSecret(MERCHANT));
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const header = String(request.headers[SIGNATURE_HEADER]);
    const isSigned = verifySignature(secret, body, header, Math.floor(Date.now() / 1_000));
    if (isSigned) heard.push(JSON.parse(body));
    response.writeHead(isSigned ? 204 : 400).end();
  });
  receiver = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhooks`;
}

const at = openShop(async () => ({
  webhookUrl: await listening(),
  queue: { networks: ['visa'], expiresInS: 10 },
}));
afterAll(() => void receiver?.close());
afterEach(() => back());

async function away(): Promise<void> {
  await at.house.visa.down();
  await waitUntil(async () => (await at.house.switchStatus()).networks['visa'] !== 'signed-on');
}

async function back(): Promise<void> {
  await at.house.visa.up();
  await waitUntil(async () => (await at.house.switchStatus()).networks['visa'] === 'signed-on');
}

const told = (id: string) =>
  heard
    .filter(({ transaction, type }) => transaction === id && type.startsWith('payment.'))
    .map(({ type }) => type);
const statusOf = async (id: string) => (await at.shop.payment(id)).body.data.status;

describe('a payment whose network is away', () => {
  test('is answered 202 with its end, sent once when the network is back, and told by one webhook', async () => {
    await away();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => at.shop.pay(at.order(), { idempotencyKey: key })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202));
    expect(new Set(answers.map(({ body }) => body.data.transaction_id)).size).toBe(1);
    const { transaction_id: id, queued_until: until, status } = answers[0]?.body.data ?? {};
    expect([status, await statusOf(id ?? '')]).toEqual(['Initiated', 'Initiated']);
    expect(Date.parse(until ?? '') - Date.now()).toBeGreaterThan(0);
    expect((await at.house.pop.ledger()).rows.some(({ transactionId }) => transactionId === id)).toBe(false);

    await back();
    await waitUntil(async () => (await statusOf(id ?? '')) === 'Completed');
    await waitUntil(async () => told(id ?? '').length > 0);
    const again = await at.shop.pay(at.order(), { idempotencyKey: key });
    expect([again.status, again.body.data.transaction_id]).toEqual([201, id]);
    expect(told(id ?? '')).toEqual(['payment.approved-late']);
  });

  test('is cancelled while it waits, and never sent', async () => {
    await away();
    const { body } = await at.shop.pay(at.order());
    const id = body.data.transaction_id;
    const path = `/api/v1/payments/${id}/cancel`;
    expect((await at.other.post(path, {}, { idempotencyKey: randomUUID() })).status).toBe(404);
    const cancelled = await at.shop.post(path, {}, { idempotencyKey: randomUUID() });
    expect([cancelled.status, cancelled.body.data.status]).toEqual([200, 'Cancelled']);
    const before = (await at.house.visa.ledger()).rows.length;
    await back();
    await expect.poll(() => statusOf(id)).toBe('Cancelled');
    expect((await at.house.visa.ledger()).rows.length).toBe(before);
    expect((await at.other.payment(id)).status).toBe(404);
  });

  test('fails with E003 where its time is over first, told by one webhook, and no leg is opened', async () => {
    await away();
    const { body } = await at.shop.pay(at.order());
    const id = body.data.transaction_id;
    await waitUntil(async () => (await statusOf(id)) === 'Failed');
    const { body: failed } = await at.shop.payment(id);
    expect(failed.error.code).toBe('E003');
    await waitUntil(async () => told(id).length > 0);
    await back();
    expect(told(id)).toEqual(['payment.failed']);
    expect((await at.house.pop.ledger()).rows.some(({ transactionId }) => transactionId === id)).toBe(false);
  });

  test('is refused with 503 where its network does not take it later', async () => {
    const token = await at.shop.token('5555555555554444');
    await at.house.iso87.down();
    await waitUntil(async () => (await at.house.switchStatus()).networks['iso87'] !== 'signed-on');
    const { status, body } = await at.shop.pay(at.order({ card_token: token }));
    await at.house.iso87.up();
    expect([status, body.code, body.data.status]).toEqual([503, 'GW_UNAVAILABLE', 'Failed']);
  });
});
