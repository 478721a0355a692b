import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import {
  ACQUIRER_LINE,
  Counter,
  DAY_MS,
  OTHER_CARD,
  originalElements,
  played,
  purchase,
  replacement,
  reversal,
  SECOND_ADDRESS,
  voidOf,
} from './core-cases.ts';

// Neighbours of the two kinds: more names that a terminal may give, what a name is compared with, and what has an end.

const MORE_NAMES: [how: string, change: Partial<TerminalMessage>][] = [
  ['the message type of the answer, 0210', { de90: originalElements('0210') }],
  ['a message type of zeros', { de90: originalElements('0000') }],
  ['another message type, and the local time repeated', { de90: originalElements('0100') }],
  [
    'a time of zeros, and the local time repeated',
    { de90: originalElements('0200', '000001', '0000000000') },
  ],
];

describe('a reversal', () => {
  const reversed = played(async () => {
    const told: Record<string, unknown> = {};
    for (const [how, change] of MORE_NAMES) {
      const counter = new Counter();
      await counter.heard(purchase());
      const { code } = await counter.heard(reversal(change));
      told[how] = { code, state: counter.payment().state };
    }
    return told;
  });

  it.each(MORE_NAMES)('with %s takes the purchase back', (how) => {
    expect(reversed()[how]).toEqual({ code: '00', state: 'taken-back' });
  });

  it('is taken as an advice though its card is another, touches nothing and opens a case', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const { code } = await counter.heard(reversal({ mti: '0420', de2: OTHER_CARD }));
    expect(code).toBe('00');
    expect(counter.payment()).toMatchObject({ state: 'approved' });
    expect(counter.cases()).toEqual(['reversal-unmatched']);
  });

  it('that may mean two payments takes none back, and opens a case', async () => {
    const counter = new Counter();
    const sale = { de37: '000000000077' };
    await counter.heard(purchase(sale));
    await counter.heard(purchase({ ...sale, de11: '000005', de7: '1123120100', de12: '130100' }));
    const { code } = await counter.heard(reversal({ de90: undefined, de12: '131500', ...sale }));
    expect(code).toBe('00');
    expect(counter.payments().map(({ state }) => state)).toEqual(['approved', 'approved']);
    expect(counter.cases()).toEqual(['reversal-unmatched']);
  });

  it('of a part is refused where the network takes back nothing or all', async () => {
    const counter = new Counter({}, ({ ports }) => {
      const visa = ports.networks.get('visa');
      if (!visa) throw new Error('the core has no network');
      const rules = { ...visa.rules, partialReversal: false };
      return { networks: new Map([['visa', { ...visa, rules }]]) };
    });
    await counter.heard(purchase());
    expect(await counter.heard(reversal({ de95: replacement(1_000) }))).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
    expect(await counter.heard(reversal({ de11: '000004' }))).toMatchObject({ code: '00' });
  });
});

describe('a listener whose terminals give the part to take back', () => {
  const IN_PARTS = { reversalAmount: 'part' } as const;

  it('takes back DE4, and the rest with the amount that stands', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de4: '000000001000' }), IN_PARTS);
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 1_500 });
    await counter.heard(reversal({ de11: '000004', de4: '000000001500' }), IN_PARTS);
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
  });

  it('takes all back without DE4', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de4: undefined }), IN_PARTS);
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
  });

  it('refuses more than stands', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    expect(await counter.heard(reversal({ de4: '000000009900' }), IN_PARTS)).toMatchObject({ code: '25' });
  });
});

describe('a reversal that matches nothing', () => {
  const NOWHERE = { de90: originalElements('0200', '000099', '1123115959') };

  it('is refused where the estate wants it, and its late original is refused all the same', async () => {
    const counter = new Counter();
    const line = { unmatchedReversal: 'refuse' } as const;
    expect(await counter.heard(reversal(), line)).toMatchObject({ code: '25' });
    expect(await counter.heard(reversal({ mti: '0420', de11: '000009' }), line)).toMatchObject({
      code: '00',
    });
    expect(await counter.heard(purchase())).toMatchObject({ code: '12' });
    expect(counter.core.sent.authorised).toEqual([]);
  });

  it('opens no case for a payment of another card, of another amount, or of another terminal', async () => {
    for (const change of [{ de2: OTHER_CARD }, { de4: '000000000700' }, { de41: 'TERM0002' }]) {
      const counter = new Counter();
      await counter.heard(purchase(change));
      await counter.heard(reversal(NOWHERE));
      expect(counter.cases()).toEqual([]);
    }
  });

  it('is counted', async () => {
    const counter = new Counter();
    await counter.heard(reversal(NOWHERE));
    expect(counter.ports.inFlight.recent.unmatched).toEqual({ 'terminals-ascii': 1 });
  });

  it('does not refuse the next sale of a terminal that counts its STANs anew', async () => {
    const counter = new Counter();
    await counter.heard(reversal({ de90: originalElements('0200', '000003', '0000000000'), de12: '131500' }));
    const next = { de11: '000003', de7: '1123122000', de12: '132000' };
    expect(await counter.heard(purchase(next))).toMatchObject({ code: '00' });
  });

  it('is forgotten after its life: the same numbers are a sale again', async () => {
    const counter = new Counter({ takeBacks: { rememberMs: 3_600_000 } });
    await counter.heard(reversal());
    expect(await counter.heard(purchase())).toMatchObject({ code: '12' });
    await counter.core.clock.advance(3_600_000);
    const sold = await counter.heard(purchase());
    expect(sold).toMatchObject({ code: '00' });
    expect(await counter.heard(purchase({ mti: '0201' }))).toEqual(sold);
    await counter.heard(reversal({ de11: '000004' }));
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
  });

  it('names by DE37 what comes late, but no other card that gives the same', async () => {
    const counter = new Counter();
    const own = { de37: '000000000077' };
    await counter.heard(reversal({ ...own, de90: originalElements('0200', '000001', '1123120004') }));
    expect(await counter.heard(purchase(own))).toMatchObject({ code: '12' });
    const other = { ...own, de2: OTHER_CARD, de7: '1123121000', de12: '131000' };
    expect(await counter.heard(purchase(other))).toMatchObject({ code: '00' });
  });
});

describe('a reversal that is refused and repeated', () => {
  it('is acknowledged after a set number, with one case', async () => {
    const counter = new Counter({ takeBacks: { maxRefusals: 3 } });
    await counter.heard(purchase());
    const codes = [];
    for (let time = 0; time < 6; time += 1) {
      const mti = time === 0 ? '0400' : '0401';
      codes.push((await counter.heard(reversal({ mti, de2: OTHER_CARD }))).code);
    }
    expect(codes).toEqual(['25', '25', '25', '00', '00', '00']);
    expect(counter.cases()).toEqual(['reversal-repeated']);
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });
});

describe('a void', () => {
  it('finds by approval code, card, amount and day what it gives no DE37 of', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const bare = voidOf({ rrn: undefined }, { de38: 'A1B2C3' });
    expect(await counter.heard({ ...bare, de11: '000009', de2: OTHER_CARD })).toMatchObject({ code: '25' });
    expect(await counter.heard(bare)).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
  });

  it('may repeat STAN and DE7 of the sale', async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const same = { de11: '000001', de7: '1123120000' };
    expect(await counter.heard(voidOf(bought, same))).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
    expect(await counter.heard(reversal())).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
  });

  it('is refused where two payments may be meant', async () => {
    const counter = new Counter();
    const sale = { de37: '000000000077' };
    await counter.heard(purchase(sale));
    await counter.heard(purchase({ ...sale, de11: '000005', de7: '1123120100', de12: '130100' }));
    expect(await counter.heard(voidOf({ rrn: sale.de37 }))).toMatchObject({ code: '25' });
  });

  it('comes too late to be reversed once the network is told, which is a case of that payment', async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(voidOf(bought));
    await counter.follows('reverse-network');
    const de90 = originalElements('0200', '000003', '1123120600');
    const { code } = await counter.heard(reversal({ de11: '000004', de7: '1123120700', de90 }));
    expect(code).toBe('12');
    expect(counter.payment()).toMatchObject({ state: 'taken-back', cases: ['void-reversed-late'] });
  });

  /** The network was told of a void that was reversed since, and lets a sale stand again. */
  const toReinstate = async () => {
    const counter = new Counter({}, ({ ports }) => {
      const visa = ports.networks.get('visa');
      if (!visa) throw new Error('the core has no network');
      return { networks: new Map([['visa', { ...visa, rules: { ...visa.rules, reinstatement: true } }]]) };
    });
    const bought = await counter.heard(purchase());
    await counter.heard(voidOf(bought));
    await counter.follows('reverse-network');
    const de90 = originalElements('0200', '000003', '1123120600');
    const { code } = await counter.heard(reversal({ de11: '000004', de7: '1123120700', de90 }));
    expect(code).toBe('00');
    return counter;
  };

  it('is reversed late too where the network lets the sale stand again', async () => {
    const counter = await toReinstate();
    await counter.follows('reverse-network');
    expect(counter.core.sent.reversed.map(({ remainingMinorUnits: left = 0 }) => left)).toEqual([0, 2_500]);
    const stands = { state: 'approved', standingMinorUnits: 2_500, networkMinorUnits: 2_500 };
    expect(counter.payment()).toMatchObject(stands);
  });

  it('is not over for the network before the journal knows that the sale stands again', async () => {
    const counter = await toReinstate();
    counter.core.journal.moods = ['well', 'away']; // its numbers, then what came of it
    await expect(counter.follows('reverse-network')).rejects.toMatchObject({
      code: 'SW_JOURNAL_UNAVAILABLE',
    });
    await counter.follows('reverse-network');
    expect(counter.payment()).toMatchObject({ networkMinorUnits: 2_500 });
  });

  it('that was reversed is not said to be done to who repeats it, and may be asked for anew', async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    await counter.heard(voidOf(bought));
    const de90 = originalElements('0200', '000003', '1123120600');
    await counter.heard(reversal({ de11: '000004', de7: '1123120700', de90 }));
    expect(await counter.heard(voidOf(bought, { mti: '0201' }))).toMatchObject({ code: '12' });
    const again = { de11: '000005', de7: '1123120800', de12: '130800' };
    expect(await counter.heard(voidOf(bought, again))).toMatchObject({ code: '00' });
    await counter.heard(reversal({ de11: '000006', de7: '1123120900', de90 }));
    expect(counter.payment()).toMatchObject({ state: 'taken-back', standingMinorUnits: 0 });
  });
});

describe('merchants', () => {
  const settings = (refundGroup?: string) => {
    const merchant = (id: string) => ({
      id,
      category: '5411',
      pop: 'off' as const,
      ...(refundGroup !== undefined && { refundGroup }),
    });
    return { merchants: [merchant('MERCHANT-A'), merchant('MERCHANT-B')] };
  };
  const refundOf = (rrn: string | undefined) =>
    purchase({
      de41: '00000001',
      de42: 'MERCHANT-B     ',
      de3: '200000',
      de11: '000051',
      de12: '130600',
      de7: '1123120605',
      de37: rrn,
    });
  const sale = purchase({ de41: '00000001', de42: 'MERCHANT-A     ' });

  it('of one group refund for one another, and nothing else', async () => {
    const counter = new Counter(settings('the house'));
    const { rrn } = await counter.heard(sale, ACQUIRER_LINE);
    const voiding = voidOf({ rrn }, { de41: '00000001', de42: 'MERCHANT-B     ' });
    expect(await counter.heard(voiding, ACQUIRER_LINE)).toMatchObject({ code: '25' });
    expect(await counter.heard(refundOf(rrn), ACQUIRER_LINE)).toMatchObject({ code: '00' });
    expect(counter.payment().refunds).toHaveLength(1);
  });

  it('of two acquirers may have one number: neither takes back what the other sold', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(sale, ACQUIRER_LINE);
    const other = { ...ACQUIRER_LINE, acquirer: '999999' };
    const of = { de41: '00000001', de42: 'MERCHANT-A     ' };
    await counter.heard(reversal(of), other);
    expect(await counter.heard(voidOf({ rrn }, of), other)).toMatchObject({ code: '25' });
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });
});

describe('an acquirer whose number is of zeros', () => {
  it('is nobody of ours', async () => {
    const counter = new Counter();
    const { rrn } = await counter.heard(purchase());
    expect(await counter.heard(voidOf({ rrn }, { de32: '000000' }), ACQUIRER_LINE)).toMatchObject({
      code: '25',
    });
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });
});

describe('a client certificate', () => {
  const certificates = { certFile: 'c', keyFile: 'k', caFile: 'a', requireClientCertificate: true };
  const clients = [{ certificate: 'shop-1', terminals: ['TERM0001'] }];
  const bound = { ...SECOND_ADDRESS, tls: { ...certificates, clients } };

  it('that is not there speaks for nobody where clients are bound', async () => {
    const counter = new Counter();
    expect(await counter.heard(purchase(), bound)).toMatchObject({ code: '58' });
    expect(counter.core.sent.authorised).toEqual([]);
  });
});

describe('a terminal that gives the same DE37 for months', () => {
  it('refunds what it sold last, and after a year nothing of it is mixed up', async () => {
    const counter = new Counter();
    const own = { de37: '000000000077' };
    await counter.heard(purchase(own));
    await counter.core.clock.advance(100 * DAY_MS);
    const later = { de13: '0303', de7: '0303120000', de12: '130000' };
    await counter.heard(purchase({ ...own, ...later, de11: '000007' }));
    await counter.core.clock.advance(10 * DAY_MS);
    const refund = { ...own, de3: '200000', de13: '0313', de7: '0313120000', de11: '000008' };
    expect(await counter.heard(purchase(refund))).toMatchObject({ code: '00' });
    expect(counter.payments().map(({ refunds }) => refunds.length)).toEqual([0, 1, 0]);
  });
});

describe('the tills of a merchant that count their STANs alike', () => {
  it('get a retrieval reference each, and it is found out once', async () => {
    const counter = new Counter();
    const rrns = [];
    for (let stan = 1; stan <= 4; stan += 1) {
      for (const de41 of ['TERM0001', 'TERM0002', 'TERM0003']) {
        const de11 = String(stan).padStart(6, '0');
        rrns.push((await counter.heard(purchase({ de41, de11 }))).rrn);
      }
    }
    expect(new Set(rrns).size).toBe(12);
    expect(counter.payments()).toHaveLength(12);
    expect(counter.ports.inFlight.recent.isSetApart('|MERCHANT0000001')).toBe(true);
  });
});

describe('an offline purchase', () => {
  const told = { mti: '0220', de38: 'OFF123' };

  it('is given no retrieval reference that a payment has', async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    const { code, rrn } = await counter.heard(purchase({ ...told, de7: '1123122000', de12: '132000' }));
    expect(code).toBe('00');
    expect(rrn).not.toBe(counter.payment().opening?.facts.rrn);
  });

  it('that its reversal has overtaken is refused', async () => {
    const counter = new Counter();
    await counter.heard(reversal({ de90: originalElements('0220') }));
    expect(await counter.heard(purchase(told))).toMatchObject({ code: '12' });
  });
});
