import { describe, expect, it } from 'vitest';
import { Bytes } from '../../messages/index.ts';
import { projectBatch } from '../../switch/projection/batch-rows.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { Counter, OTHER_CARD, originalElements, played, purchase, reversal } from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// What is told after a sale belongs to that sale: its tip, its refund, what its chip said. None of it is a second sale.

const LATER = { de11: '000002', de7: '1123120100', de12: '130100' };
const LATER_STILL = { de11: '000003', de7: '1123120200', de12: '130200' };

const advice = (change: Partial<TerminalMessage>) => purchase({ mti: '0220', ...LATER, ...change });
const tip = (rrn: string | undefined, change: Partial<TerminalMessage> = {}) =>
  advice({ de3: '020000', de37: rrn, de4: '000000003000', ...change });

async function tipped(...changes: Partial<TerminalMessage>[]) {
  const counter = new Counter();
  const { rrn } = await counter.heard(purchase());
  const codes: (string | undefined)[] = [];
  for (const change of changes) codes.push((await counter.heard(tip(rrn, change))).code);
  return { counter, codes, rrn, standing: counter.rows().map((row) => row.standing), cases: counter.cases() };
}

describe('a tip', () => {
  const twice = played(() => tipped({}, { ...LATER_STILL, de4: '000000002800' }));
  const tooMuch = played(() => tipped({ de4: '000000003001' }));
  const ofAnother = played(() => tipped({ de2: OTHER_CARD }));
  const otherwiseApproved = played(() => tipped({ de38: 'Z9Z9Z9' }));
  const withoutCard = played(() => tipped({ de2: undefined }));
  const moreTipThanAll = played(() =>
    tipped({
      de54: [{ accountType: '00', amountType: '44', currency: '978', sign: 'D', amount: '000000003001' }],
    }),
  );

  it('is in the journal by itself, where DE54 says it', async () => {
    const de54 = [
      { accountType: '00', amountType: '44', currency: '978', sign: 'D', amount: '000000000300' },
    ];
    const { counter } = await tipped({ de54 });
    const told = counter.core.journal.entries.find(({ kind }) => kind === 'adjusted');
    expect(told?.body).toMatchObject({ tipMinorUnits: 300 });
  });

  it('may come again, and is the total each time', () => {
    expect(twice()).toMatchObject({ codes: ['00', '00'], standing: [2_800] });
  });

  it('is no more than scheme, region and category allow', () => {
    expect(tooMuch()).toMatchObject({ codes: ['13'], standing: [2_500] });
  });

  it('needs no card, and no other card than that of its sale', () => {
    expect(withoutCard()).toMatchObject({ codes: ['00'], standing: [3_000] });
    expect(ofAnother()).toMatchObject({ codes: ['30'], standing: [2_500] });
  });

  it('of a sale with another approval code is kept for people, and moves nothing', () => {
    expect(otherwiseApproved()).toMatchObject({
      codes: ['25'],
      standing: [2_500, 0],
      cases: ['advice-kept'],
    });
  });

  it('is no more than the total', () => {
    expect(moreTipThanAll()).toMatchObject({ codes: ['13'], standing: [2_500] });
  });

  it('is of the currency of its sale', async () => {
    const de54 = [
      { accountType: '00', amountType: '44', currency: '840', sign: 'D', amount: '000000000500' },
    ];
    expect(await tipped({ de54 })).toMatchObject({ codes: ['13'], standing: [2_500] });
  });

  it('is told to the network by a message of its own, and the sale is reversed with it', async () => {
    const { counter } = await tipped({});
    expect(counter.work()).toEqual(['advise-network', 'complete-pop']);
    const told: object[] = [];
    const network = counter.core.ports.networks.get('visa');
    if (!network) throw new Error('there is no network');
    Object.assign(network, {
      advise: async (request: object) => {
        told.push(request);
        return { status: 'acknowledged', code: '00' };
      },
    });
    await counter.follows('advise-network');
    await counter.follows('advise-network');
    expect(told).toMatchObject([
      { reason: 'adjustment', minorUnits: 3_000, own: { stan: expect.stringMatching(/^\d{6}$/) } },
    ]);
    expect(counter.payment()).toMatchObject({ networkMinorUnits: 3_000, standingMinorUnits: 3_000 });
    expect((await counter.heard(reversal({ de11: '000009' }))).code).toBe('00');
    await counter.follows('reverse-network');
    expect(counter.payment()).toMatchObject({ network: 'reversed', standingMinorUnits: 0 });
  });

  it('has its proof replaced by one for the new amount', async () => {
    const { counter } = await tipped({});
    counter.core.standing = { status: 'pending', validation: 'v-1' };
    await counter.follows('complete-pop');
    counter.core.standing = { status: 'cancelled', validation: 'v-1' };
    const proof = counter.follows('complete-pop');
    await counter.core.clock.advance(1_000);
    await proof;
    expect(counter.payment()).toMatchObject({ pop: 'accepted', popMinorUnits: 3_000 });
  });

  it('leaves no less than was refunded', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    await counter.heard(purchase({ de3: '200000', de37: rrn, de4: '000000002000', ...LATER }));
    expect((await counter.heard(tip(rrn, { ...LATER_STILL, de4: '000000001999' }))).code).toBe('13');
    expect((await counter.heard(tip(rrn, { ...LATER_STILL, de4: '000000002000' }))).code).toBe('00');
  });

  it('comes too late once the batch is closed', async () => {
    const counter = new Counter({}, batchesOf);
    const { rrn } = await counter.heard(purchase());
    const totals = '001000000002500000000000000000';
    const closing = { ...LATER, mti: '0500', de3: '920000', de60: '000001', de63: totals };
    expect((await counter.heard(purchase(closing))).code).toBe('00');
    expect(counter.core.journal.entries.some((entry) => projectBatch(entry, 0).members)).toBe(true);
    expect((await counter.heard(tip(rrn, LATER_STILL))).code).toBe('12');
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });

  it('of a partial approval takes nothing that was not approved', async () => {
    const counter = new Counter();
    counter.core.network.outcome = { status: 'approved', code: '10', approvedMinorUnits: 2_000 };
    const { rrn } = await counter.heard(purchase());
    expect((await counter.heard(tip(rrn, { de4: '000000002001' }))).code).toBe('13');
  });
});

describe('a refund that was given at the terminal', () => {
  const refund = (rrn: string | undefined, change: Partial<TerminalMessage> = {}) =>
    advice({ de3: '200000', de37: rrn, ...change });

  it('is taken from what its sale has left', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    expect((await counter.heard(refund(rrn))).code).toBe('00');
    expect((await counter.heard(refund(rrn, { mti: '0221' }))).code).toBe('00');
    expect(counter.payment().refunds).toHaveLength(1);
    expect(counter.cases()).toEqual(['proof-of-refund']);
    const asked = await counter.heard(purchase({ de3: '200000', de37: rrn, ...LATER_STILL }));
    expect(asked.code).toBe('13');
  });

  it('of a sale that nobody knows is a case', async () => {
    const counter = new Counter();
    expect((await counter.heard(refund('632812009999'))).code).toBe('00');
    expect(counter.cases()).toEqual(['refund-unmatched']);
  });

  it('that could not be taken from its sale is not answered, and is taken when it comes again', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    counter.core.journal.moods = ['well', 'away', 'away', 'away', 'away'];
    expect((await counter.heard(refund(rrn))).code).toBeUndefined();
    expect(counter.payment().refunds).toEqual([]);
    counter.core.journal.moods = [];
    expect((await counter.heard(refund(rrn, { mti: '0221' }))).code).toBe('00');
    expect(counter.payment().refunds).toHaveLength(1);
  });

  it('beyond what its sale has left is a case', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    expect((await counter.heard(refund(rrn, { de4: '000000002501' }))).code).toBe('00');
    expect(counter.cases()).toEqual(['refund-unmatched']);
  });
});

describe('a refund of a proven purchase', () => {
  const refunded = async (pop: 'optional' | 'off', approved = true) => {
    const counter = new Counter({ merchants: [{ id: 'MERCHANT0000001', category: '5411', pop }] });
    const { rrn } = await counter.heard(purchase());
    if (!approved) counter.core.network.outcome = { status: 'refused', code: '05' };
    await counter.heard(purchase({ de3: '200000', de37: rrn, ...LATER }));
    return counter.cases();
  };

  it('is a case, since the chain cannot take the proof back', async () => {
    expect(await refunded('optional')).toEqual(['proof-of-refund']);
  });

  it('is none where it was declined, or where nothing was proven', async () => {
    expect(await refunded('optional', false)).toEqual([]);
    expect(await refunded('off')).toEqual([]);
  });
});

describe('what a chip says afterwards', () => {
  const TC = Bytes.fromHex('9F2701409F2608AABBCCDDEEFF00115A084242424242424242');
  const AAC = Bytes.fromHex('9F2701009F2608AABBCCDDEEFF0011');

  async function chipTold(change: Partial<TerminalMessage>) {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    const { code } = await counter.heard(advice({ de37: rrn, ...change }));
    return { counter, code, standing: counter.rows().map((row) => row.standing), cases: counter.cases() };
  }

  it('goes to the payment it belongs to, without the card number', async () => {
    const { counter, ...seen } = await chipTold({ de55: TC });
    expect(seen).toEqual({ code: '00', standing: [2_500], cases: [] });
    const told = counter.core.journal.entries.at(-1);
    expect(told).toMatchObject({ kind: 'chip-told', body: { cryptogram: 'TC' } });
    expect(JSON.stringify(told)).not.toMatch(/5A084242/i);
  });

  it('against a payment that stands is a case, and moves nothing', async () => {
    const { counter: _, ...seen } = await chipTold({ de55: AAC });
    expect(seen).toEqual({ code: '00', standing: [2_500], cases: ['chip-refused'] });
  });

  it('of no payment that is known moves nothing: it is kept', async () => {
    const named = { de90: originalElements('0200', '000777') };
    const { counter: _, ...seen } = await chipTold({ de37: undefined, ...named, de55: TC });
    expect(seen).toEqual({ code: '25', standing: [2_500, 0], cases: ['advice-kept'] });
  });

  it('with a sale that nobody was asked for is that sale', async () => {
    const counter = new Counter();
    expect((await counter.heard(purchase({ mti: '0220', de38: 'OFF123', de55: TC }))).code).toBe('00');
    expect(counter.rows()).toMatchObject([{ kind: 'offline-purchase', standing: 2_500 }]);
  });

  it('comes in an upload as well (0320)', async () => {
    const { counter, ...seen } = await chipTold({ mti: '0320', de55: TC });
    expect(seen).toEqual({ code: '00', standing: [2_500], cases: [] });
    expect(counter.core.journal.entries.at(-1)).toMatchObject({ kind: 'chip-told' });
  });
});

describe('an advice of no service', () => {
  const kept = async (line: object, change: Partial<TerminalMessage> = {}) => {
    const counter = new Counter();
    const message = advice({ de3: '990000', de62: 'invoice 4242424242424242', ...change });
    const { code } = await counter.heard(message, line);
    const again = await counter.heard({ ...message, mti: '0221' }, line);
    return { counter, code, again: again.code, rows: counter.rows(), cases: counter.cases() };
  };

  it('is kept whole, once, without the card number', async () => {
    const { counter, code, again, rows, cases } = await kept({});
    expect({ code, again, cases }).toEqual({ code: '00', again: '00', cases: ['advice-kept'] });
    expect(rows).toMatchObject([{ kind: 'advice', asked: 2_500, standing: 0, batch_side: null }]);
    const [entry] = counter.core.journal.entries;
    expect(entry?.body).toMatchObject({
      reason: 'no-service',
      elements: { 3: '990000', 42: 'MERCHANT0000001' },
    });
    expect(JSON.stringify({ ...(entry?.body as object), card: null })).not.toMatch(/\d{16}/);
  });

  it.each(['4242 4242 4242 4242', '4242-4242-4242-4242', '0000000042424242424242420000000'])(
    'has no card number in it, in whatever form (%s)',
    async (text) => {
      const { counter } = await kept({}, { de62: text });
      const [entry] = counter.core.journal.entries;
      expect(entry?.body).toMatchObject({ elements: { 62: expect.stringMatching(/^[*\- ]+\d{4}$/) } });
    },
  );

  it('is refused where the listener says so, and kept all the same', async () => {
    expect(await kept({ unservedAdvice: 'refuse' })).toMatchObject({ code: '12', cases: ['advice-kept'] });
  });

  it.each([
    ['a verification', { de3: '000000', de25: '51', de4: '000000000000' }],
    ['a balance without a card', { de3: '310000', de2: undefined, de4: undefined, de49: undefined }],
    ['a completion service of another kind', { de3: '500000' }],
  ])('is also %s', async (_, change) => {
    const { rows, cases } = await kept({}, change);
    expect(rows).toMatchObject([{ kind: 'advice', standing: 0 }]);
    expect(cases).toEqual(['advice-kept']);
  });
});
