import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { developmentKey } from '../../hsm/index.ts';
import { pinCipher } from '../crypto/pin-block.ts';
import { retailMac } from '../crypto/retail-mac.ts';
import { temporaryFolder } from '../testing.ts';
import { type TerminalDialect, terminalDialects } from './profiles.ts';
import { openRecords } from './records.ts';
import { createTerminal, type TerminalOptions } from './terminal.ts';
import { type Answering, testAcquirer } from './testing.ts';

const order = { amount: 2_500, currency: '978', card: '4242424242424242' };
const approve: Answering = () => [{ de37: '632810000001', de38: '123456', de39: '00' }];

async function installed(
  dialect: TerminalDialect,
  answering: Answering,
  more: Partial<TerminalOptions> = {},
) {
  const acquirer = await testAcquirer(dialect, answering);
  const folder = temporaryFolder();
  const records = await openRecords(folder);
  const terminal = createTerminal({ dialect, address: acquirer.address, records, timeoutMs: 2_000, ...more });
  onTestFinished(() => {
    terminal.close();
    return records.ledger.close().catch(() => {});
  });
  return { acquirer, folder, records, terminal };
}

describe.each(terminalDialects)('%s', (dialect) => {
  test('an approved purchase tells code, RRN and approval code, and is recorded', async () => {
    const { acquirer, records, terminal } = await installed(dialect, approve);
    const exchange = await terminal.purchase({ ...order, expiry: '3012' });
    expect(exchange).toMatchObject({
      approved: true,
      outcome: 'answered',
      stan: '000001',
      code: '00',
      rrn: '632810000001',
      approvalCode: '123456',
    });
    expect(acquirer.received[0]?.message).toMatchObject({
      mti: '0100',
      de3: '000000',
      de4: '000000002500',
      de11: '000001',
      de14: '3012',
      de41: 'TERM0001',
      de42: 'MERCHANT0000001',
      de49: '978',
    });
    const rows = await records.ledger.rows();
    expect(rows).toMatchObject([
      { kind: 'sent', stan: '000001', amount: 2_500, card: { masked: '424242******4242' } },
      { kind: 'answered', stan: '000001', code: '00', approvalCode: '123456' },
    ]);
  });

  test('an echo is answered', async () => {
    const { acquirer, terminal } = await installed(dialect, () => [{ de39: '00' }]);
    expect(await terminal.echo()).toMatchObject({ approved: true, mti: '0800', code: '00' });
    expect(acquirer.received[0]?.message).toMatchObject({ mti: '0800', de70: '301' });
  });
});

describe.each(['iso87-ascii', 'pos-bcd'] as const)('PIN and MAC in %s', (dialect) => {
  test('the request carries both under the terminal keys, and the MAC covers all before it', async () => {
    const { acquirer, terminal } = await installed(dialect, approve);
    await terminal.purchase({ ...order, pin: '1234' });
    const { message, packed } = acquirer.received[0] ?? expect.fail('nothing received');
    const block = message.de52?.reveal() ?? Buffer.alloc(0);
    expect(pinCipher(developmentKey('TPK/TERM0001')).check(block, '1234', order.card)).toBe('right');
    const mac = retailMac(developmentKey('TAK/TERM0001'))(packed.subarray(0, -8));
    expect(packed.subarray(-8)).toEqual(mac);
  });

  test('without a PIN there is no DE52, and DE22 says so', async () => {
    const { acquirer, terminal } = await installed(dialect, approve);
    await terminal.purchase(order);
    await terminal.purchase({ ...order, pin: '1234', track2: '4242424242424242=30121010000' });
    expect(acquirer.received.map(({ message }) => message.de22)).toEqual(['012', '021']);
    expect(acquirer.received[0]?.message.de52).toBeUndefined();
  });

  test.each([
    ['wrong', () => ['unsealed' as const, { de39: '00' }]],
    ['missing', () => [{ de39: '00', de64: undefined }]],
  ])('an approval whose MAC is %s is not believed', async (_, answering) => {
    const { records, terminal } = await installed(dialect, answering);
    expect(await terminal.purchase(order)).toMatchObject({ approved: false, code: '00', macVerified: false });
    expect((await records.ledger.rows()).at(-1)).toMatchObject({ kind: 'answered', macVerified: false });
  });
});

test('the TPDU goes out and the frame of the answer is understood', async () => {
  const { acquirer, terminal } = await installed('pos-bcd', approve);
  await terminal.purchase(order);
  expect(acquirer.received[0]?.frameHeader?.toString('hex')).toBe('6000010000');
});

test('a repeat is the same bytes', async () => {
  const { acquirer, terminal } = await installed('iso87-ascii', approve);
  await terminal.purchase({ ...order, pin: '1234' });
  await terminal.repeat();
  const [first, second] = acquirer.received;
  expect(second?.packed).toEqual(first?.packed);
});

test('a repeat of a void or a reversal is the same bytes too', async () => {
  const { acquirer, terminal } = await installed('iso87-ascii', approve);
  const bought = { ...order, mti: '0100', stan: '000001', time: '1126120000', processingCode: '000000' };
  await terminal.purchase(order);
  for (const tell of [() => terminal.void(bought), () => terminal.reverse(bought, 100)]) {
    await tell();
    await terminal.repeat();
    const [first, second] = acquirer.received.slice(-2);
    expect(second?.packed).toEqual(first?.packed);
  }
});

test('trace numbers go on in the next run', async () => {
  const { acquirer, folder, terminal } = await installed('iso87-ascii', approve);
  await terminal.purchase(order);
  terminal.close();
  const records = await openRecords(folder);
  const next = createTerminal({ dialect: 'iso87-ascii', address: acquirer.address, records });
  expect((await next.purchase(order)).stan).toBe('000002');
  next.close();
  await records.ledger.close();
});

test('a declined purchase is no error', async () => {
  const { terminal } = await installed('iso87-ascii', () => [{ de39: '51' }]);
  expect(await terminal.purchase(order)).toMatchObject({ approved: false, outcome: 'answered', code: '51' });
});

test('silence ends after the time-out; the late answer is recorded and believed by nobody', async () => {
  const answering: Answering = ({ message }) =>
    message.mti === '0100' ? [] : [{ mti: '0110', de11: '000001', de39: '00' }, { de39: '00' }];
  const { records, terminal } = await installed('iso87-ascii', answering, { timeoutMs: 100 });
  expect(await terminal.purchase(order)).toMatchObject({
    approved: false,
    outcome: 'unanswered',
    reason: 'SIM_TERMINAL_NO_ANSWER',
  });
  await terminal.echo();
  const rows = (await records.ledger.rows()).filter((row) => row.stan === '000001');
  expect(rows).toMatchObject([
    { kind: 'sent' },
    { kind: 'unanswered', reason: 'SIM_TERMINAL_NO_ANSWER' },
    { kind: 'unexpected', mti: '0110', code: '00' },
  ]);
});

test('answers nobody waits for are counted and recorded: a duplicate, another STAN', async () => {
  const { records, terminal } = await installed('iso87-ascii', () => [
    { de39: '00', de11: '000999' },
    { de39: '00' },
    { de39: '00' },
  ]);
  expect((await terminal.purchase(order)).approved).toBe(true);
  await vi.waitFor(() => expect(terminal.unexpected).toBe(2));
  const rows = await records.ledger.rows();
  expect(rows.filter((row) => row.kind === 'unexpected').map((row) => row.stan)).toEqual([
    '000999',
    '000001',
  ]);
});

test('a connection closed before the answer is told from one never made', async () => {
  const { records, terminal } = await installed('iso87-ascii', () => ['close']);
  expect((await terminal.purchase(order)).reason).toBe('SIM_TERMINAL_CLOSED');
  const nowhere = createTerminal({
    dialect: 'iso87-ascii',
    address: { host: '127.0.0.1', port: 1 },
    records,
  });
  expect((await nowhere.purchase(order)).reason).toBe('SIM_TERMINAL_UNREACHABLE');
});

test('bytes that are no message are no answer', async () => {
  const garbage = Buffer.from('0008ffffffffffffffff', 'hex');
  const { terminal } = await installed('iso87-ascii', () => [garbage, { de39: '00' }]);
  expect((await terminal.purchase(order)).approved).toBe(true);
  expect(terminal.unexpected).toBe(1);
});

test('after a broken connection the next purchase makes a new one', async () => {
  let first = true;
  const { terminal } = await installed('iso87-ascii', (request) => {
    const answers = first ? (['close'] as const) : approve(request);
    first = false;
    return answers;
  });
  await terminal.purchase(order);
  expect((await terminal.purchase(order)).approved).toBe(true);
});

test('the records hold no card number, PIN block, track or PIN', async () => {
  const { acquirer, folder, records, terminal } = await installed('iso87-ascii', approve);
  await terminal.purchase({ ...order, pin: '90817263', track2: '4242424242424242=30121010000' });
  await records.ledger.flush();
  const text = readFileSync(join(folder, 'records.jsonl'), 'utf8').toLowerCase();
  const block = acquirer.received[0]?.message.de52?.reveal().toString('hex') ?? '';
  for (const secret of ['4242424242424242', '30121010000', '90817263', block]) {
    expect(text).not.toContain(secret);
  }
});
