import { describe, expect, test } from 'vitest';
import type { NetworkConnector } from '../../connectors/index.ts';
import { createTestCore } from '../../test/support/core.ts';
import { memoryStores } from '../../test/support/gateway-stores.ts';
import { developmentKeySettings } from '../config/gateway.ts';
import { noticesIn } from '../fallback/notices/events.ts';
import type { EntryKind } from '../transaction/entries.ts';
import type { NamedAsking } from './core-call.ts';
import { PaymentDesk, type Told } from './payment-desk.ts';
import { Problem } from './problems.ts';
import { QueueDesk } from './queue-desk.ts';
import type { PaymentOrder } from './schemas.ts';

// A payment whose network is away, on virtual time.

const TOKEN = `tok_${'a'.repeat(24)}`;
const CARD = {
  token: TOKEN,
  ciphertext: Buffer.from('4242424242424242').toString('base64'),
  lastFour: '4242',
  reference: 'ab'.repeat(32),
};

function deskOf(settings: object = {}, overrides: Parameters<typeof createTestCore>[0] = {}) {
  const core = createTestCore(overrides);
  const merchant = core.ports.directory.merchant('MERCHANT0000001');
  const visa = core.ports.networks.get('visa');
  if (!merchant || !visa) throw new Error('no merchant, or no network');
  let isAway = true;
  const network: NetworkConnector = {
    ...visa,
    state: () => (isAway ? 'down' : 'signed-on'),
    ask: (facts, card, deadline) =>
      isAway
        ? { left: false, outcome: { status: 'unreachable', reason: 'the link is down' } }
        : visa.ask(facts, card, deadline),
  };
  const ports = { ...core.ports, networks: new Map([['visa', network]]) };
  const stores = memoryStores();
  const gateway = { host: '127.0.0.1', port: 0, acquirer: '1', terminal: 'GATEWAY1' };
  const parts = { ...stores, tokens: { ...stores.tokens, find: async () => CARD }, settings: gateway, ports };
  const payments = new PaymentDesk(parts);
  const desk = new QueueDesk(parts, payments, { networks: ['visa'], expiresInS: 60, ...settings });
  const caller = { key: developmentKeySettings(merchant.id), merchant };
  const asking = (idempotencyKey: string): NamedAsking => {
    return { caller, receivedAt: core.clock.monotonic(), idempotencyKey, leavePlace: () => {} };
  };
  return {
    core,
    stores,
    desk,
    back: () => {
      isAway = false;
    },
    find: (id: string) => desk.find(id, asking('x')),
    payment: (id: string) => payments.payment(id, asking('x')),
    /** What a node knows that looked before another one queued it. */
    hasNotSeenQueued() {
      const { named } = stores.queued;
      stores.queued.named = async () => {
        stores.queued.named = named;
        return undefined;
      };
    },
    cancel: (id: string) => desk.cancel(id, asking('x')),
    async pay(key: string, more: Partial<PaymentOrder> = {}): Promise<Told | Problem> {
      const order = { amount: { value: 2_500, currency: 'EUR' }, card_token: TOKEN, ...more };
      const told = desk.pay(order, asking(key)).catch((error: unknown) => {
        if (error instanceof Problem) return error;
        throw error;
      });
      await core.clock.advance(200);
      return told;
    },
    notices: () =>
      core.journal.entries.flatMap(({ kind, body }) =>
        noticesIn(kind as EntryKind, body)
          .map(({ type }) => type)
          .filter((type) => type.startsWith('payment.')),
      ),
  };
}

async function queued(at: ReturnType<typeof deskOf>, key = 'order-1'): Promise<string> {
  const told = await at.pay(key);
  if (told instanceof Problem) throw told;
  expect(told).toMatchObject({ isDecided: false, payment: { status: 'Initiated' } });
  expect(told.payment.queued_until).toMatch(/Z$/);
  return told.payment.transaction_id;
}

describe('a payment whose network is away', () => {
  test('waits, is sent once when it is back, and ends in one webhook', async () => {
    const at = deskOf();
    const id = await queued(at);
    expect(at.core.journal.entries).toHaveLength(0);
    expect(at.core.sent.initiated).toHaveLength(0);
    expect(await queued(at)).toBe(id);

    at.back();
    await at.core.clock.advance(1_000);
    expect(at.core.sent.authorised.map(({ transaction }) => transaction)).toEqual([id]);
    expect(await at.find(id)).toBeUndefined();
    expect(await at.payment(id)).toMatchObject({ transaction_id: id, status: 'PopProcessing' });
    expect(at.notices()).toEqual(['payment.approved-late']);

    const again = await at.pay('order-1');
    expect(again).toMatchObject({ isDecided: true, payment: { transaction_id: id } });
    await at.core.clock.advance(120_000);
    expect(at.core.sent.authorised).toHaveLength(1);
  });

  test('waits where its merchant has stand-in: that is for cards that are there', async () => {
    const standIn = [{ currency: '978', floorMinorUnits: 5_000, count: 5, minorUnits: 20_000 }];
    const merchants = [{ id: 'MERCHANT0000001', category: '5411', pop: 'off' as const, standIn }];
    const at = deskOf({}, { merchants });
    const id = await queued(at);
    at.back();
    await at.core.clock.advance(1_000);
    expect(await at.payment(id)).toMatchObject({ status: 'Completed' });
  });

  test('whose merchant is gone has failed when its time is over', async () => {
    const at = deskOf();
    const id = await queued(at);
    at.core.ports.directory.merchant = () => undefined;
    at.back();
    await at.core.clock.advance(200_000);
    expect(await at.find(id)).toMatchObject({ status: 'Failed', error: { code: 'E005' } });
    expect(at.core.sent.authorised).toHaveLength(0);
  });

  test('whose time is over is declined on record: no leg, no proof, one webhook, E003', async () => {
    const at = deskOf();
    const id = await queued(at);
    await at.core.clock.advance(61_000);
    at.back();
    await at.core.clock.advance(5_000);
    expect(at.core.sent).toMatchObject({ authorised: [], initiated: [] });
    expect(await at.payment(id)).toMatchObject({ status: 'Failed', error: { code: 'E003' } });
    expect(at.notices()).toEqual(['payment.failed']);
  });

  test('that is declined when it is sent has failed, in one webhook', async () => {
    const at = deskOf();
    const id = await queued(at);
    at.core.network.outcome = { status: 'refused', code: '51' };
    at.back();
    await at.core.clock.advance(1_000);
    expect(await at.payment(id)).toMatchObject({ status: 'Failed', error: { code: 'E001' } });
    expect(at.notices()).toEqual(['payment.failed']);
  });

  test('is cancelled until it is sent, and not afterwards', async () => {
    const at = deskOf();
    const id = await queued(at);
    expect(await at.cancel(id)).toMatchObject({ status: 'Cancelled' });
    expect(await at.cancel(id)).toMatchObject({ status: 'Cancelled' });
    const other = await queued(at, 'order-2');
    at.back();
    await at.core.clock.advance(1_000);
    expect(await at.cancel(other)).toBeUndefined();
    expect(at.core.sent.authorised.map(({ transaction }) => transaction)).toEqual([other]);
    expect(await at.pay('order-1')).toMatchObject({ payment: { status: 'Cancelled' } });
  });

  test('that is being sent is not cancelled: its canceller asks again', async () => {
    const at = deskOf();
    const id = await queued(at);
    at.core.network.afterMs = 1_000;
    at.stores.queued.take({ networks: ['visa'], now: at.core.clock.wall(), takenBefore: 0, limit: 1 });
    await expect(at.cancel(id)).rejects.toMatchObject({ code: 'GW_UNAVAILABLE' });
  });

  test('whose node died while it sent it is not sent again', async () => {
    const at = deskOf();
    const id = await queued(at);
    const { sent } = at.stores.queued;
    at.stores.queued.sent = async () => {
      throw new Error('the node is dead');
    };
    at.back();
    await at.core.clock.advance(1_000);
    at.stores.queued.sent = sent;
    await at.core.clock.advance(60_000);
    expect(at.core.sent.authorised.map(({ transaction }) => transaction)).toEqual([id]);
    expect(await at.find(id)).toBeUndefined();
  });

  test('is refused under the same key with another order, and beyond so many', async () => {
    const at = deskOf({ most: 1 });
    await queued(at);
    const other = await at.pay('order-1', { consumer_id: 'consumer-8' });
    expect(other).toMatchObject({ code: 'GW_KEY_REUSED' });
    expect(await at.pay('order-2')).toMatchObject({ code: 'GW_UNAVAILABLE' });
    expect(at.core.journal.entries).toHaveLength(0);
  });

  test('does not wait where its network is not one that takes it later', async () => {
    const at = deskOf({ networks: ['iso87'] });
    const failed = await at.pay('order-1');
    expect(failed).toMatchObject({ code: 'GW_UNAVAILABLE', told: { payment: { status: 'Failed' } } });
    expect(at.core.sent.initiated).toHaveLength(0);
  });

  test('whose key was paid in the instant in which it was queued leads to that payment', async () => {
    const at = deskOf();
    const id = await queued(at);
    at.back();
    at.hasNotSeenQueued();
    const paid = await at.pay('order-1');
    await at.core.clock.advance(1_000);
    if (paid instanceof Problem) throw paid;
    expect(paid.payment.transaction_id).not.toBe(id);
    expect(at.core.sent.authorised).toHaveLength(1);
    expect(await at.find(id)).toBeUndefined();
    expect(await at.payment(id)).toMatchObject({ transaction_id: paid.payment.transaction_id });
    expect(await at.pay('order-1')).toEqual(paid);
  });

  test('is no payment beside the one of its key where it is cancelled', async () => {
    const at = deskOf();
    const id = await queued(at);
    at.back();
    at.hasNotSeenQueued();
    const paid = await at.pay('order-1');
    expect(await at.cancel(id)).toBeUndefined();
    if (paid instanceof Problem) throw paid;
    expect(await at.payment(id)).toMatchObject({ transaction_id: paid.payment.transaction_id });
    await at.core.clock.advance(1_000);
    expect(at.core.sent.authorised).toHaveLength(1);
  });

  test('whose key was taken by another order in that instant has failed, and says so', async () => {
    const at = deskOf();
    const id = await queued(at);
    at.back();
    at.hasNotSeenQueued();
    const other = { consumer_id: 'consumer-8' };
    const paid = await at.pay('order-1', other);
    await at.core.clock.advance(1_000);
    expect(await at.find(id)).toMatchObject({
      transaction_id: id,
      status: 'Failed',
      error: { code: 'E005' },
    });
    await expect(at.cancel(id)).rejects.toMatchObject({ code: 'GW_REFUSED' });
    expect(await at.pay('order-1', other)).toEqual(paid);
    expect(at.core.sent.authorised).toHaveLength(1);
  });

  test('that was paid before the network went is answered from the journal', async () => {
    const at = deskOf();
    at.back();
    const first = await at.pay('order-1');
    const away = deskOf();
    expect(first).toMatchObject({ isDecided: true });
    expect(await away.pay('order-1')).toMatchObject({ isDecided: false });
    expect(await at.pay('order-1')).toEqual(first);
  });
});
