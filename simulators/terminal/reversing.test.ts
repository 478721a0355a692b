import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { openRecords } from './records.ts';
import { approve, installed, order } from './testing.ts';

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
