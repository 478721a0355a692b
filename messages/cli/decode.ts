import { Command } from 'commander';
import { type Codec, compile } from '../codec.ts';
import type { Dialect, Message } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { explain } from '../explain.ts';
import { type FramingName, framing } from '../framing.ts';
import { toPlain } from '../plain.ts';
import { referencePage } from '../reference.ts';
import {
  bytesFromHex,
  type Console,
  dialectOf,
  framingOf,
  processConsole,
  type SourceOptions,
  strictnessOf,
  tellError,
  withSource,
} from './source.ts';
import { differenceTable, messageTable } from './table.ts';

interface DecodeOptions extends SourceOptions {
  readonly json?: boolean;
  readonly reveal?: boolean;
  readonly describe?: boolean;
  readonly diff?: boolean;
}

const example = `
Examples:
  $ npx etika-switch decode 303830308220000000000000040000000000000031313233313830353031303030303434333031
  $ npx etika-switch decode --dialect pos-bcd --json 08008220000000000000040000000000000011231805010000440301
  $ echo 001c08008220000000000000040000000000000011231805010000440301 | npx etika-switch decode --dialect pos-bcd --framing length-2
  $ npx etika-switch decode --dialect iso87-bcd --accept pad-nibbles 080000001000000000000978
  $ npx etika-switch decode --dialect visa-base1 --describe
  $ npx etika-switch decode --dialect pos-bcd --diff 08000020000000000000000044 08000020000000000000000045`;

/** `etika-switch decode`: bytes in hex → a table, or JSON. */
export function decodeCommand(io: Console = processConsole): Command {
  const command = new Command('decode')
    .description('show an ISO 8583 message given in hex, card data masked')
    .argument('[hex...]', 'the message; without it, standard input');
  return withSource(command)
    .option('--json', 'print {"mti", "fields"} instead of a table, and an error as one object')
    .option('--reveal', 'with --json: card data in clear, as encode needs it')
    .option('--describe', 'print the reference page of the dialect instead')
    .option('--diff', 'show in which fields two messages differ')
    .addHelpText('after', example)
    .action((words: string[], options: DecodeOptions) => {
      let state: { bytes: Buffer; dialect: Dialect } | undefined;
      try {
        const dialect = dialectOf(options);
        const codec = compile(dialect, strictnessOf(options)) as unknown as Codec<Message>;
        const read = (hex: string) => {
          const bytes = unframed(bytesFromHex(hex), framingOf(options));
          state = { bytes, dialect };
          return codec.parse(bytes);
        };
        if (options.describe) io.out(referencePage(dialect));
        else if (options.diff) io.out(difference(dialect, words, read));
        else io.out(shown(dialect, read(words.length > 0 ? words.join('') : io.input()), options));
      } catch (error) {
        const text =
          state && error instanceof IsoError ? explain(error, state.bytes, state.dialect) : undefined;
        tellError(io, error, { isJson: options.json ?? false, explanation: text ?? '' });
      }
    });
}

function shown(dialect: Dialect, message: Message, { json, reveal }: DecodeOptions): string {
  if (!json) return messageTable(dialect, message);
  return JSON.stringify(toPlain(message, reveal ? 'revealed' : 'masked'));
}

function difference(dialect: Dialect, words: readonly string[], read: (hex: string) => Message): string {
  const [left, right] = words;
  if (left === undefined || right === undefined || words.length > 2) {
    throw new IsoError('ISO_VALUE', { path: 'input', expected: 'two messages', found: String(words.length) });
  }
  return differenceTable(dialect, read(left), read(right));
}

/** The most that a length of two bytes can announce. */
const longestFrame = 65_535;

function unframed(stream: Buffer, name: FramingName | undefined): Buffer {
  if (name === undefined) return stream;
  const bodies: Buffer[] = [];
  const reader = framing(name).reader({ maxFrameBytes: longestFrame });
  reader.push(stream, (body) => bodies.push(body));
  reader.end((body) => bodies.push(body));
  const [body] = bodies;
  if (!body || bodies.length > 1) {
    throw new IsoError('ISO_FRAME_LENGTH', {
      path: 'frame',
      expected: 'one frame',
      found: String(bodies.length),
    });
  }
  return body;
}
