import { describe, expect, it } from 'vitest';
import type { ListenerSettings, Settings } from '../../switch/config/settings.ts';
import type { OpenBatch } from '../../switch/projection/projection-reader.ts';
import type { StoredTransaction } from '../../switch/projection/transaction-row.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { createTestCore } from '../support/core.ts';
import { Counter, DAY_MS, played, purchase, reversal, voidOf } from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// A batch that a terminal closed is closed: what is taken back afterwards is refused, or a movement of a later day. A
// reversal is never refused for it. A day that is over does not change, whatever is set up later.

/** DE63: number and amount of sales, then of refunds. */
function totals(sales: number, minorUnits: number): string {
  const digits = (value: number, width: number) => String(value).padStart(width, '0');
  return digits(sales, 3) + digits(minorUnits, 12) + digits(0, 15);
}

function settlement(change: Partial<TerminalMessage>): TerminalMessage {
  const numbers = { de11: '000777', de7: '1123122400', de12: '132400' };
  return purchase({ mti: '0500', de3: '920000', de60: '000001', ...numbers, ...change });
}

/** A sale whose batch is closed; then something is said about it. */
async function afterClosing(take: (rrn: string | undefined) => TerminalMessage) {
  const counter = new Counter({}, batchesOf);
  const { rrn } = await counter.heard(purchase());
  const closed = await counter.heard(settlement({ de63: totals(1, 2_500) }));
  const { code } = await counter.heard(take(rrn));
  return { closed: closed.code, code, payment: counter.payment() };
}

describe('a sale whose batch is closed', () => {
  const later = { de11: '000778', de7: '1123122500', de12: '132500' };
  const voided = played(() => afterClosing((rrn) => voidOf({ rrn }, later)));
  const reversed = played(() => afterClosing(() => reversal(later)));
  const repeated = played(async () => {
    const counter = new Counter({}, batchesOf);
    const bought = await counter.heard(purchase());
    const first = await counter.heard(voidOf(bought));
    await counter.heard(settlement({ de63: totals(0, 0) }));
    const repeat = await counter.heard({ ...voidOf(bought), mti: '0201' });
    return { first, repeat };
  });

  it('was settled', () => {
    expect(voided().closed).toBe('00');
  });

  it('is not voided any more: it is refunded', () => {
    expect(['12', '25']).toContain(voided().code);
  });

  it('stands after the void that came too late', () => {
    expect(voided().payment).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
  });

  it('is still reversed', () => {
    expect(reversed()).toMatchObject({ code: '00', payment: { state: 'taken-back', standingMinorUnits: 0 } });
  });

  it('keeps the answer to a void that came in time', () => {
    expect(repeated().first.code).toBe('00');
    expect(repeated().repeat).toEqual(repeated().first);
  });
});

describe('what is settled', () => {
  const CLEARING = {
    merchants: [{ id: 'MERCHANT0000001', category: '5411', pop: 'off', voidAfterBatch: true }],
  };
  const network = (clearingCutOffHour: number) => {
    const { networks } = createTestCore().ports.settings as Settings;
    return { networks: networks.map((each) => ({ ...each, clearingCutOffHour })) };
  };
  const later = { de11: '000778', de7: '1123122500', de12: '132500' };

  async function voidedAfterwards(settings: object, line: Partial<ListenerSettings> = {}, waitMs = 0) {
    const counter = new Counter(settings as Partial<Settings>, batchesOf);
    const bought = await counter.heard(purchase());
    await counter.heard(settlement({ de63: totals(1, 2_500) }));
    await counter.core.clock.advance(waitMs);
    const { code } = await counter.heard(voidOf(bought, later), line);
    return { code, standing: counter.payment().standingMinorUnits };
  }

  const codes = played(async () => ({
    other: await voidedAfterwards({}, { settledVoidCode: '25' }),
    withoutCutOff: await voidedAfterwards(CLEARING),
    // It is noon, and the clearing file is made at 20:00.
    before: await voidedAfterwards({ ...CLEARING, ...network(20) }),
    after: await voidedAfterwards({ ...CLEARING, ...network(20) }, {}, DAY_MS / 2),
    withoutMerchant: await voidedAfterwards(network(20)),
  }));

  it('is refused with 25 where the dialect wants that', () => {
    expect(codes().other).toEqual({ code: '25', standing: 2_500 });
  });

  it('may be voided until its clearing where merchant and network allow it, and no longer', () => {
    expect(codes().before).toEqual({ code: '00', standing: 0 });
    expect(codes().after).toEqual({ code: '12', standing: 2_500 });
    expect(codes().withoutCutOff).toEqual({ code: '12', standing: 2_500 });
    expect(codes().withoutMerchant).toEqual({ code: '12', standing: 2_500 });
  });

  const held = played(async () => {
    const counter = new Counter({}, batchesOf);
    const authorised = await counter.heard(purchase({ mti: '0100', de25: '06' }));
    await counter.heard(settlement({ de63: totals(0, 0) }));
    const { code } = await counter.heard(voidOf(authorised, later));
    return { code, payment: counter.payment() };
  });

  it('is no hold: that may be released at any time', () => {
    expect(held()).toMatchObject({ code: '00', payment: { state: 'taken-back', standingMinorUnits: 0 } });
  });

  const nextBatch = played(async () => {
    const counter = new Counter({}, batchesOf);
    const first = await counter.heard(purchase());
    for (const number of ['000001', '000002', '000003']) {
      const numbers = { de60: number, de11: `0007${number.slice(4)}` };
      await counter.heard(
        settlement({ ...numbers, de63: number === '000001' ? totals(1, 2_500) : totals(0, 0) }),
      );
    }
    const second = await counter.heard(purchase({ de11: '000009', de7: '1123122450' }));
    const settled = await counter.heard(voidOf(first, later));
    const open = await counter.heard(voidOf(second, { ...later, de11: '000779' }));
    return [settled.code, open.code];
  });

  it('is found in a batch before the last, and what came after it is voided', () => {
    expect(nextBatch()).toEqual(['12', '00']);
  });
});

/** A batch of so many sales, of which the first were uploaded with another amount. */
function outOfBalance(members: number, differences: number): OpenBatch {
  const uuid = (n: number) => `0199a000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const sale = (_: unknown, n: number) => {
    const stan = String(n).padStart(6, '0');
    const row = {
      transaction: uuid(n),
      stan,
      rrn: `632812${stan}`,
      standing: 2_500,
      settled: null,
      batch: null,
    };
    return { ...row, batch_side: 'sale' } as StoredTransaction;
  };
  const sales = Array.from({ length: members }, sale);
  const whose = { listener: 'terminals-ascii', merchant: 'MERCHANT0000001', acquirer: null };
  const batch = { ...whose, terminal: 'TERM0001', currency: '978', number: '000001' };
  const uploads = sales.map((known, n) => {
    const { transaction, stan, rrn } = known;
    const names = { ...batch, upload: uuid(10_000 + n), original: transaction, stan, rrn };
    const amount = n < differences ? 2_600 : 2_500;
    return { ...names, amount, uploaded_at: '2026-11-23T12:00:00.000Z', known };
  });
  return { last: undefined, members: sales, uploads, countedTo: { 1: 5_000_000, 2: 5_000_000 } };
}

describe('a batch that is closed after its upload', () => {
  const SIZES = [
    [1_000, 100],
    [1_950, 100],
    [2_000, 100],
  ] as const;
  const closed = played(async () => {
    const codes: Record<number, string | undefined> = {};
    for (const [members, differences] of SIZES) {
      const openBatch = async () => outOfBalance(members, differences);
      const counter = new Counter({}, () => ({ batches: { reach: async () => true, openBatch } }));
      const { code } = await counter.heard(settlement({ de3: '960000', de63: totals(999, 999_999) }));
      codes[members] = code;
    }
    return codes;
  });

  it('may have 1,000 members and 100 differences', () => {
    expect(closed()[1_000]).toBe('00');
  });

  it.each([1_950, 2_000])('may have %i members and 100 differences', (members) => {
    expect(closed()[members]).toBe('00');
  });
});

describe('the totals of a settlement', () => {
  const settled = played(async () => {
    const counter = new Counter({}, batchesOf);
    await counter.heard(purchase());
    return counter.heard(settlement({ de63: totals(1, 2_500) + '0'.repeat(60) }));
  });

  const standard = played(async () => {
    const counter = new Counter({}, batchesOf);
    await counter.heard(purchase());
    const debits = { de76: '0000000002', de88: '0000000000005000' };
    const reversed = { de77: '0000000001', de89: '0000000000002500' };
    const { de63: _, ...message } = settlement({});
    return [
      await counter.heard({ ...message, ...debits }),
      await counter.heard({ ...message, ...debits, ...reversed, de11: '000779' }),
      await counter.heard({
        ...message,
        de76: '0000000000',
        de88: '0000000000000000',
        ...reversed,
        de11: '000780',
      }),
    ].map(({ code }) => code);
  });

  it('may be in the elements that the standard has for them, less what was reversed', () => {
    expect(standard()).toEqual(['95', '00', '30']);
  });

  it('may be followed by those of debit and authorised sales, which makes 90 digits', () => {
    expect(settled().code).toBe('00');
  });
});

describe('a business date', () => {
  const bought = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    return [0, 12].map((cutOverHour) => counter.rows(cutOverHour)[0]?.business_date);
  });
  const voidedNextDay = played(async () => {
    const counter = new Counter();
    const first = await counter.heard(purchase());
    const before = counter.rows()[0];
    await counter.core.clock.advance(DAY_MS);
    const { code } = await counter.heard(voidOf(first, { de7: '1124120600', de13: '1124' }));
    const after = counter.rows()[0];
    return { code, before, after };
  });

  it('is a fact: to change the cut-over hour does not date the past anew', () => {
    expect(bought()[1]).toBe(bought()[0]);
  });

  it('of a sale stays that of its day when it is voided on the next', () => {
    expect(voidedNextDay()).toMatchObject({ code: '00', after: { standing: 0 } });
    expect(voidedNextDay().after?.business_date).toBe(voidedNextDay().before?.business_date);
  });
});
