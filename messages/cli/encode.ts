import { Command } from 'commander';
import { type Codec, compile } from '../codec.ts';
import type { Message } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { framing } from '../framing.ts';
import { fromPlain, type PlainMessage } from '../plain.ts';
import {
  type Console,
  dialectOf,
  framingOf,
  processConsole,
  type SourceOptions,
  strictnessOf,
  tellError,
  withSource,
} from './source.ts';

const example = `
Examples:
  $ npx etika-switch encode '{"mti":"0800","fields":{"7":"1123180501","11":"000044","70":"301"}}'
  $ npx etika-switch decode --json --reveal 303830300020000000000000303030303434 | npx etika-switch encode --dialect pos-bcd --framing length-2`;

/** `etika-switch encode`: the JSON that `decode --json --reveal` prints → hex. */
export function encodeCommand(io: Console = processConsole): Command {
  const command = new Command('encode')
    .description('write an ISO 8583 message given as JSON in hex')
    .argument('[json]', '{"mti", "fields"}; without it, standard input');
  return withSource(command)
    .option('--json', 'print {"hex"}, and an error as one object')
    .addHelpText('after', example)
    .action((json: string | undefined, options: SourceOptions & { json?: boolean }) => {
      try {
        const dialect = dialectOf(options);
        const name = framingOf(options);
        const codec = compile(dialect, strictnessOf(options)) as unknown as Codec<Message>;
        const packed = codec.pack(fromPlain(dialect, messageFrom(json ?? io.input())) as unknown as Message);
        const framed = name === undefined ? packed : framing(name).encode(packed);
        const hex = framed.toString('hex').toUpperCase();
        io.out(options.json ? JSON.stringify({ hex }) : hex);
      } catch (error) {
        tellError(io, error, { isJson: options.json ?? false });
      }
    });
}

function messageFrom(json: string): PlainMessage {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new IsoError('ISO_VALUE', { path: 'input', expected: 'JSON', found: 'something else' });
  }
  const { mti, fields } = (value ?? {}) as { mti?: unknown; fields?: unknown };
  if (typeof mti !== 'string' || typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new IsoError('ISO_VALUE', {
      path: 'input',
      expected: '{"mti", "fields"}',
      found: 'something else',
    });
  }
  return value as PlainMessage;
}
