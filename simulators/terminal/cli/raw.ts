import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { developmentTerminalKeys, needsMac } from '../keys.ts';
import { runLoad } from '../load.ts';
import { profiles, type TerminalDialect } from '../profiles.ts';
import { openRecords } from '../records.ts';
import { parseSample, type SampleReply, sendSample } from '../sample.ts';
import { loadTable, progressLine, sampleTable } from '../show.ts';
import {
  addressOf,
  amountOption,
  type CommonOptions,
  cardOptions,
  commonOptions,
  type OrderOptions,
  orderOf,
  wholeNumber,
} from './options.ts';
import { socketsFor } from './tls.ts';

export function sendCommand(): Command {
  return commonOptions(new Command('send'))
    .description('Sends the raw bytes of a sample file as they are and shows what comes back.')
    .argument('<file>', 'hex digits; "#" begins a comment, "# dialect: NAME" names the listener')
    .option('--expect <code>', 'exit 0 only when DE39 is this, or "closed"; default: any answer')
    .action(async (file: string, options: CommonOptions) => {
      const sample = parseSample(file, await readFile(file, 'utf8'), options.dialect);
      const reply = await sendSample(sample, {
        address: addressOf(options, sample.dialect),
        sockets: socketsFor(options),
        timeoutMs: options.timeout,
      });
      const macVerified = replyMac(reply, sample.dialect);
      const shown =
        reply.outcome === 'answered' ? { outcome: reply.outcome, ...reply.message, macVerified } : reply;
      console.log(options.json ? JSON.stringify(shown) : sampleTable(reply, macVerified));
      const got = reply.outcome === 'answered' ? reply.message.de39 : reply.outcome;
      if (options.expect === undefined ? reply.outcome !== 'answered' : got !== options.expect) {
        process.exitCode = 1;
      }
    });
}

interface LoadOptions extends OrderOptions {
  rate: number;
  seconds: number;
  connections: number;
  terminals: number;
}

export function loadCommand(): Command {
  return amountOption(cardOptions(commonOptions(new Command('load'))))
    .description('Sends purchases at a steady rate, answered or not, and prints latencies and codes.')
    .option('--rate <perSecond>', 'purchases a second', wholeNumber(1, 20_000), 100)
    .option('--seconds <seconds>', 'how long', wholeNumber(1, 3_600), 5)
    .option('--connections <count>', 'TCP connections', wholeNumber(1, 1_000), 4)
    .option('--terminals <count>', 'development terminals TERM0001, TERM0002, …', wholeNumber(1, 10), 10)
    .action(async (options: LoadOptions) => {
      const dialect = options.dialect ?? 'iso87-ascii';
      const records = await openRecords(`${options.records}/load`);
      const { rate, seconds, connections, merchant, timeout: timeoutMs } = options;
      const result = await runLoad({
        dialect,
        records,
        rate,
        seconds,
        connections,
        merchant,
        timeoutMs,
        keyFolder: options.records,
        address: addressOf(options, dialect),
        sockets: socketsFor(options),
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
    });
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
