import { createRequire } from 'node:module';
import { type Codec, compile, iso87Ascii, type Message, posBcd } from '../../messages/index.ts';
import { builders, type CaseName, messages } from './reference.ts';

/** One codec under test for one dialect. `build` makes its own message object; `pack` packs it; `parse` reads bytes. */
export interface Contender {
  readonly name: string;
  build(name: CaseName): unknown;
  pack(message: unknown): Uint8Array;
  parse(bytes: Buffer): unknown;
  /** DE2 of a parsed message, as proof that it was read. */
  cardNumber(parsed: unknown): string | undefined;
}

export type DialectLetter = 'A' | 'B';

const require = createRequire(import.meta.url);

export function ours(letter: DialectLetter): Contender {
  const dialect = letter === 'A' ? iso87Ascii : posBcd;
  const codec = compile(dialect) as unknown as Codec<Message>;
  return {
    name: 'etika',
    build: (name) => builders[name](messages[name].fields),
    pack: (message) => codec.pack(message as Message),
    parse: (bytes) => codec.parse(bytes),
    cardNumber: (parsed) => (parsed as Message<typeof iso87Ascii>).de2?.reveal(),
  };
}

interface JsposMessage {
  setMTI(mti: string): void;
  setField(number: number, value: string): void;
  pack(): Uint8Array;
  unpack(bytes: Uint8Array): number;
  getValue(number: number): string | undefined;
}
interface Jspos {
  ISOBasePackager: new () => { setFieldPackager(fields: unknown[]): void; createISOMsg(): JsposMessage };
  packer: Record<string, new (length: number, name: string, pad?: boolean) => unknown>;
}

/**
 * npm jspos, a port of jPOS. It writes track 2 in BCD with a 0 for the separator; all else is byte for byte as ours.
 */
export function jspos(letter: DialectLetter): Contender {
  const { ISOBasePackager, packer } = require('jspos') as Jspos;
  const make = (name: string, length: number, pad?: boolean) => {
    const type = packer[name];
    if (!type) throw new Error(`jspos has no ${name}`);
    return new type(length, name, pad);
  };
  const style = letter === 'A' ? 'IFA' : 'IFB';
  const fixed = (length: number) => make(`${style}_NUMERIC`, length, true);
  const numeric: Record<number, number> = {
    3: 6,
    4: 12,
    7: 10,
    11: 6,
    12: 6,
    13: 4,
    14: 4,
    18: 4,
    22: 3,
    23: 3,
    25: 2,
    26: 2,
    49: 3,
    70: 3,
  };
  const text: Record<number, number> = { 37: 12, 38: 6, 39: 2, 41: 8, 42: 15, 43: 40 };
  const fields: unknown[] = [fixed(4), make('IFB_BITMAP', 16)];
  for (let number = 2; number <= 128; number++) {
    const digits = numeric[number];
    const letters = text[number];
    if (digits !== undefined) fields[number] = fixed(digits);
    else if (letters !== undefined) fields[number] = make('IF_CHAR', letters);
    else fields[number] = make(`${style}_LLLCHAR`, 999);
  }
  fields[2] = make(`${style}_LLNUM`, 19, false);
  fields[32] = make(`${style}_LLNUM`, 11, false);
  fields[35] = letter === 'A' ? make('IFA_LLCHAR', 37) : make('IFB_LLNUM', 37, false);
  for (const number of [52, 64]) fields[number] = make('IFB_BINARY', 8);
  fields[55] = make(`${style}_LLLBINARY`, 255);
  const packager = new ISOBasePackager();
  packager.setFieldPackager(fields);
  return {
    name: 'jspos',
    build(name) {
      const { mti, fields: values } = messages[name];
      const message = packager.createISOMsg();
      message.setMTI(mti);
      for (const number in values) message.setField(Number(number), values[number] ?? '');
      return message;
    },
    pack: (message) => (message as JsposMessage).pack(),
    parse(bytes) {
      const message = packager.createISOMsg();
      message.unpack(bytes);
      return message;
    },
    cardNumber: (parsed) => (parsed as JsposMessage).getValue(2),
  };
}

interface Iso8583Message {
  getRawMessage(): Buffer;
  getIsoJSON(bytes: Buffer, config: object): Record<string, string>;
}

/** npm iso_8583: ASCII only, and DE55 and DE64 only as text. */
export function iso8583(): Contender {
  const Iso8583 = require('iso_8583') as new (fields?: object, formats?: object) => Iso8583Message;
  const formats = { 64: { ContentType: 'b', Label: 'MAC', LenType: 'fixed', MaxLen: 16 } };
  return {
    name: 'iso_8583',
    build: (name) => ({ 0: messages[name].mti, ...messages[name].fields }),
    pack: (message) => new Iso8583(message as object, formats).getRawMessage(),
    parse: (bytes) => new Iso8583(undefined, formats).getIsoJSON(bytes, { lenHeader: false }),
    cardNumber: (parsed) => (parsed as Record<string, string>)['2'],
  };
}

/** Refuses to measure a contender that does not read what it wrote. */
export function prove(contender: Contender): void {
  const bytes = Buffer.from(contender.pack(contender.build('auth')));
  const read = contender.cardNumber(contender.parse(bytes));
  if (read !== messages.auth.fields[2]) {
    throw new Error(`${contender.name} reads ${read} where it wrote another card number`);
  }
}
