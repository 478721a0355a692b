import { describe, expect, test } from 'vitest';
import { approve, installed, order } from './testing.ts';

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
