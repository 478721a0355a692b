import { describe, expect, test } from 'vitest';
import {
  Bytes,
  type Codec,
  compile,
  type Dialect,
  fromPlain,
  iso87Ascii,
  type Message,
  packTlv,
  parseTlv,
  type Strictness,
  toPlain,
} from '../index.ts';

// Tags that stand more than once: issuers send several scripts, and each must reach the card in its turn.

const TWO = '910A11223344556677883030720E9F180400000001860580DA0000FF720E9F180400000002860580DA0000EE';
const DATA: Dialect = {
  ...iso87Ascii,
  fields: {
    48: {
      name: 'Tagged',
      content: 'b',
      encoding: 'ascii',
      length: { prefix: 'ascii', width: 3, max: 999 },
      composition: {
        kind: 'tagged',
        tag: { encoding: 'ascii', characters: 2 },
        length: { prefix: 'ascii', width: 2 },
      },
      parts: { sf1: { name: 'One', tag: '01', content: 'ans', encoding: 'ascii', length: { rest: 99 } } },
    },
    55: {
      name: 'Chip',
      content: 'b',
      encoding: 'binary',
      length: { prefix: 'ascii', width: 3, max: 999 },
      composition: { kind: 'ber-tlv' },
      parts: { arc: { name: 'Code', tag: '8A', content: 'ans', encoding: 'ascii', length: { rest: 2 } } },
    },
  },
};

function read(hex: string, number = 55, strictness: Partial<Strictness> = {}): unknown {
  const codec = compile(DATA, strictness) as unknown as Codec<Message>;
  const field = Buffer.from(hex, 'hex');
  const map = Buffer.alloc(8);
  map[(number - 1) >> 3] = 0x80 >> ((number - 1) & 7);
  const bytes = Buffer.concat([
    Buffer.from('0110'),
    map,
    Buffer.from(String(field.length).padStart(3, '0')),
    field,
  ]);
  const message = codec.parse(bytes);
  expect(codec.pack(message)).toEqual(bytes);
  const plain = toPlain(message, 'revealed');
  expect(codec.pack(fromPlain(DATA, JSON.parse(JSON.stringify(plain))) as never)).toEqual(bytes);
  return plain.fields[number];
}

describe('two issuer scripts', () => {
  test('both are kept, in a message whose chip data is taken apart', () =>
    expect(read(TWO)).toEqual({
      tag91: '11223344556677883030',
      tag72: '9F180400000001860580DA0000FF',
      'tag72#2': '9F180400000002860580DA0000EE',
    }));

  test.each([
    ['three before the last command', '720386010A720386010B720386010C'],
    ['of two kinds by turns', '720386010A710386010B720386010C710386010D'],
    ['two commands in one', '7206860101860102'],
    ['one like the other', '720386010A720386010A'],
  ])('%s', (_, hex) => {
    const objects = parseTlv(Bytes.fromHex(hex));
    expect(packTlv(objects).hex()).toBe(hex);
    expect(Object.values(read(hex) as object)).toEqual(objects.map(({ value }) => value.hex()));
  });

  test('the commands of a script are read in their order', () =>
    expect(parseTlv(Bytes.fromHex('9F180400000001860101860102')).map(({ tag }) => tag)).toEqual([
      '9F18',
      '86',
      '86',
    ]));

  test.each(['910101910102', '8A0230308A023031', '9F3601019F360102'])(
    '%s: no other tag stands twice',
    (hex) => {
      expect(() => read(hex)).toThrow('ISO_TLV_DUPLICATE');
      expect(() => parseTlv(Bytes.fromHex(hex))).toThrow('ISO_TLV_DUPLICATE');
    },
  );
});

describe('a codec that accepts tags twice loses none', () => {
  const accept = { duplicateTags: 'accept' } as const;

  test('known ones and unknown ones', () => {
    expect(read('8A0230309101018A023031910102', 55, accept)).toEqual({
      arc: '00',
      tag91: '01',
      'arc#2': '01',
      'tag91#2': '02',
    });
  });

  test('tags of other kinds', () => {
    const hex = Buffer.from('0102ab0702xy0102cd0702zz').toString('hex');
    expect(read(hex, 48, accept)).toEqual({ sf1: 'ab', tag07: '7879', 'sf1#2': 'cd', 'tag07#2': '7A7A' });
    expect(() => read(hex, 48)).toThrow('ISO_TLV_DUPLICATE');
  });
});

test('many empty scripts cost one step each', () => {
  const codec = compile({
    ...DATA,
    fields: {
      55: {
        ...(DATA.fields[55] as Dialect['fields'][number]),
        length: { prefix: 'binary', width: 2, max: 65_535 },
      },
    },
  }) as unknown as Codec<Message>;
  const field = Buffer.from('7200'.repeat(30_000), 'hex');
  const head = Buffer.from('303131300000000000000200EA60', 'hex');
  const message = codec.parse(Buffer.concat([head, field])) as { de55?: object };
  expect(Object.keys(message.de55 ?? {})).toHaveLength(30_000);
});
