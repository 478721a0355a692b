import { describe, expect, it } from 'vitest';
import { Bytes } from '../../messages/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { ACQUIRER_LINE, Counter, OTHER_CARD, originalElements, purchase, reversal } from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// What is told of a payment that the switch has approved itself is no second one: its chip's word, its confirmation by
// a host, whatever of it is told with another amount. And to take such a message back takes nothing else back.

const TC = Bytes.fromHex('9F2701409F2608AABBCCDDEEFF0011');
const AAC = Bytes.fromHex('9F2701009F2608AABBCCDDEEFF0011');
const LATER = { de11: '000002', de7: '1123120100', de12: '130100' };
const told = (change: Partial<TerminalMessage>) => purchase({ mti: '0220', ...LATER, ...change });
const reversalOf = (mti: string, sent: string, change: Partial<TerminalMessage> = {}) =>
  reversal({ de11: '000008', de12: '130800', de90: originalElements(mti, '000002', sent), ...change });

async function sold(change: Partial<TerminalMessage> = {}) {
  const counter = new Counter();
  const sale = await counter.heard(purchase(change));
  return { counter, sale };
}

const amounts = (counter: Counter) => counter.payments().map((each) => each.standingMinorUnits);

describe('the word of a chip', () => {
  it.each(['0220', '0120', '0320'])('in a %s with another amount is no second sale', async (mti) => {
    const { counter, sale } = await sold();
    const { code } = await counter.heard(told({ mti, de37: sale.rrn, de4: '000000002600', de55: TC }));
    expect(amounts(counter)).toEqual([2_500]);
    expect({ code, cases: counter.cases() }).toEqual(
      mti === '0320' ? { code: '00', cases: [] } : { code: '25', cases: ['advice-kept'] },
    );
  });

  it('by the STAN and time of its sale with another amount is none either', async () => {
    const { counter } = await sold();
    const own = { de11: '000001', de7: '1123120000', de12: '130000' };
    await counter.heard(told({ ...own, de4: '000000009900', de55: TC }));
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it('of another card under the same DE37 is a sale of its own', async () => {
    const { counter } = await sold({ de37: '000000000077' });
    const { code } = await counter.heard(told({ de37: '000000000077', de2: OTHER_CARD, de55: TC }));
    expect(code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 2_500]);
  });

  it.each<[string, Partial<TerminalMessage>]>([
    ['0320', { de4: undefined }],
    ['0220', { de2: undefined }],
  ])(
    'that only tells of a payment which was declined (%s) is a case: nobody has its money',
    async (mti, change) => {
      const counter = new Counter();
      counter.core.network.outcome = { status: 'refused', code: '05' };
      const { rrn } = await counter.heard(purchase());
      expect(await counter.heard(told({ mti, de37: rrn, de55: TC, ...change }))).toMatchObject({
        code: '00',
      });
      expect(counter.cases()).toEqual(['chip-approved']);
      expect(counter.payments()).toMatchObject([{ state: 'declined', standingMinorUnits: 0 }]);
    },
  );

  it('of what its terminal reversed is none, nor is that of a decline which it reversed', async () => {
    for (const code of ['00', '05']) {
      const counter = new Counter();
      if (code === '05') counter.core.network.outcome = { status: 'refused', code };
      const { rrn } = await counter.heard(purchase());
      await counter.heard(reversal());
      await counter.heard(told({ mti: '0320', de37: rrn, de4: undefined, de55: TC }));
      expect(counter.cases()).toEqual([]);
    }
  });

  it('after a decline is a sale: the terminal approved it by itself', async () => {
    const counter = new Counter();
    counter.core.network.outcome = { status: 'refused', code: '91' };
    const { rrn } = await counter.heard(purchase({ de37: '000000000077' }));
    expect((await counter.heard(told({ de37: rrn, de55: TC }))).code).toBe('00');
    expect(amounts(counter)).toEqual([0, 2_500]);
  });

  it('with an amount of zero, or without a card, goes to its payment all the same', async () => {
    const { counter, sale } = await sold();
    const bare = { de37: sale.rrn, de55: AAC };
    expect((await counter.heard(told({ ...bare, de4: '000000000000' }))).code).toBe('00');
    const later = { de11: '000003', de7: '1123120200', de12: '130200' };
    expect((await counter.heard(told({ ...bare, ...later, de2: undefined }))).code).toBe('00');
    expect(counter.core.journal.kinds(counter.payment().id).slice(-2)).toEqual(['chip-told', 'chip-told']);
    expect(counter.payment().cases).toContain('chip-refused');
  });

  it('of another card, in an upload, is not written to the payment', async () => {
    const { counter, sale } = await sold();
    const other = { mti: '0320', de37: sale.rrn, de2: OTHER_CARD, de55: TC };
    expect((await counter.heard(told(other))).code).toBe('25');
    expect(counter.core.journal.kinds(counter.payment().id)).not.toContain('chip-told');
  });

  it.each([
    ['DE7', LATER.de7],
    ['local time', '1123130100'],
  ])('that is reversed, by its %s, takes nothing back', async (_, sent) => {
    const { counter, sale } = await sold();
    expect((await counter.heard(told({ de37: sale.rrn, de55: TC }))).code).toBe('00');
    expect((await counter.heard(reversalOf('0220', sent, { de37: sale.rrn }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.work()).not.toContain('reverse-network');
    expect(counter.cases()).toEqual([]);
  });

  it.each(['0220', '0120'])('that no one can read costs no sale that a %s tells of', async (mti) => {
    const counter = new Counter();
    const { code } = await counter.heard(told({ mti, de55: Bytes.fromHex('9f2608aabb') }));
    expect(code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
  });

  it('that no one can read costs no upload', async () => {
    const counter = new Counter({}, batchesOf);
    const upload = { mti: '0320', de60: '000001', de55: Bytes.fromHex('9f2608aabb') };
    expect((await counter.heard(told(upload))).code).toBe('00');
    expect(counter.core.journal.entries.map(({ kind }) => kind)).toEqual(['uploaded']);
  });

  it('that is reversed leaves the sale to be reversed by its own name', async () => {
    const { counter, sale } = await sold();
    await counter.heard(told({ de37: sale.rrn, de55: TC }));
    await counter.heard(reversalOf('0220', LATER.de7));
    await counter.heard(reversal({ de11: '000009', de12: '130900' }));
    expect(amounts(counter)).toEqual([0]);
  });
});

describe('an advice of what was approved here', () => {
  const confirm = (change: Partial<TerminalMessage> = {}) => told({ de38: 'A1B2C3', ...change });

  it.each(['0220', '0120'])('by a %s with its DE37 and DE38 is that sale', async (mti) => {
    const { counter, sale } = await sold();
    const heard = await counter.heard(confirm({ mti, de37: sale.rrn }));
    expect(heard).toMatchObject({ code: '00', rrn: sale.rrn, approvalCode: 'A1B2C3' });
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.work()).toEqual([]);
  });

  it('by the numbers of a 0100, as dual messages have it, is that sale', async () => {
    const counter = new Counter();
    await counter.heard(purchase({ mti: '0100' }), ACQUIRER_LINE);
    const own = { de11: '000001', de7: '1123120000', de12: '130000' };
    expect((await counter.heard(confirm(own), ACQUIRER_LINE)).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500]);
  });

  it('is no sale after that was reversed, when it comes again', async () => {
    const { counter, sale } = await sold();
    await counter.heard(confirm({ de37: sale.rrn }));
    await counter.heard(reversal({ de11: '000009', de12: '130900' }));
    expect((await counter.heard(confirm({ mti: '0221', de37: sale.rrn }))).code).toBe('00');
    const anew = { de11: '000005', de7: '1123120900', de12: '130910' };
    expect((await counter.heard(confirm({ ...anew, de37: sale.rrn }))).code).toBe('25');
    expect(amounts(counter)).toEqual([0]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it('is kept for people where its amount is another', async () => {
    const { counter, sale } = await sold();
    expect((await counter.heard(confirm({ de37: sale.rrn, de4: '000000002600' }))).code).toBe('25');
    expect(amounts(counter)).toEqual([2_500]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it('of a hold is no completion: DE25 says that', async () => {
    const counter = new Counter();
    const hold = await counter.heard(purchase({ mti: '0100', de25: '06' }));
    expect((await counter.heard(confirm({ de37: hold.rrn }))).code).toBe('25');
    expect(counter.payments()).toMatchObject([{ state: 'approved' }]);
    expect(counter.cases()).toEqual(['advice-kept']);
  });

  it('with an approval code of the terminal’s own is a sale', async () => {
    const { counter, sale } = await sold();
    expect((await counter.heard(confirm({ de37: sale.rrn, de38: 'OFF123' }))).code).toBe('00');
    expect(amounts(counter)).toEqual([2_500, 2_500]);
  });

  it('takes the sale back where it is reversed: it is the sale', async () => {
    const { counter, sale } = await sold();
    await counter.heard(confirm({ de37: sale.rrn }));
    await counter.heard(reversalOf('0220', LATER.de7));
    expect(amounts(counter)).toEqual([0]);
  });
});

describe('what DE3 and DE25 say together', () => {
  const answers = async (message: TerminalMessage) => {
    const counter = new Counter();
    const { code } = await counter.heard(message);
    return {
      code,
      asked: counter.core.sent.authorised.length,
      amounts: amounts(counter),
      cases: counter.cases(),
    };
  };

  it.each([
    ['cash that is to be held', { mti: '0100', de3: '010000', de25: '06' }],
    ['cash of a verification', { mti: '0100', de3: '010000', de25: '51' }],
    ['a void by a 0100', { mti: '0100', de3: '020000', de37: '632812000001' }],
    ['a transfer', { de3: '400000' }],
    ['a 0200 that completes', { de25: '06' }],
  ])('is no service, and a request for it is 12: %s', async (_, change) => {
    expect(await answers(purchase(change))).toEqual({ code: '12', asked: 0, amounts: [], cases: [] });
  });

  it.each([
    ['cash that was held', { de3: '010000', de25: '06' }],
    ['a sale of nothing', { de4: '000000000000' }],
    ['a completion of nothing', { de25: '06', de4: '000000000000', de37: '632812000001' }],
    ['a tip of nothing', { de3: '020000', de4: '000000000000', de37: '632812000001' }],
    ['a refund of a verification', { de3: '200000', de25: '51' }],
    ['a payment of a bill', { mti: '0120', de3: '500000' }],
  ])('is kept where it is told: %s', async (_, change) => {
    expect(await answers(told(change))).toEqual({
      code: '00',
      asked: 0,
      amounts: [],
      cases: ['advice-kept'],
    });
  });
});
