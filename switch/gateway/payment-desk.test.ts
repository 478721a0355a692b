import { describe, expect, test } from 'vitest';
import { HsmError } from '../../hsm/index.ts';
import { createTestCore, type TestCore } from '../../test/support/core.ts';
import { memoryStores } from '../../test/support/gateway-stores.ts';
import { developmentKeySettings } from '../config/gateway.ts';
import { Refusal } from '../errors.ts';
import { noticesIn } from '../fallback/notices/events.ts';
import type { EntryKind } from '../transaction/entries.ts';
import type { CardTokens, TokenisedCard } from '../vault/card-tokens.ts';
import type { NamedAsking } from './core-call.ts';
import { PaymentDesk } from './payment-desk.ts';
import { Problem } from './problems.ts';
import type { PaymentOrder } from './schemas.ts';

// What only timing and failing parts can show, on virtual time.

const TOKEN = `tok_${'a'.repeat(24)}`;
const PAN = '4242424242424242';
const CARD: TokenisedCard = {
  token: TOKEN,
  ciphertext: Buffer.from(PAN).toString('base64'),
  lastFour: '4242',
  reference: 'ab'.repeat(32),
};
const ORDER: PaymentOrder = { amount: { value: 2_500, currency: 'EUR' }, card_token: TOKEN };

function deskOf(core: TestCore, tokens: Partial<CardTokens> = {}) {
  const [merchant] = core.ports.settings ? [core.ports.directory.merchant('MERCHANT0000001')] : [];
  if (!merchant) throw new Error('no merchant');
  const kept: CardTokens = {
    keep: async (_, card) => card,
    find: async () => CARD,
    erase: async () => true,
    ...tokens,
  };
  const settings = { host: '127.0.0.1', port: 0, acquirer: '1', terminal: 'GATEWAY1' };
  const desk = new PaymentDesk({ ...memoryStores(), settings, ports: core.ports, tokens: kept });
  const caller = { key: developmentKeySettings(merchant.id), merchant };
  const pay = (more: Partial<PaymentOrder> = {}, idempotencyKey = 'order-1') => {
    const receivedAt = core.clock.monotonic();
    const asking: NamedAsking = { caller, receivedAt, idempotencyKey, leavePlace: () => {} };
    const paid = desk.pay({ ...ORDER, ...more }, asking);
    paid.catch(() => {});
    return paid;
  };
  return { pay, payment: (id: string) => desk.payment(id, { caller, receivedAt: 0 }) };
}

async function problemOf(paid: Promise<unknown>): Promise<Problem> {
  const error = await paid.catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error(`no problem, but ${String(error)}`);
}

/** Its decisions are stored so long after they are made. */
function decidesLate({ journal, clock }: TestCore, lateMs: number): void {
  const append = journal.append.bind(journal);
  journal.append = async (entry, deadline) => {
    if (entry.kind !== 'decided') return append(entry, deadline);
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(lateMs, resolve);
    await promise;
    return append(entry);
  };
}

function noticesOf({ journal }: TestCore): string[] {
  return journal.entries
    .flatMap(({ kind, body }) => noticesIn(kind as EntryKind, body))
    .map(({ type }) => type);
}

describe('a payment', () => {
  test('whose network never answers has failed by the ceiling, with E003 and its reversal', async () => {
    const core = createTestCore();
    core.network = { ...core.network, afterMs: 60_000 };
    const paid = deskOf(core).pay();
    await core.clock.advance(1_800);
    const { code, told } = await problemOf(paid);
    expect([code, told.payment?.status, told.payment?.error?.code]).toEqual([
      'GW_NO_ANSWER',
      'Failed',
      'E003',
    ]);
  });

  test('that the consensus rejects fails with E002 where its merchant requires a proof', async () => {
    const core = createTestCore({
      merchants: [{ id: 'MERCHANT0000001', category: '5411', pop: 'required' }],
    });
    core.pop = { outcome: { status: 'rejected', reason: 'no' }, afterMs: 30 };
    const paid = deskOf(core).pay();
    await core.clock.advance(200);
    const { code, told } = await problemOf(paid);
    expect([code, told.payment?.error?.code]).toEqual(['GW_PROOF', 'E002']);
  });

  test('stands without its proof where the merchant does not, and says so', async () => {
    const core = createTestCore();
    core.pop = { outcome: { status: 'rejected', reason: 'no' }, afterMs: 30 };
    const desk = deskOf(core);
    const paid = desk.pay();
    await core.clock.advance(200);
    const { payment } = await paid;
    expect(await desk.payment(payment.transaction_id)).toMatchObject({
      status: 'PaymentCompleted',
      proof: 'rejected',
      error: null,
    });
  });

  test('is one for two who ask at once, and again a day later; two days later it is another', async () => {
    const core = createTestCore();
    const desk = deskOf(core);
    const both = [desk.pay(), desk.pay()];
    await core.clock.advance(200);
    const [first, second] = await Promise.all(both);
    expect(second).toEqual(first);
    await core.clock.advance(86_400_000);
    const nextDay = desk.pay();
    await core.clock.advance(200);
    expect(await nextDay).toEqual(first);
    await core.clock.advance(2 * 86_400_000);
    const later = desk.pay();
    await core.clock.advance(200);
    expect((await later).payment.transaction_id).not.toBe(first?.payment.transaction_id);
    expect(core.sent.authorised).toHaveLength(2);
  });

  test('is never asked for where HSM or vault are away', async () => {
    const core = createTestCore();
    const away = deskOf(core, {
      find: async () => {
        throw new Refusal('SW_VAULT');
      },
    });
    await expect(away.pay()).rejects.toMatchObject({ code: 'SW_VAULT', isPassing: true });
    core.ports.hsm.revealPan = async () => {
      throw new HsmError('HSM_UNAVAILABLE', 'away');
    };
    await expect(deskOf(core).pay()).rejects.toMatchObject({ code: 'SW_HSM', isPassing: true });
    expect(core.sent.authorised).toHaveLength(0);
  });

  test('that is decided at the ceiling is one payment, told as it stands', async () => {
    const cases = [
      [1_500, true],
      [1_850, true],
      [1_900, false],
      [2_400, false],
    ] as const;
    for (const [lateMs, isInTime] of cases) {
      const core = createTestCore();
      decidesLate(core, lateMs);
      const desk = deskOf(core);
      const paid = desk.pay();
      await core.clock.advance(2_500);
      const { isDecided, payment } = await paid;
      const { transaction_id: id } = payment;
      expect([isDecided, payment.status]).toEqual([isInTime, isInTime ? 'PaymentCompleted' : 'Initiated']);
      expect(await desk.payment(id)).toMatchObject({ status: 'PopProcessing' });
      expect(await desk.pay()).toMatchObject({ isDecided: true, payment: { transaction_id: id } });
      expect(core.journal.kinds(id)).toEqual(['intended', 'decided']);
    }
  });

  test('is never stood in for: its card is not there', async () => {
    const standIn = [{ currency: '978', floorMinorUnits: 5_000, count: 5, minorUnits: 20_000 }];
    const perCardDay = [{ currency: '978', count: 3, minorUnits: 9_000 }];
    const issuers = [{ from: '4', to: '4', perCardDay, pinTriesPerCardDay: 3 }];
    const core = createTestCore({
      merchants: [{ id: 'MERCHANT0000001', category: '5411', pop: 'off', standIn }],
      standIn: { issuers, negativeList: [] },
    });
    core.network.outcome = { status: 'unreachable', reason: 'the link is down' };
    const { told } = await problemOf(deskOf(core).pay({ card_expiry_month: 12, card_expiry_year: 2030 }));
    expect(told.payment).toMatchObject({ status: 'Failed', error: { code: 'E005' } });
    expect(noticesOf(core)).toEqual(['payment.failed']);
  });

  test('of a card that no network serves is refused, and nothing is written', async () => {
    const core = createTestCore();
    const other = Buffer.from('6011111111111117').toString('base64');
    const desk = deskOf(core, { find: async () => ({ ...CARD, ciphertext: other }) });
    await expect(desk.pay()).rejects.toMatchObject({ code: 'SW_NO_ROUTE' });
    expect(core.sent.authorised).toHaveLength(0);
  });
});
