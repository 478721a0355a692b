import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { developmentTerminalKeys } from './keys.ts';
import { profiles, type TerminalDialect, terminalDialects } from './profiles.ts';
import { openRecords } from './records.ts';
import type { CardService } from './services.ts';
import { createTerminal, type TerminalOptions } from './terminal.ts';
import { type Answering, testAcquirer } from './testing.ts';

const order = { amount: 2_500, currency: '978', card: '4242424242424242' };

/** Approves everything, with a retrieval reference of its STAN. */
const approve: Answering = ({ message }) => [{ de37: `632810${message.de11}`, de38: '123456', de39: '00' }];

async function installed(
  answering: Answering = approve,
  more: Partial<TerminalOptions> = {},
  dialect: TerminalDialect = 'iso87-ascii',
) {
  const acquirer = await testAcquirer(dialect, (request) => answering(request));
  const records = more.records ?? (await openRecords(temporaryFolder()));
  const terminal = createTerminal({ dialect, address: acquirer.address, timeoutMs: 2_000, ...more, records });
  onTestFinished(() => {
    terminal.close();
    return records.ledger.close().catch(() => {});
  });
  const sent = () => acquirer.received.map(({ message }) => message);
  return { acquirer, records, terminal, sent };
}

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

describe('an outcome that is not certain', () => {
  const plan = { everyMs: 10, attempts: 3 };

  test('is reversed until that is acknowledged: 0400, then 0401 with the same STAN', async () => {
    let tries = 0;
    const { sent, terminal } = await installed(
      ({ message }) => {
        if (message.mti === '0100') return [];
        tries += 1;
        return tries < 3 ? [] : [{ de39: '00' }];
      },
      { timeoutMs: 50, reverseUnanswered: plan },
    );
    expect(await terminal.purchase(order)).toMatchObject({
      approved: false,
      reason: 'SIM_TERMINAL_NO_ANSWER',
      reversal: 'acknowledged',
    });
    expect(sent().map(({ mti, de11 }) => [mti, de11])).toEqual([
      ['0100', '000001'],
      ['0400', '000002'],
      ['0401', '000002'],
      ['0401', '000002'],
    ]);
    expect(sent()[1]?.de90).toMatchObject({ mti: '0100', stan: '000001', transmission: sent()[0]?.de7 });
  });

  test('holds the next request back until it is reversed', async () => {
    let host: 'silent' | 'awake' = 'silent';
    const { sent, terminal } = await installed((request) => (host === 'silent' ? [] : approve(request)), {
      timeoutMs: 30,
      reverseUnanswered: { everyMs: 5, attempts: 2 },
    });
    expect(await terminal.purchase(order)).toMatchObject({ reversal: 'pending' });
    const waiting = await terminal.purchase(order);
    expect(waiting).toMatchObject({
      approved: false,
      reason: 'SIM_TERMINAL_REVERSAL_PENDING',
      stan: '000003',
    });
    expect(sent().filter(({ de11 }) => de11 === '000003')).toEqual([]);
    host = 'awake';
    expect(await terminal.purchase(order)).toMatchObject({ approved: true });
    expect((await terminal.transactions()).map(({ state }) => state)).toEqual(['reversed', 'stands']);
  });

  test('an approval whose MAC is wrong is reversed; a decline without one is not', async () => {
    let code = '00';
    const { sent, terminal } = await installed(
      ({ message }) => (message.mti === '0100' ? ['unsealed', { de39: code }] : [{ de39: '00' }]),
      { reverseUnanswered: plan },
    );
    expect(await terminal.purchase(order)).toMatchObject({ approved: false, reversal: 'acknowledged' });
    code = '05';
    expect((await terminal.purchase(order)).reversal).toBeUndefined();
    expect(sent().map(({ mti }) => mti)).toEqual(['0100', '0400', '0100']);
  });

  test('that a killed terminal left in its records is reversed first of all', async () => {
    const records = await openRecords(temporaryFolder());
    const before = await installed(() => [], { timeoutMs: 30, records });
    const { time } = await before.terminal.purchase(order);
    before.terminal.close();
    const after = await installed(approve, { records, reverseUnanswered: plan });
    expect((await after.terminal.purchase(order)).approved).toBe(true);
    expect(after.sent().map(({ mti }) => mti)).toEqual(['0400', '0100']);
    expect(after.sent()[0]?.de90).toMatchObject({ stan: '000001', transmission: time });
  });

  test('where nothing was sent, nothing is reversed', async () => {
    const { terminal } = await installed(approve, {
      address: { host: '127.0.0.1', port: 1 },
      reverseUnanswered: plan,
    });
    const done = await terminal.purchase(order);
    expect(done.reason).toBe('SIM_TERMINAL_UNREACHABLE');
    expect(done.reversal).toBeUndefined();
  });

  test('requests come one at a time, each after the reversal of the one before', async () => {
    const { sent, terminal } = await installed(
      ({ message }) => (message.mti === '0100' ? [] : [{ de39: '00' }]),
      { timeoutMs: 30, reverseUnanswered: plan },
    );
    await Promise.all([terminal.purchase(order), terminal.purchase(order)]);
    expect(sent().map(({ mti }) => mti)).toEqual(['0100', '0400', '0100', '0400']);
  });
});

describe('settlement', () => {
  test('sends the totals of what stands, and a settled batch is empty', async () => {
    const { sent, terminal } = await installed();
    await terminal.purchase(order);
    await terminal.request('cash', { ...order, amount: 5_000 });
    await terminal.request('offline', { ...order, amount: 700 });
    await terminal.request('refund', { ...order, amount: 300 });
    await terminal.request('balance', order);
    await terminal.request('preauth', order);
    const [first] = await terminal.transactions();
    if (!first) throw new Error('nothing recorded');
    await terminal.reverse(first, 1_000);
    const settlement = await terminal.settle('978');
    expect(settlement).toMatchObject({
      batch: 1,
      settled: true,
      uploaded: 0,
      totals: { sales: { count: 3, amount: 6_700 }, refunds: { count: 1, amount: 300 } },
    });
    expect(sent().at(-1)).toMatchObject({
      mti: '0500',
      de3: '920000',
      de49: '978',
      de60: '000001',
      de63: '003000000006700001000000000300',
    });
    expect((await terminal.settle('978')).totals).toEqual({
      sales: { count: 0, amount: 0 },
      refunds: { count: 0, amount: 0 },
    });
    expect(sent().at(-1)?.de60).toBe('000002');
  });

  test('out of balance: uploads every transaction (0320), then settles with 960000', async () => {
    const { sent, terminal } = await installed((request) =>
      request.message.de3 === '920000' ? [{ de39: '95' }] : approve(request),
    );
    const { time } = await terminal.purchase(order);
    await terminal.request('refund', { ...order, amount: 300 });
    expect(await terminal.settle('978')).toMatchObject({ settled: true, uploaded: 2 });
    expect(sent().map(({ mti, de3 }) => [mti, de3])).toEqual([
      ['0100', '000000'],
      ['0200', '200000'],
      ['0500', '920000'],
      ['0320', '000000'],
      ['0320', '200000'],
      ['0500', '960000'],
    ]);
    expect(sent()[3]).toMatchObject({
      de4: '000000002500',
      de37: '632810000001',
      de38: '123456',
      de60: '000001',
      de90: { mti: '0100', stan: '000001', transmission: time },
    });
    expect(sent()[5]?.de63).toBe(sent()[2]?.de63);
  });

  test('a refused upload or a second 95 leaves the batch open', async () => {
    let refused = '0320';
    const { terminal } = await installed((request) => {
      const { mti, de3 } = request.message;
      if (de3 === '920000') return [{ de39: '95' }];
      return mti === refused ? [{ de39: '95' }] : approve(request);
    });
    await terminal.purchase(order);
    expect(await terminal.settle('978')).toMatchObject({ batch: 1, settled: false, uploaded: 0 });
    refused = '0500';
    expect(await terminal.settle('978')).toMatchObject({ batch: 1, settled: false, uploaded: 1 });
    refused = '';
    expect(await terminal.settle('978')).toMatchObject({ batch: 1, settled: true, uploaded: 1 });
  });

  test('an answer whose MAC is wrong settles nothing', async () => {
    const { terminal } = await installed((request) =>
      request.message.mti === '0500' ? ['unsealed', { de39: '00' }] : approve(request),
    );
    await terminal.purchase(order);
    expect((await terminal.settle('978')).settled).toBe(false);
    expect((await terminal.settle('978')).totals.sales.count).toBe(1);
  });

  test('each currency is settled by itself, declines and open outcomes not at all', async () => {
    const { terminal } = await installed(
      (request) => {
        const { de4 } = request.message;
        if (de4 === '000000000005') return [{ de39: '05' }];
        return de4 === '000000000091' ? [] : approve(request);
      },
      { timeoutMs: 50 },
    );
    await terminal.purchase({ ...order, currency: '840' });
    await terminal.purchase({ ...order, amount: 5 });
    await terminal.purchase({ ...order, amount: 91 });
    expect((await terminal.settle('978')).totals.sales.count).toBe(0);
    expect((await terminal.settle('840')).totals.sales).toEqual({ count: 1, amount: 2_500 });
  });

  test('a batch of more than DE63 can count is refused before anything is sent', async () => {
    const { records, sent, terminal } = await installed();
    for (let stan = 1; stan <= 1_000; stan += 1) {
      const facts = { mti: '0220', terminal: 'TERM0001', stan: String(stan).padStart(6, '0'), amount: 1 };
      const at = new Date(0).toISOString();
      void records.ledger.append({
        kind: 'sent',
        service: 'offline',
        at,
        time: '1123100000',
        currency: '978',
        ...facts,
      });
    }
    await expect(terminal.settle('978')).rejects.toMatchObject({ code: 'SIM_TERMINAL_BATCH_FULL' });
    expect(sent()).toEqual([]);
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
    for (const service of ['purchase', 'cashback', 'preauth', 'offline'] as const)
      await terminal.request(service, order);
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
