import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../testing.ts';
import { type Answering, testAcquirer } from '../testing.ts';
import { terminalCommand } from './command.ts';

let records: string;
let printed: string[];
beforeEach(() => {
  records = temporaryFolder();
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

const approve: Answering = () => [{ de37: '632810000001', de38: '123456', de39: '00' }];
const sample = (name: string) => join(import.meta.dirname, '../samples', `${name}.hex`);

/** Runs the command line and gives the exit code it asks for. */
async function run(port: number, ...args: string[]): Promise<number> {
  const [command = '', ...rest] = args;
  const common = ['--port', String(port), '--records', records, '--timeout', '2000'];
  const program = terminalCommand();
  for (const each of program.commands) each.exitOverride();
  await program.parseAsync([command, ...rest, ...common], { from: 'user' });
  return Number(process.exitCode ?? 0);
}

async function listening(
  answering: Answering = approve,
  dialect: Parameters<typeof testAcquirer>[0] = 'iso87-ascii',
) {
  const { address, received } = await testAcquirer(dialect, answering);
  return { port: address.port, received };
}

describe('purchase', () => {
  test('an approved one prints a table for people and exits 0', async () => {
    const { port, received } = await listening();
    const args = ['--amount', '25.00', '--currency', '978', '--card', '4242424242424242', '--pin', '1234'];
    expect(await run(port, 'purchase', ...args)).toBe(0);
    for (const part of [
      '0100',
      'TERM0001',
      '25.00 (978)',
      '00 approved',
      '632810000001',
      '123456',
      'verified',
    ]) {
      expect(printed.join('\n')).toContain(part);
    }
    expect(received[0]?.message).toMatchObject({ de4: '000000002500', de49: '978', de14: '3012' });
  });

  test('--json prints one object without the card number', async () => {
    const { port } = await listening();
    await run(port, 'purchase', '--json', '--pin', '1234');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      approved: true,
      code: '00',
      amount: 2_500,
      macVerified: true,
      replyMti: '0110',
    });
    expect(printed[0]).not.toContain('4242424242424242');
  });

  test('a declined one exits 1, unless that was expected', async () => {
    const { port } = await listening(() => [{ de39: '51' }]);
    expect(await run(port, 'purchase')).toBe(1);
    process.exitCode = undefined;
    expect(await run(port, 'purchase', '--expect', '51')).toBe(0);
  });

  test('an approval with a wrong MAC exits 1 even where 00 was expected', async () => {
    const { port } = await listening(() => ['unsealed', { de39: '00' }]);
    expect(await run(port, 'purchase', '--expect', '00')).toBe(1);
    expect(printed.join('\n')).toContain('MISSING OR WRONG');
  });

  test('--repeat sends the same STAN again, --stan chooses it', async () => {
    const { port, received } = await listening();
    await run(port, 'purchase', '--repeat', '2', '--stan', '000042');
    expect(received.map(({ message }) => message.de11)).toEqual(['000042', '000042', '000042']);
    expect(printed).toHaveLength(3);
  });

  test('the next run goes on with the next STAN', async () => {
    const { port, received } = await listening();
    await run(port, 'purchase');
    await run(port, 'purchase');
    expect(received.map(({ message }) => message.de11)).toEqual(['000001', '000002']);
  });

  test.each(['pos-bcd', 'iso87-ascii-hex'] as const)('works in %s', async (dialect) => {
    const { port, received } = await listening(approve, dialect);
    expect(await run(port, 'purchase', '--dialect', dialect, '--pin', '1234')).toBe(0);
    expect(received[0]?.message.de52 === undefined).toBe(dialect === 'iso87-ascii-hex');
  });

  test('nobody listening is told, and exits 1', async () => {
    expect(await run(1, 'purchase')).toBe(1);
    expect(printed.join('\n')).toContain('SIM_TERMINAL_UNREACHABLE');
  });

  test.each([
    ['--amount', '25.001'],
    ['--card', '42'],
    ['--pin', '12'],
    ['--stan', '000000'],
    ['--currency', 'EUR'],
    ['--terminal', 'SHORT'],
    ['--repeat', '-1'],
    ['--dialect', 'morse'],
  ])('%s %s is refused before anything is sent', async (option, value) => {
    const { port, received } = await listening();
    await expect(run(port, 'purchase', option, value)).rejects.toThrow();
    expect(received).toEqual([]);
  });
});

test('echo exits 0 on 00', async () => {
  const { port } = await listening(() => [{ de39: '00' }]);
  expect(await run(port, 'echo')).toBe(0);
  expect(printed.join('\n')).toContain('0810');
});

describe('send', () => {
  test('shows the decoded answer, the card masked, and whether its MAC is right', async () => {
    const { port, received } = await listening(({ message }) => [{ de2: message.de2, de39: '00' }]);
    expect(await run(port, 'send', sample('iso87-ascii-purchase-pin'))).toBe(0);
    expect(received[0]?.message.de11).toBe('900002');
    for (const part of ['0110', '424242******4242', '00 approved', 'verified']) {
      expect(printed.join('\n')).toContain(part);
    }
  });

  test('--json prints the fields', async () => {
    const { port } = await listening(() => [{ de39: '05' }]);
    await run(port, 'send', sample('iso87-ascii-purchase'), '--json');
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      outcome: 'answered',
      mti: '0110',
      de39: '05',
      macVerified: true,
    });
  });

  test('the sample names its own dialect', async () => {
    const { port, received } = await listening(approve, 'pos-bcd');
    expect(await run(port, 'send', sample('pos-bcd-purchase'))).toBe(0);
    expect(received[0]?.frameHeader?.toString('hex')).toBe('6000010000');
  });

  test('a closed connection exits 1, unless it was expected', async () => {
    const { port } = await listening(() => ['close']);
    expect(await run(port, 'send', sample('iso87-ascii-purchase'))).toBe(1);
    process.exitCode = undefined;
    expect(await run(port, 'send', sample('iso87-ascii-purchase'), '--expect', 'closed')).toBe(0);
  });

  test('a file that is no sample is refused', async () => {
    await expect(run(1, 'send', join(import.meta.dirname, '../samples', 'README.md'))).rejects.toMatchObject({
      code: 'SIM_TERMINAL_SAMPLE',
    });
  });
});

test('load prints throughput, latencies and codes', async () => {
  const { port } = await listening(() => ['unsealed', { de39: '00' }]);
  expect(await run(port, 'load', '--rate', '50', '--seconds', '1', '--connections', '2')).toBe(0);
  expect(printed.join('\n')).toMatch(/answered\s+50 /);
  expect(printed.join('\n')).toMatch(/p50 [\d.]+ ms, p99 [\d.]+ ms/);
  expect(printed.join('\n')).toContain('00 × 50');
});
