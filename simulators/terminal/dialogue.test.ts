import { describe, expect, test } from 'vitest';
import { developmentTerminalKeys } from './keys.ts';
import { profiles, terminalDialects } from './profiles.ts';
import type { CardService } from './services.ts';
import { approve, installed, order } from './testing.ts';

describe.each(terminalDialects)('what a terminal asks for, in %s', (dialect) => {
  test.each<[CardService, string, string, string, string]>([
    ['purchase', '0100', '000000', '00', '000000002500'],
    ['cash', '0200', '010000', '00', '000000002500'],
    ['cashback', '0200', '090000', '00', '000000002500'],
    ['refund', '0200', '200000', '00', '000000002500'],
    ['balance', '0100', '310000', '00', '000000000000'],
    ['preauth', '0100', '000000', '06', '000000002500'],
    ['verify', '0100', '000000', '51', '000000000000'],
    ['offline', '0220', '000000', '00', '000000002500'],
  ])('%s is a %s with DE3 %s, DE25 %s, DE4 %s', async (service, mti, de3, de25, de4) => {
    const { sent, terminal } = await installed(approve, {}, dialect);
    const done = await terminal.request(service, order);
    expect(done).toMatchObject({ approved: true, service, mti, code: '00' });
    expect(sent()).toMatchObject([{ mti, de3, de25, de4, de11: '000001', de49: '978' }]);
    expect(sent()[0]?.de2?.reveal()).toBe(order.card);
  });

  test('the cash of a cashback is in DE54', async () => {
    const { sent, terminal } = await installed(approve, {}, dialect);
    await terminal.request('cashback', { ...order, cashback: 1_000 });
    expect(sent()[0]?.de54).toEqual([
      { accountType: '00', amountType: '40', currency: '978', sign: 'D', amount: '000000001000' },
    ]);
  });
});

describe('answers', () => {
  test('a partial approval is a yes to the amount it names', async () => {
    const { terminal } = await installed(() => [{ de39: '10', de4: '000000001000' }]);
    expect(await terminal.purchase(order)).toMatchObject({ approved: true, code: '10', amount: 1_000 });
    expect(await terminal.transactions()).toMatchObject([{ state: 'stands', amount: 1_000 }]);
  });

  test('85 is a yes to a verification only, 25 to a reversal only', async () => {
    const { terminal } = await installed(({ message }) => [{ de39: message.mti === '0400' ? '25' : '85' }]);
    expect((await terminal.request('verify', order)).approved).toBe(true);
    expect((await terminal.purchase(order)).approved).toBe(false);
    const original = { mti: '0100', stan: '000002', time: '1123100000', processingCode: '000000' };
    const about = { ...original, amount: 2_500, currency: '978' };
    expect((await terminal.reverse(about)).approved).toBe(true);
    expect((await terminal.void(about)).approved).toBe(false);
  });
});

describe('what refers to an original', () => {
  test('a completion names it by DE37 and DE38, and takes its place in the batch', async () => {
    const { sent, terminal } = await installed();
    const held = await terminal.request('preauth', { ...order, amount: 8_000 });
    const [original] = await terminal.transactions();
    expect((await terminal.complete(original ?? {}, { ...order, amount: 6_450 })).approved).toBe(true);
    expect(sent()[1]).toMatchObject({
      mti: '0220',
      de4: '000000006450',
      de25: '06',
      de37: held.rrn,
      de38: '123456',
      de11: '000002',
    });
    expect((await terminal.transactions()).map(({ state, amount }) => [state, amount])).toEqual([
      ['completed', 8_000],
      ['stands', 6_450],
    ]);
  });

  test('a void names it by DE37; it does not stand any more', async () => {
    const { sent, terminal } = await installed();
    await terminal.purchase(order);
    const [original] = await terminal.transactions();
    await terminal.void(original ?? order);
    expect(sent()[1]).toMatchObject({ mti: '0200', de3: '020000', de37: original?.rrn });
    expect(await terminal.transactions()).toMatchObject([{ state: 'reversed' }]);
  });

  test('a reversal names it by DE90; a partial one says in DE95 what stays; a repeat keeps its STAN', async () => {
    const { sent, terminal } = await installed();
    const { time = '' } = await terminal.request('cash', order);
    const [original] = await terminal.transactions();
    if (!original) throw new Error('nothing recorded');
    const first = await terminal.reverse(original, 1_000);
    expect(await terminal.transactions()).toMatchObject([{ state: 'stands', amount: 1_000 }]);
    await terminal.reverse(original, undefined, { stan: first.stan });
    expect(sent()[1]).toMatchObject({
      mti: '0400',
      de3: '010000',
      de4: '000000002500',
      de11: '000002',
      de90: { mti: '0200', stan: '000001', transmission: time },
      de95: { transaction: '000000001000' },
    });
    expect(sent()[2]).toMatchObject({ mti: '0401', de11: '000002' });
    expect(sent()[2]).not.toHaveProperty('de95');
    expect(await terminal.transactions()).toMatchObject([{ state: 'reversed' }]);
  });

  test('a refused void or reversal changes nothing', async () => {
    let code = '00';
    const { terminal } = await installed(() => [{ de37: '632810000001', de39: code }]);
    await terminal.purchase(order);
    const [original] = await terminal.transactions();
    if (!original) throw new Error('nothing recorded');
    code = '12';
    await terminal.void(original);
    await terminal.reverse(original);
    expect(await terminal.transactions()).toMatchObject([{ state: 'stands', amount: 2_500 }]);
  });
});

test.each(['iso87-ascii', 'pos-bcd'] as const)(
  'every message but 0800 ends in a MAC that is right, in %s',
  async (dialect) => {
    const { acquirer, terminal } = await installed(
      (request) => (request.message.de3 === '920000' ? [{ de39: '95' }] : approve(request)),
      {},
      dialect,
    );
    for (const service of ['purchase', 'cashback', 'preauth', 'offline'] as const) {
      await terminal.request(service, order);
    }
    const [purchase, cashback, preauth] = await terminal.transactions();
    if (!purchase || !cashback || !preauth) throw new Error('nothing recorded');
    await terminal.complete(preauth, order);
    await terminal.void(cashback);
    await terminal.reverse(purchase, 1_000);
    await terminal.settle('978');
    const sealed = acquirer.received.map(({ packed, message: { mti } }) => [
      mti,
      developmentTerminalKeys('TERM0001').isSealed(profiles[dialect], packed),
    ]);
    const mtis = [
      '0100',
      '0200',
      '0100',
      '0220',
      '0220',
      '0200',
      '0400',
      '0500',
      '0320',
      '0320',
      '0320',
      '0500',
    ];
    expect(sealed).toEqual(mtis.map((mti) => [mti, true]));
  },
);

test('logon and logoff are 0800 with DE70 001 and 002', async () => {
  const { sent, terminal } = await installed();
  expect(await terminal.network('001')).toMatchObject({ approved: true, mti: '0800' });
  await terminal.network('002');
  expect(sent()).toMatchObject([
    { mti: '0800', de70: '001' },
    { mti: '0800', de70: '002' },
  ]);
});
