import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Address } from '../../../runtime/index.ts';
import type { Exchange } from '../exchange.ts';
import type { PurchaseOrder } from '../messages.ts';
import { minorUnits } from '../money.ts';
import { profiles, type TerminalDialect, terminalDialects } from '../profiles.ts';
import { openRecords } from '../records.ts';
import type { ReversalPlan } from '../reversing.ts';
import { exchangeJson, exchangeTable } from '../show.ts';
import { createTerminal, type Terminal } from '../terminal.ts';
import { configuredPort, defaultTlsPort, socketsFor, type TlsOptions, tlsOptions } from './tls.ts';

export interface CommonOptions extends TlsOptions {
  dialect?: TerminalDialect;
  host: string;
  port?: number;
  terminal: string;
  merchant: string;
  records: string;
  timeout: number;
  json?: boolean;
  expect?: string;
}

export interface OrderOptions extends CommonOptions {
  /** Absent where the service has none. */
  amount?: string;
  cashback?: string;
  currency: string;
  card: string;
  pin?: string;
  expiry?: string;
  track2?: string;
  rrn?: string;
  approval?: string;
}

/** What says where a switch of `npm start` listens for each dialect, where it is not the usual port. */
const PORT_VARIABLES: Readonly<Record<TerminalDialect, string>> = {
  'iso87-ascii': 'SWITCH_PORT_ISO87',
  'pos-bcd': 'SWITCH_PORT_POS',
  'iso87-ascii-hex': 'SWITCH_PORT_ACQUIRER',
};

export function commonOptions(command: Command): Command {
  const ports = terminalDialects.map((name) => `${portFor(name)} for ${name}`);
  return tlsOptions(command)
    .addOption(new Option('--dialect <name>', 'how messages are written').choices(terminalDialects))
    .option('--host <host>', 'where the switch listens', '127.0.0.1')
    .option('--port <port>', `its port; default: ${ports.join(', ')}`, wholeNumber(1, 65_535))
    .option('--terminal <id>', 'DE41', matching(/^[\x21-\x7e]{8}$/, 'eight characters'), 'TERM0001')
    .option('--merchant <id>', 'DE42', matching(/^[\x20-\x7e]{15}$/, 'fifteen characters'), 'MERCHANT0000001')
    .option(
      '--records <folder>',
      "the terminal's own records",
      join(process.env['DATA_DIR'] || '.data', 'terminal'),
    )
    .option('--timeout <ms>', 'how long to wait for an answer', wholeNumber(1, 600_000), 10_000)
    .option('--json', 'print one JSON object a line');
}

export function cardOptions(command: Command): Command {
  return currencyOption(command)
    .option('--card <pan>', 'card number', matching(/^\d{12,19}$/, '12 to 19 digits'), '4242424242424242')
    .option(
      '--pin <pin>',
      'sent as a PIN block under the terminal key',
      matching(/^\d{4,12}$/, '4 to 12 digits'),
    )
    .option('--expiry <YYMM>', 'DE14', matching(/^\d{4}$/, 'four digits'), '3012')
    .option('--track2 <data>', 'DE35', matching(/^\d{12,19}[=D]\d{0,24}$/, 'PAN, "=" and digits'));
}

export function amountOption(command: Command): Command {
  return command.option('--amount <amount>', 'in major units', '25.00');
}

export function currencyOption(command: Command): Command {
  return command.option('--currency <code>', 'ISO 4217, numeric', matching(/^\d{3}$/, 'three digits'), '978');
}

export function rrnOption(command: Command, meaning: string): Command {
  return command.option('--rrn <rrn>', meaning, matching(/^[0-9A-Za-z ]{12}$/, 'twelve characters'));
}

export function stanOption(command: Command, meaning: string): Command {
  return command.option('--stan <stan>', meaning, matching(/^(?!0{6})\d{6}$/, 'six digits'));
}

export function approvalOption(command: Command, meaning: string): Command {
  return command.option('--approval <code>', meaning, matching(/^[0-9A-Za-z]{6}$/, 'six letters or digits'));
}

export function expectOption(command: Command): Command {
  return command.option('--expect <code>', 'exit 0 only when DE39 is this');
}

export function orderOf(options: OrderOptions): PurchaseOrder {
  const { amount = '0', approval, card, cashback, currency, expiry, pin, rrn, track2 } = options;
  return {
    card,
    currency,
    amount: minorUnits(amount, currency),
    ...(cashback === undefined ? {} : { cashback: minorUnits(cashback, currency, '--cashback') }),
    ...(pin === undefined ? {} : { pin }),
    ...(expiry === undefined ? {} : { expiry }),
    ...(track2 === undefined ? {} : { track2 }),
    ...(rrn === undefined ? {} : { rrn }),
    ...(approval === undefined ? {} : { approvalCode: approval }),
  };
}

export async function withTerminal(
  options: CommonOptions,
  use: (terminal: Terminal) => Promise<void>,
  reverseUnanswered?: ReversalPlan,
): Promise<void> {
  const dialect = options.dialect ?? 'iso87-ascii';
  const records = await openRecords(options.records);
  const { merchant, terminal: id, timeout: timeoutMs } = options;
  const terminal = createTerminal({
    dialect,
    records,
    merchant,
    timeoutMs,
    terminal: id,
    address: addressOf(options, dialect),
    sockets: socketsFor(options),
    ...(reverseUnanswered && { reverseUnanswered }),
  });
  try {
    await use(terminal);
  } finally {
    terminal.close();
    await records.ledger.close();
  }
}

export function addressOf(options: CommonOptions, dialect: TerminalDialect): Address {
  const { host, port = defaultTlsPort(options, dialect) ?? portFor(dialect) } = options;
  return { host, port };
}

function portFor(dialect: TerminalDialect): number {
  return configuredPort(PORT_VARIABLES[dialect]) ?? profiles[dialect].defaultPort;
}

/** Prints an exchange; asks for exit code 1 unless it went as wished. */
export function report(exchange: Exchange, { expect, json }: CommonOptions): void {
  console.log(json ? exchangeJson(exchange) : exchangeTable(exchange));
  const asWished = expect === undefined ? exchange.approved : exchange.code === expect;
  if (!asWished || exchange.macVerified === false) process.exitCode = 1;
}

export function wholeNumber(min: number, max: number) {
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
