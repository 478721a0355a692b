import { describe, expect, test } from 'vitest';
import { createTestCore } from '../../test/support/core.ts';
import { memoryStores } from '../../test/support/gateway-stores.ts';
import { developmentKeySettings } from '../config/gateway.ts';
import { type NamedAsking, nameOf } from './core-call.ts';
import { PaymentDesk, type Told } from './payment-desk.ts';
import { Problem } from './problems.ts';
import type { PaymentOrder, SessionOrder } from './schemas.ts';
import { SessionDesk } from './session-desk.ts';

// What only timing and failing parts can show of sessions, on virtual time.

const TOKEN = `tok_${'a'.repeat(24)}`;
const CARD = {
  token: TOKEN,
  ciphertext: Buffer.from('4242424242424242').toString('base64'),
  lastFour: '4242',
  reference: 'ab'.repeat(32),
};
const AMOUNT = { value: 2_500, currency: 'EUR' };

function deskOf(core = createTestCore()) {
  const merchant = core.ports.directory.merchant('MERCHANT0000001');
  if (!merchant) throw new Error('no merchant');
  const stores = memoryStores();
  const settings = { host: '127.0.0.1', port: 0, acquirer: '1', terminal: 'GATEWAY1' };
  const tokens = { ...stores.tokens, find: async () => CARD };
  const parts = { ...stores, tokens, settings, ports: core.ports };
  const payments = new PaymentDesk(parts);
  const desk = new SessionDesk(parts);
  const caller = { key: developmentKeySettings(merchant.id), merchant };
  const asking = (idempotencyKey: string): NamedAsking => {
    return { caller, receivedAt: core.clock.monotonic(), idempotencyKey, leavePlace: () => {} };
  };
  return {
    core,
    stores,
    open: (more: Partial<SessionOrder> = {}) =>
      desk.open({ amount: AMOUNT, ...more }, undefined, asking('x')),
    look: async (id: string) => (await desk.session(id, asking('x'))).status,
    cancel: (id: string) => desk.cancel(id, asking('x')),
    /** What becomes of it, once a second has passed. */
    async pay(id: string, key: string, more: Partial<PaymentOrder> = {}): Promise<string> {
      const order = { amount: AMOUNT, card_token: TOKEN, session_id: id, ...more };
      const name = asking(key);
      const told = desk.pay(order, name, (ordered) => payments.pay(ordered, name)).then(statusOf, codeOf);
      await core.clock.advance(2_000);
      return told;
    },
  };
}

const statusOf = ({ payment }: Told): string => payment.status;
const codeOf = (error: unknown): string => (error instanceof Problem ? error.code : String(error));

describe('a session', () => {
  test('is over when the clock says so, and is paid no more', async () => {
    const at = deskOf();
    const { session_id: id } = await at.open({ expires_in: 60 });
    await at.core.clock.advance(59_999);
    expect(await at.look(id)).toBe('open');
    await at.core.clock.advance(1);
    expect(await at.look(id)).toBe('expired');
    expect(await at.pay(id, 'late')).toBe('GW_SESSION');
    expect(at.core.sent.authorised).toHaveLength(0);
  });

  test('whose payment was declined is open for another', async () => {
    const at = deskOf();
    const { session_id: id } = await at.open();
    at.core.network.outcome = { status: 'refused', code: '51' };
    expect(await at.pay(id, 'first')).toBe('GW_DECLINED');
    expect(await at.look(id)).toBe('open');
    at.core.network.outcome = { status: 'approved', code: '00', approvalCode: 'A1B2C3' };
    expect(await at.pay(id, 'second')).toBe('PaymentCompleted');
    expect(await at.look(id)).toBe('paid');
    expect(await at.pay(id, 'third')).toBe('GW_SESSION');
    expect(await at.pay(id, 'second')).toBe('PaymentCompleted');
    expect(at.core.sent.authorised).toHaveLength(2);
  });

  test('that is being paid is neither paid by another, nor cancelled, nor over', async () => {
    const at = deskOf();
    const { session_id: id } = await at.open({ expires_in: 10 });
    await at.core.clock.advance(9_500);
    at.core.network.afterMs = 1_000;
    const first = at.pay(id, 'first');
    await at.core.clock.advance(600);
    expect(await at.look(id)).toBe('open');
    await expect(at.cancel(id)).rejects.toMatchObject({ code: 'GW_SESSION_BUSY' });
    expect(await at.pay(id, 'second')).toBe('GW_SESSION_BUSY');
    expect(await first).toBe('PaymentCompleted');
    expect(await at.look(id)).toBe('paid');
  });

  test('whose node died before its payment was on record is open again after half a minute', async () => {
    const at = deskOf();
    const { session_id: id } = await at.open();
    await at.stores.sessions.claim(id, { by: nameOf('dead'), at: at.core.clock.wall() });
    expect(await at.pay(id, 'next')).toBe('GW_SESSION_BUSY');
    await at.core.clock.advance(30_000);
    expect(await at.look(id)).toBe('open');
    expect(await at.pay(id, 'next')).toBe('PaymentCompleted');
    expect(at.core.sent.authorised).toHaveLength(1);
  });

  test('whose node died after its payment was decided is paid, by that payment', async () => {
    const at = deskOf();
    const { session_id: id } = await at.open();
    at.stores.sessions.pay = async () => {};
    expect(await at.pay(id, 'first')).toBe('PaymentCompleted');
    Reflect.deleteProperty(at.stores.sessions, 'pay');
    expect(await at.look(id)).toBe('paid');
    expect(await at.pay(id, 'second')).toBe('GW_SESSION');
    expect(at.core.sent.authorised).toHaveLength(1);
  });

  test('is paid as it says: amount, currency and parties are its own', async () => {
    const at = deskOf();
    const { session_id: id } = await at.open({ consumer_id: 'consumer-7', supplier_ids: ['a'] });
    for (const other of [
      { amount: { value: 2_501, currency: 'EUR' } },
      { amount: { value: 2_500, currency: 'USD' } },
      { consumer_id: 'consumer-8' },
      { supplier_ids: ['b'] },
    ]) {
      expect(await at.pay(id, 'other', other)).toBe('GW_FIELD');
    }
    expect(await at.pay(id, 'own')).toBe('PaymentCompleted');
    const [opening] = at.core.journal.entries.filter(({ kind }) => kind === 'intended');
    expect(JSON.stringify(opening?.body)).toContain('consumer-7');
  });
});
