import { describe, expect, it } from 'vitest';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { ACQUIRER_LINE, Counter, DAY_MS, purchase, reversal, SECOND_ADDRESS, voidOf } from './core-cases.ts';
import { batchesOf } from './open-batches.ts';

// A batch is of an acquirer's merchant's terminal. It is closed once, whoever voids what is in it, and whatever wrote
// that it was closed; and every completion of a hold is in one of them.

function totals(sales: number, minorUnits: number): string {
  const digits = (value: number, width: number) => String(value).padStart(width, '0');
  return digits(sales, 3) + digits(minorUnits, 12) + digits(0, 15);
}

const settlement = (change: Partial<TerminalMessage>) =>
  purchase({
    mti: '0500',
    de3: '920000',
    de60: '000001',
    de11: '000777',
    de7: '1123122400',
    de12: '132400',
    ...change,
  });

describe('two merchants of one line whose terminals have one number', () => {
  it.each<[string, Partial<TerminalMessage>, Partial<TerminalMessage>]>([
    ['of one acquirer', { de42: 'MERCHANT-A     ' }, { de42: 'MERCHANT-B     ' }],
    ['of two acquirers, with one number too', { de32: '111111' }, { de32: '222222' }],
  ])('%s close a batch each', async (_, one, other) => {
    const counter = new Counter({}, batchesOf);
    const till = { de41: '00000001', de42: 'MERCHANT-A     ' };
    await counter.heard(purchase({ ...till, ...one }), ACQUIRER_LINE);
    await counter.heard(purchase({ ...till, ...other, de4: '000000009900' }), ACQUIRER_LINE);
    const closing = (whose: Partial<TerminalMessage>, minorUnits: number) =>
      counter.heard(settlement({ ...till, ...whose, de63: totals(1, minorUnits) }), ACQUIRER_LINE);
    expect(await closing(one, 2_500)).toMatchObject({ code: '00' });
    expect(await closing(other, 9_900)).toMatchObject({ code: '00' });
  });

  it('upload under one number, and each is compared with its own', async () => {
    const counter = new Counter({}, batchesOf);
    const [a, b] = [{ de42: 'MERCHANT-A     ' }, { de42: 'MERCHANT-B     ' }];
    const till = { de41: '00000001', de60: '000001' };
    await counter.heard(purchase({ ...till, ...a }), ACQUIRER_LINE);
    const numbers = { de11: '000500', de7: '1123121000', de12: '131000' };
    const upload = { ...till, ...numbers, mti: '0320', de37: '999999999999' };
    expect(await counter.heard(purchase({ ...upload, ...b }), ACQUIRER_LINE)).toMatchObject({ code: '00' });
    await counter.heard(settlement({ ...till, ...a, de3: '960000', de63: totals(2, 5_000) }), ACQUIRER_LINE);
    const closed = counter.core.journal.entries.at(-1);
    expect(closed).toMatchObject({ kind: 'batch-closed', body: { differences: [{ kind: 'not-uploaded' }] } });
  });
});

describe('a batch that is closed', () => {
  const later = { de11: '000778', de7: '1123122500', de12: '132500' };
  const closedOf = async (sale: Partial<TerminalMessage> = {}) => {
    const counter = new Counter({}, batchesOf);
    const sold = await counter.heard(purchase(sale));
    await counter.heard(settlement({ de63: totals(1, 2_500) }), SECOND_ADDRESS);
    return { counter, sold };
  };

  it.each<[string, (sold: { rrn: string | undefined }) => TerminalMessage]>([
    ['another till', (sold) => voidOf(sold, { ...later, de41: 'TERM0002' })],
    ['its approval code', () => voidOf({ rrn: undefined }, { ...later, de38: 'A1B2C3' })],
    ['DE90', ({ rrn: _ }) => voidOf({ rrn: undefined }, { ...later, de90: { ...NAMED } })],
  ])('is not voided by %s either', async (_, take) => {
    const { counter, sold } = await closedOf();
    expect(await counter.heard(take(sold))).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });

  it.each(['0400', '0401', '0420', '0421'])(
    'has a sale reversed by a %s, on a later day too',
    async (mti) => {
      const { counter } = await closedOf();
      await counter.core.clock.advance(2 * DAY_MS);
      expect(await counter.heard(reversal({ ...later, mti, de13: '1125', de7: '1125120500' }))).toMatchObject(
        {
          code: '00',
        },
      );
      expect(counter.payment()).toMatchObject({ state: 'taken-back' });
    },
  );

  it('stays closed where a node has closed it whose clock is an hour behind', async () => {
    const counter = new Counter({}, batchesOf);
    const sold = await counter.heard(purchase());
    await counter.heard(settlement({ de63: totals(1, 2_500) }));
    const closed = counter.core.journal.entries.findIndex(({ kind }) => kind === 'batch-closed');
    const entry = counter.core.journal.entries[closed];
    if (entry) counter.core.journal.entries[closed] = { ...entry, at: entry.at - 3_600_000 };
    expect(await counter.heard(voidOf(sold, later))).toMatchObject({ code: '12' });
  });

  it('stays closed that an earlier release has closed, by line and terminal', async () => {
    const { counter, sold } = await closedOf();
    const { journal } = counter.core;
    const transactionOf = journal.transactionOf.bind(journal);
    // As it was claimed then.
    Object.assign(journal, {
      transactionOf: (key: string) => {
        if (key === '|MERCHANT0000001|TERM0001|batch|978|1') return Promise.resolve(undefined);
        const former = key === 'terminals-ascii|batch|TERM0001|978|1';
        return transactionOf(former ? '|MERCHANT0000001|TERM0001|batch|978|1' : key);
      },
    });
    expect(await counter.heard(voidOf(sold, later))).toMatchObject({ code: '12' });
    const tip = { mti: '0220', de3: '020000', de37: sold.rrn, de4: '000000002600', de11: '000779' };
    expect(await counter.heard(purchase({ ...tip, de12: '132600' }))).toMatchObject({ code: '12' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 2_500 });
  });
});

const NAMED = {
  mti: '0200',
  stan: '000001',
  transmission: '1123120000',
  acquirer: '00000123456',
  forwarder: '00000000000',
};

describe('several completions of one hold', () => {
  const part = (minorUnits: number, de60: string, index: number): TerminalMessage =>
    purchase({
      mti: '0220',
      de25: '06',
      de37: '632812000001',
      de4: String(minorUnits).padStart(12, '0'),
      de60,
      de11: `00009${index}`,
      de7: `112313000${index}`,
      de12: `14000${index}`,
    });
  const closing = (index: number, minorUnits: number) =>
    settlement({ de11: `00077${index}`, de60: `00000${index}`, de63: totals(1, minorUnits) });

  async function held() {
    const counter = new Counter({}, (core) => {
      const visa = core.ports.networks.get('visa');
      if (!visa) throw new Error('the core has no network');
      const rules = { ...visa.rules, maxCompletions: 9 };
      return { ...batchesOf(core), networks: new Map([['visa', { ...visa, rules }]]) };
    });
    await counter.heard(purchase({ mti: '0100', de25: '06', de37: '632812000001', de4: '000000010000' }));
    return counter;
  }

  it('are each in the batch that is open when they come', async () => {
    const counter = await held();
    expect(await counter.heard(part(3_000, '0103', 1))).toMatchObject({ code: '00' });
    expect(await counter.heard(closing(1, 3_000))).toMatchObject({ code: '00' });
    expect(await counter.heard(part(4_000, '0203', 2))).toMatchObject({ code: '00' });
    expect(await counter.heard(closing(2, 4_000))).toMatchObject({ code: '00' });
    expect(await counter.heard(part(500, '0303', 3))).toMatchObject({ code: '00' });
    expect(await counter.heard(closing(3, 500))).toMatchObject({ code: '00' });
    expect(counter.payment()).toMatchObject({ standingMinorUnits: 7_500 });
  });

  it('are in one where it was open all the time', async () => {
    const counter = await held();
    await counter.heard(part(3_000, '0102', 1));
    await counter.heard(part(4_000, '0202', 2));
    expect(await counter.heard(closing(1, 7_000))).toMatchObject({ code: '00' });
    expect(
      await counter.heard(settlement({ de11: '000779', de60: '000002', de63: totals(0, 0) })),
    ).toMatchObject({
      code: '00',
    });
  });

  it('are not voided once the first is settled, and reversed they are in no total', async () => {
    const counter = await held();
    await counter.heard(part(3_000, '0102', 1));
    await counter.heard(closing(1, 3_000));
    await counter.heard(part(4_000, '0202', 2));
    const voiding = voidOf({ rrn: '632812000001' }, { de4: undefined, de11: '000780', de12: '150000' });
    expect(await counter.heard(voiding)).toMatchObject({ code: '12' });
    const all = reversal({ de90: { ...NAMED, mti: '0100' }, de11: '000781', de12: '150100', de4: undefined });
    expect(await counter.heard(all)).toMatchObject({ code: '00' });
    expect(
      await counter.heard(settlement({ de11: '000782', de60: '000002', de63: totals(0, 0) })),
    ).toMatchObject({
      code: '00',
    });
  });
});
