/**
 * The command line as operators and testers use it, with messages and arguments that hold a card. What it prints is
 * kept.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { System } from '../../deploy/start/system.ts';
import { CardVerificationValue, compile, mastercardCis } from '../../messages/index.ts';
import type { Wallet } from '../secrets/wallet.ts';
import type { Answers } from './answers.ts';
import { Post } from './post.ts';

export interface CommandLine {
  readonly system: System;
  readonly dataDir: string;
  readonly wallet: Wallet;
  readonly printed: Answers;
  /** Only those that read messages, and one of each other kind. */
  readonly isShort: boolean;
}

interface Command {
  readonly what: string;
  readonly args: readonly string[];
}

const ENTRY = join(import.meta.dirname, '../../deploy/cli/etika-switch.js');
const WITHIN_MS = 60_000;
const AT_ONCE = 3;
const MOST_BYTES = 16 * 1_024 * 1_024;

export async function useCommandLine(order: CommandLine): Promise<void> {
  const waiting = [...commandsOf(order)];
  const next = async (): Promise<void> => {
    const command = waiting.shift();
    if (!command) return;
    await run(order, command);
    await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

function commandsOf({ system, dataDir, wallet, isShort }: CommandLine): Command[] {
  const ascii = new Post('command line', 'iso87-ascii', { port: 0 }, wallet);
  const packed = new Post('command line, pos-bcd', 'pos-bcd', { port: 0 }, wallet);
  const card = (what: string) => wallet.card(`command line, ${what}`);
  // Elements of private use are shown as they stand (docs/leak-scan.md): none of them has a card in it here.
  const hex = (post: Post, what: string) => {
    const { de48: _, ...message } = post.payment(post.card(what));
    return post.sender.profile.codec.pack(message).toString('hex');
  };
  const settings = ['--settings', join(dataDir, 'switch.settings.json')];
  const buyer = card('terminal purchase');
  const file = join(dataDir, 'sample.hex');
  writeFileSync(file, `# dialect: iso87-ascii\n${frameHex(ascii)}\n`);

  const always: Command[] = [
    { what: 'decode', args: ['decode', hex(ascii, 'decode')] },
    {
      what: 'decode --json',
      args: ['decode', '--json', '--dialect', 'pos-bcd', hex(packed, 'decode --json')],
    },
    {
      what: 'decode, verification values',
      args: ['decode', '--json', '--dialect', 'mastercard-cis', typedVerificationValue(wallet)],
    },
    { what: 'decode, cut off', args: ['decode', '--json', hex(ascii, 'decode, cut off').slice(0, -6)] },
    { what: 'encode, unknown element', args: ['encode', '--json', encodable(card('encode'))] },
    {
      what: 'terminal purchase',
      args: [
        'terminal',
        'purchase',
        '--json',
        '--port',
        String(system.ports.iso87),
        '--records',
        join(dataDir, 'terminal'),
        '--card',
        buyer.pan,
        '--pin',
        buyer.pin,
        '--track2',
        buyer.track2,
      ],
    },
    { what: 'find', args: ['find', ...settings, '--json', '--since', '1h', '--limit', '200'] },
  ];
  if (isShort) return always;
  return [
    ...always,
    {
      what: 'decode --diff',
      args: ['decode', '--diff', hex(ascii, 'decode --diff'), hex(ascii, 'decode --diff, other')],
    },
    {
      what: 'decode, other dialect',
      args: ['decode', '--dialect', 'visa-base1', hex(ascii, 'decode, other dialect')],
    },
    { what: 'terminal send', args: ['terminal', 'send', '--port', String(system.ports.iso87), file] },
    { what: 'find by a number', args: ['find', ...settings, '--rrn', card('find by a number').pan] },
    { what: 'alerts', args: ['alerts', 'list', ...settings] },
    { what: 'parked', args: ['parked', 'list', ...settings] },
    { what: 'recon cases', args: ['recon', 'cases', ...settings] },
    { what: 'network ledger', args: ['network', '--url', system.visa.controlUrl, 'ledger'] },
    { what: 'hsm status', args: ['hsm', 'status', '--socket', join(dataDir, 'hsm.sock')] },
  ];
}

/**
 * Where a dialect says that a verification value is: three digits, told from others by the tag and length before them.
 */
function typedVerificationValue(wallet: Wallet): string {
  const value = wallet.digits('CVC 2', 3);
  wallet.keep('cvv', 'command line, DE48, element 92', { text: `"se92":"${value}"` });
  wallet.keep('cvv', 'command line, DE48, element 92, as packed', { text: `T9203${value}` });
  const codec = compile(mastercardCis);
  return codec
    .pack({
      mti: '0100',
      de11: '000001',
      de48: { tcc: 'T', se92: CardVerificationValue.of(value) },
    } as never)
    .toString('hex');
}

function frameHex(post: Post): string {
  return post.frame(post.payment(post.card('terminal send'))).toString('hex');
}

/** Card data beside an element that no dialect has. */
function encodable({ pan, track2 }: { pan: string; track2: string }): string {
  return JSON.stringify({ mti: '0100', fields: { 2: pan, 35: track2, 300: pan } });
}

/** What it prints on both streams, whatever it exits with. */
export function run(
  { printed }: Pick<CommandLine, 'printed'>,
  { what, args }: Command,
  entry = ENTRY,
): Promise<void> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [entry, ...args],
      { timeout: WITHIN_MS, maxBuffer: MOST_BYTES, encoding: 'buffer' },
      (_, stdout, stderr) => {
        printed.keep(`${what}, output`, stdout);
        printed.keep(`${what}, errors`, stderr);
        resolve();
      },
    );
  });
}
