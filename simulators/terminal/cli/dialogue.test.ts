import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { developmentKey } from '../../../hsm/index.ts';
import { checkValue, wrapKey } from '../../crypto/key-block.ts';
import { temporaryFolder } from '../../testing.ts';
import type { TerminalMessage } from '../profiles.ts';
import { type Answering, testAcquirer } from '../testing.ts';
import { terminalCommand } from './command.ts';

let records: string;
let printed: string[];
beforeEach(() => {
  records = temporaryFolder();
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line));
});
afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

const approve: Answering = ({ message }) => [{ de37: `632810${message.de11}`, de38: '123456', de39: '00' }];

/** A command line whose acquirer answers so; `run` gives the exit code it asks for. */
async function terminal(answering: Answering = approve, timeout = '2000') {
  const { address, received } = await testAcquirer('iso87-ascii', answering);
  const run = async (...args: string[]) => {
    process.exitCode = undefined;
    const program = terminalCommand();
    for (const each of program.commands) each.exitOverride();
    const common = ['--port', String(address.port), '--records', records, '--timeout', timeout];
    await program.parseAsync([...args, ...common], { from: 'user' });
    return Number(process.exitCode ?? 0);
  };
  const sent = (): TerminalMessage[] => received.map(({ message }) => message);
  return { run, sent };
}

test.each(['cash', 'cashback', 'refund', 'balance', 'preauth', 'verify', 'offline'])(
  '%s exits 0 when it is approved, 1 when it is declined',
  async (command) => {
    let code = '00';
    const { run, sent } = await terminal(() => [{ de39: code }]);
    expect(await run(command)).toBe(0);
    code = '57';
    expect(await run(command)).toBe(1);
    expect(await run(command, '--expect', '57', '--json')).toBe(0);
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ service: command, code: '57', stan: '000003' });
    expect(sent()).toHaveLength(3);
  },
);

test('a balance is printed with its sign', async () => {
  const de54 = [
    { accountType: '00', amountType: '01', currency: '978', sign: 'C', amount: '000000012345' },
    { accountType: '00', amountType: '02', currency: '978', sign: 'D', amount: '000000000050' },
  ];
  const { run } = await terminal(() => [{ de39: '00', de54 }]);
  await run('balance');
  expect(printed.join('\n')).toMatch(/ledger balance\s+123\.45 \(978\)/);
  expect(printed.join('\n')).toMatch(/available balance\s+-0\.50 \(978\)/);
});

test('cashback says how much is handed out', async () => {
  const { run, sent } = await terminal();
  await run('cashback', '--amount', '35.00', '--cashback', '10.00');
  expect(sent()[0]?.de54).toMatchObject([{ amountType: '40', amount: '000000001000' }]);
  await expect(run('cashback', '--cashback', '1.234')).rejects.toThrow('--cashback');
});

describe('corrections find their original in the records', () => {
  test('complete takes the latest pre-authorisation that stands', async () => {
    const { run, sent } = await terminal();
    await run('preauth', '--amount', '80.00');
    await run('purchase');
    expect(await run('complete', '--amount', '64.50')).toBe(0);
    expect(sent()[2]).toMatchObject({
      mti: '0220',
      de4: '000000006450',
      de37: '632810000001',
      de38: '123456',
    });
    await expect(run('complete')).rejects.toMatchObject({ code: 'SIM_TERMINAL_ORIGINAL' });
    expect(await run('complete', '--rrn', '632810999999', '--approval', '654321')).toBe(0);
    expect(sent()[3]).toMatchObject({ de37: '632810999999', de38: '654321' });
  });

  test('void takes the latest that stands, or the one that is named', async () => {
    const { run, sent } = await terminal();
    await run('purchase');
    await run('cash');
    await run('refund');
    expect(await run('void', '--stan', '000002')).toBe(0);
    expect(await run('void')).toBe(0);
    expect(await run('void', '--rrn', '632810000077')).toBe(0);
    expect(
      sent()
        .slice(3)
        .map(({ de37 }) => de37),
    ).toEqual(['632810000002', '632810000003', '632810000077']);
  });

  test('reversal takes also what was never answered, in full or in part, until acknowledged', async () => {
    let silent = 2;
    const { run, sent } = await terminal((request) => {
      if (request.message.mti === '0100') return [];
      silent -= 1;
      return silent >= 0 ? [] : approve(request);
    }, '50');
    expect(await run('purchase')).toBe(1);
    expect(await run('reversal', '--remaining', '10.00', '--attempts', '3', '--every', '1')).toBe(0);
    expect(sent().map(({ mti }) => mti)).toEqual(['0100', '0400', '0401', '0401']);
    expect(sent()[1]?.de95?.transaction).toBe('000000001000');
    await run('reversal');
    await expect(run('reversal')).rejects.toMatchObject({ code: 'SIM_TERMINAL_ORIGINAL' });
  });
});

test('--reverse takes back what is not answered, and the table says what became of it', async () => {
  const { run, sent } = await terminal(
    ({ message }) => (message.mti === '0100' ? [] : [{ de39: '00' }]),
    '50',
  );
  expect(await run('purchase', '--reverse')).toBe(1);
  expect(sent().map(({ mti }) => mti)).toEqual(['0100', '0400']);
  expect(printed.join('\n')).toMatch(/reversal\s+acknowledged/);
});

test('settle prints totals and every message, and exits 0 only when the batch is settled', async () => {
  let totals = '95';
  const { run, sent } = await terminal((request) =>
    request.message.de3 === '920000' ? [{ de39: totals }] : approve(request),
  );
  await run('purchase');
  expect(await run('settle')).toBe(0);
  for (const part of ['1, 25.00 (978)', '0320, STAN 000003: 00', 'uploaded', 'yes']) {
    expect(printed.at(-1)).toContain(part);
  }
  totals = '12';
  await run('purchase');
  expect(await run('settle', '--json')).toBe(1);
  expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({
    batch: 2,
    settled: false,
    exchanges: [{ code: '12' }],
  });
  expect(sent().at(-1)?.de60).toBe('000002');
});

test('logon signs on, --off signs off', async () => {
  const { run, sent } = await terminal();
  expect(await run('logon')).toBe(0);
  await run('logon', '--off');
  expect(sent().map(({ de70 }) => de70)).toEqual(['001', '002']);
});

describe('keys', () => {
  const fresh = { pin: Buffer.alloc(16, 0x10), mac: Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex') };
  const given = (kcv = checkValue(fresh.mac)) => {
    const wrap = (usage: string, mode: string, key: Buffer) =>
      wrapKey('B', developmentKey('TMK/TERM0001'), { usage, mode }, key, (length) => Buffer.alloc(length));
    return checkValue(fresh.pin) + wrap('P0', 'E', fresh.pin) + kcv + wrap('M3', 'C', fresh.mac);
  };

  test('are asked for, installed, confirmed under the new ones, and used in later runs', async () => {
    const { run, sent } = await terminal(({ message }) => [
      'unsealed',
      { de39: '00', ...(message.de70 === '101' && { de62: given() }) },
    ]);
    expect(await run('keys')).toBe(0);
    expect(printed.join('\n')).toMatch(/MAC key +KCV 08D7B4/);
    expect(sent()).toMatchObject([
      { mti: '0800', de70: '101' },
      { mti: '0800', de70: '102', de62: `${checkValue(fresh.pin)}08D7B4` },
    ]);
    expect(sent().map(({ de128 }) => de128 === undefined)).toEqual([true, false]);
    await run('purchase');
    await run('purchase', '--records', temporaryFolder());
    const [underNew, underOld] = sent()
      .slice(2)
      .map(({ de64 }) => de64?.hex());
    expect(underNew).not.toBe(underOld);
  });

  test('--no-confirm leaves it to the next message', async () => {
    const { run, sent } = await terminal(() => ['unsealed', { de39: '00', de62: given() }]);
    expect(await run('keys', '--no-confirm', '--json')).toBe(0);
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ installed: true, computed: { mac: '08D7B4' } });
    expect(sent()).toHaveLength(1);
    expect(printed.join()).not.toContain('B0080');
  });

  test.each([
    ['another KCV is told', () => given('FFFFFF')],
    ['a block is altered', () => given().replace('P0T', 'D0T')],
    ['there is one key only', () => given().slice(0, 86)],
  ])('are not installed where %s: it says what it has, and exits 1', async (_, de62) => {
    const { run, sent } = await terminal(({ message }) => [
      'unsealed',
      message.de70 === '101' ? { de39: '00', de62: de62() } : { de39: '79' },
    ]);
    expect(await run('keys')).toBe(1);
    expect(printed.join('\n')).toMatch(/installed +NO/);
    expect(sent()).toMatchObject([
      { de70: '101' },
      { de70: '102', de62: expect.stringMatching(/^[0-9A-F]{12}$/) },
    ]);
  });

  test('that are refused exit 1', async () => {
    const { run } = await terminal(() => ['unsealed', { de39: '58' }]);
    expect(await run('keys')).toBe(1);
  });
});

describe('increment', () => {
  test('names the latest pre-authorisation, and is part of it from then on', async () => {
    const { run, sent } = await terminal();
    await run('preauth', '--amount', '80.00');
    expect(await run('increment', '--amount', '20.00', '--json')).toBe(0);
    expect(sent()[1]).toMatchObject({
      mti: '0100',
      de25: '06',
      de4: '000000002000',
      de11: '000002',
      de37: '632810000001',
      de38: '123456',
    });
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ service: 'increment', approved: true });
    expect(await run('void')).toBe(0);
    expect(sent()[2]).toMatchObject({ de3: '020000', de37: '632810000001' });
  });

  test('of nothing in the records is refused, unless it is named', async () => {
    const { run, sent } = await terminal();
    await expect(run('increment')).rejects.toMatchObject({ code: 'SIM_TERMINAL_ORIGINAL' });
    expect(await run('increment', '--rrn', '632810000009', '--approval', 'A1B2C3')).toBe(0);
    expect(sent()[0]).toMatchObject({ de37: '632810000009', de38: 'A1B2C3' });
  });
});
