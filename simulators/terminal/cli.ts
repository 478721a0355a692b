import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Address } from '../../runtime/index.ts';
import { developmentTerminalKeys, needsMac } from './keys.ts';
import { runLoad } from './load.ts';
import { minorUnits } from './money.ts';
import { profiles, type TerminalDialect, terminalDialects } from './profiles.ts';
import { openRecords } from './records.ts';
import { parseSample, type SampleReply, sendSample } from './sample.ts';
import { exchangeJson, exchangeTable, loadTable, progressLine, sampleTable } from './show.ts';
import { createTerminal, type Exchange, type Terminal } from './terminal.ts';

interface CommonOptions {
  dialect?: TerminalDialect;
  host: string;
  port?: number;
  terminal: string;
  merchant: string;
  records: string;
  timeout: number;
  json?: boolean;
}

interface PurchaseOptions extends CommonOptions {
  amount: string;
  currency: string;
  card: string;
  pin?: string;
  expiry?: string;
  track2?: string;
  rrn?: string;
  stan?: string;
  repeat: number;
  expect?: string;
}

/** `etika-switch terminal …`: a card terminal (or an acquirer's host) at the command line. */
export function terminalCommand(): Command {
  return new Command('terminal')
    .description('Plays a card terminal: sends purchases, echoes, raw samples, or a steady load.')
    .addCommand(purchaseCommand())
    .addCommand(echoCommand())
    .addCommand(sendCommand())
    .addCommand(loadCommand());
}

function purchaseCommand(): Command {
  return orderOptions(commonOptions(new Command('purchase')))
    .description('Sends a purchase (0100). Exits 0 only when it is approved, or --expect matches.')
    .option(
      '--rrn <rrn>',
      'DE37; default: left to the switch',
      matching(/^[0-9A-Za-z ]{12}$/, 'twelve characters'),
    )
    .option(
      '--stan <stan>',
      'DE11; default: the next one of this terminal',
      matching(/^(?!0{6})\d{6}$/, 'six digits'),
    )
    .option('--repeat <times>', 'send the same bytes again so many times', wholeNumber(0, 1_000), 0)
    .addOption(expectOption())
    .action(async (options: PurchaseOptions) => {
      await withTerminal(options, async (terminal) => {
        report(await terminal.purchase(orderOf(options), options.stan), options);
        for (let repeats = 0; repeats < options.repeat; repeats += 1)
          report(await terminal.repeat(), options);
      });
    });
}

function echoCommand(): Command {
  return commonOptions(new Command('echo'))
    .description('Sends an echo test (0800, DE70 301).')
    .addOption(expectOption())
    .action((options: CommonOptions & { expect?: string }) =>
      withTerminal(options, async (terminal) => report(await terminal.echo(), options)),
    );
}

function sendCommand(): Command {
  return commonOptions(new Command('send'))
    .description('Sends the raw bytes of a sample file as they are and shows what comes back.')
    .argument('<file>', 'hex digits; "#" begins a comment, "# dialect: NAME" names the listener')
    .option('--expect <code>', 'exit 0 only when DE39 is this, or "closed"; default: any answer')
    .action(async (file: string, options: CommonOptions & { expect?: string }) => {
      const sample = parseSample(file, await readFile(file, 'utf8'), options.dialect);
      const reply = await sendSample(sample, addressOf(options, sample.dialect), options.timeout);
      const macVerified = replyMac(reply, sample.dialect);
      const shown =
        reply.outcome === 'answered' ? { outcome: reply.outcome, ...reply.message, macVerified } : reply;
      console.log(options.json ? JSON.stringify(shown) : sampleTable(reply, macVerified));
      const got = reply.outcome === 'answered' ? reply.message.de39 : reply.outcome;
      if (options.expect === undefined ? reply.outcome !== 'answered' : got !== options.expect)
        process.exitCode = 1;
    });
}

function loadCommand(): Command {
  return orderOptions(commonOptions(new Command('load')))
    .description('Sends purchases at a steady rate, answered or not, and prints latencies and codes.')
    .option('--rate <perSecond>', 'purchases a second', wholeNumber(1, 20_000), 100)
    .option('--seconds <seconds>', 'how long', wholeNumber(1, 3_600), 5)
    .option('--connections <count>', 'TCP connections', wholeNumber(1, 1_000), 4)
    .option('--terminals <count>', 'development terminals TERM0001, TERM0002, …', wholeNumber(1, 10), 10)
    .action(
      async (
        options: PurchaseOptions & { rate: number; seconds: number; connections: number; terminals: number },
      ) => {
        const dialect = options.dialect ?? 'iso87-ascii';
        const records = await openRecords(`${options.records}/load`);
        const { rate, seconds, connections, merchant, timeout: timeoutMs } = options;
        const result = await runLoad({
          ...{ dialect, records, rate, seconds, connections, merchant, timeoutMs },
          address: addressOf(options, dialect),
          terminals: Array.from(
            { length: options.terminals },
            (_, i) => `TERM${String(i + 1).padStart(4, '0')}`,
          ),
          order: orderOf(options),
          onProgress: (progress) => process.stderr.write(`${progressLine(progress)}\n`),
        });
        await records.ledger.close();
        console.log(options.json ? JSON.stringify(result) : loadTable(result));
        if (result.answered === 0) process.exitCode = 1;
      },
    );
}

function commonOptions(command: Command): Command {
  const ports = terminalDialects.map((name) => `${profiles[name].defaultPort} for ${name}`);
  return command
    .addOption(new Option('--dialect <name>', 'how messages are written').choices(terminalDialects))
    .option('--host <host>', 'where the switch listens', '127.0.0.1')
    .option('--port <port>', `its port; default: ${ports.join(', ')}`, wholeNumber(1, 65_535))
    .option('--terminal <id>', 'DE41', matching(/^[\x21-\x7e]{8}$/, 'eight characters'), 'TERM0001')
    .option('--merchant <id>', 'DE42', matching(/^[\x20-\x7e]{15}$/, 'fifteen characters'), 'MERCHANT0000001')
    .option('--records <folder>', "the terminal's own records", '.data/terminal')
    .option('--timeout <ms>', 'how long to wait for an answer', wholeNumber(1, 600_000), 10_000)
    .option('--json', 'print one JSON object a line');
}

function orderOptions(command: Command): Command {
  return command
    .option('--amount <amount>', 'in major units', '25.00')
    .option('--currency <code>', 'ISO 4217, numeric', matching(/^\d{3}$/, 'three digits'), '978')
    .option('--card <pan>', 'card number', matching(/^\d{12,19}$/, '12 to 19 digits'), '4242424242424242')
    .option(
      '--pin <pin>',
      'sent as a PIN block under the terminal key',
      matching(/^\d{4,12}$/, '4 to 12 digits'),
    )
    .option('--expiry <YYMM>', 'DE14', matching(/^\d{4}$/, 'four digits'), '3012')
    .option('--track2 <data>', 'DE35', matching(/^\d{12,19}[=D]\d{0,24}$/, 'PAN, "=" and digits'));
}

function expectOption(): Option {
  return new Option('--expect <code>', 'exit 0 only when DE39 is this');
}

function orderOf({ amount, card, currency, expiry, pin, rrn, track2 }: PurchaseOptions) {
  return {
    ...{ card, currency, amount: minorUnits(amount, currency) },
    ...(pin === undefined ? {} : { pin }),
    ...(expiry === undefined ? {} : { expiry }),
    ...(track2 === undefined ? {} : { track2 }),
    ...(rrn === undefined ? {} : { rrn }),
  };
}

async function withTerminal(
  options: CommonOptions,
  use: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  const dialect = options.dialect ?? 'iso87-ascii';
  const records = await openRecords(options.records);
  const { merchant, terminal: id, timeout: timeoutMs } = options;
  const address = addressOf(options, dialect);
  const terminal = createTerminal({ dialect, address, records, merchant, timeoutMs, terminal: id });
  try {
    await use(terminal);
  } finally {
    terminal.close();
    await records.ledger.close();
  }
}

function addressOf({ host, port }: CommonOptions, dialect: TerminalDialect): Address {
  return { host, port: port ?? profiles[dialect].defaultPort };
}

function report(exchange: Exchange, { expect, json }: { expect?: string; json?: boolean }): void {
  console.log(json ? exchangeJson(exchange) : exchangeTable(exchange));
  const asWished = expect === undefined ? exchange.approved : exchange.code === expect;
  if (!asWished || exchange.macVerified === false) process.exitCode = 1;
}

/** The MAC of an answer to a development terminal; undefined where the dialect has none. */
function replyMac(reply: SampleReply, dialect: TerminalDialect): boolean | undefined {
  const profile = profiles[dialect];
  const terminal = reply.outcome === 'answered' ? reply.message.de41?.trimEnd() : undefined;
  if (reply.outcome !== 'answered' || !profile.secured || !needsMac(reply.message)) return undefined;
  return /^TERM00(0[1-9]|10)$/.test(terminal ?? '')
    ? developmentTerminalKeys(terminal ?? '').isSealed(profile, reply.packed)
    : undefined;
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

function matching(pattern: RegExp, expected: string) {
  return (text: string): string => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}
