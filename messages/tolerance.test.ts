import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bytes } from './bytes.ts';
import { compile } from './codec.ts';
import { iso87Ascii } from './dialects/iso87-ascii.ts';
import { iso87AsciiHex } from './dialects/iso87-ascii-hex.ts';
import { posBcd } from './dialects/pos-bcd.ts';
import { visaBase1 } from './dialects/visa-base1.ts';
import { IsoError } from './errors.ts';
import { isTlv, parseTlv } from './tlv.ts';
import { type ElementPolicy, elementPolicies } from './tolerance.ts';

const DECIDING = new Set([3, 4, 11, 39, 41, 49]);
/** Parse attempts after which a codec has generated its code for a bitmap. */
const WARM_UP = 40;

function tolerant(chosen: Record<number, ElementPolicy> = {}, leavesOut = true) {
  const dropped: string[] = [];
  const codec = compile(
    iso87Ascii,
    {},
    {
      elements: elementPolicies(iso87Ascii, DECIDING, chosen),
      leavesOut,
      onDropped: (path, { code }) => dropped.push(`${path} ${code}`),
    },
  );
  return { codec, dropped };
}

const strictCodec = compile(iso87Ascii);
const SALE = {
  mti: '0100',
  de3: '000000',
  de4: '000000002500',
  de11: '000001',
  de41: 'TERM0001',
  de49: '978',
};

/** A sale whose element holds `bytes` in the place of a text of their length. */
function withBytes(element: 'de43' | 'de44' | 'de48' | 'de60', bytes: Buffer): Buffer {
  const text = '#'.repeat(bytes.length);
  const packed = strictCodec.pack({ ...SALE, [element]: text });
  bytes.copy(packed, packed.indexOf(text));
  return packed;
}

describe.each([
  ['once', 1],
  ['after its code was generated', WARM_UP],
])('an element that is not as the dialect says, read %s', (_, times) => {
  const parsed = (codec: ReturnType<typeof tolerant>['codec'], bytes: Buffer) => {
    let message = codec.parse(bytes);
    for (let i = 1; i < times; i++) message = codec.parse(bytes);
    return message;
  };

  it('passes as it came where it is text', () => {
    const { codec, dropped } = tolerant();
    const separators = Buffer.from('01\x1c02\x1c\x00', 'latin1');
    expect(parsed(codec, withBytes('de60', separators)).de60).toBe('01\x1c02\x1c\x00');
    const accents = Buffer.from('Café', 'utf8');
    const message = parsed(codec, withBytes('de48', accents));
    expect(Buffer.from(message.de48 ?? '', 'latin1')).toEqual(accents);
    expect(codec.pack(message)).toEqual(withBytes('de48', accents));
    expect(dropped).toEqual([]);
  });

  it('is replaced, letter by letter, where that is chosen', () => {
    const { codec } = tolerant({ 44: 'replace' });
    expect(parsed(codec, withBytes('de44', Buffer.from('d\xe9j\xe0 vu', 'latin1'))).de44).toBe('d?j? vu');
  });

  it('is stepped over where it is no text, and what stands behind it is read', () => {
    const { codec, dropped } = tolerant();
    const tip = { accountType: '00', amountType: '57', currency: '978', sign: 'C', amount: '000000000500' };
    const packed = strictCodec.pack({ ...SALE, de26: '12', de54: [tip], de60: 'behind' });
    packed.write('1X', packed.indexOf('TERM0001') - 2, 'latin1');
    const at = packed.indexOf('0200057');
    const short = Buffer.concat([
      packed.subarray(0, at),
      Buffer.from('012000000000500'),
      packed.subarray(at + 23),
    ]);
    const message = parsed(codec, short);
    expect(message).toMatchObject({ ...SALE, de60: 'behind' });
    expect(message.de26).toBeUndefined();
    expect(message.de54).toBeUndefined();
    expect(dropped.slice(0, 2)).toEqual(['DE26 ISO_CONTENT', 'DE54 ISO_LENGTH']);
  });

  it('refuses the message where it decides, where it is told to, or where its end cannot be found', () => {
    const { codec } = tolerant({ 60: 'refuse' });
    const amount = strictCodec.pack(SALE);
    amount.write('X', amount.indexOf('2500'), 'latin1');
    expect(() => parsed(codec, amount)).toThrow(IsoError);
    expect(() => parsed(codec, withBytes('de60', Buffer.from([0x1c])))).toThrow(IsoError);
    const endless = withBytes('de48', Buffer.from('text'));
    endless.write('9', endless.indexOf('004'), 'latin1');
    expect(() => parsed(codec, endless)).toThrow(IsoError);
  });
});

describe('an element that cannot be written', () => {
  const amounts = [{ accountType: '0', amountType: '57', currency: '978', sign: 'C', amount: '5' }];

  it('is left out, again and again, and the others leave', () => {
    const { codec, dropped } = tolerant();
    for (let i = 0; i < WARM_UP; i++) {
      expect(codec.parse(codec.pack({ ...SALE, de39: '00', de54: amounts }))).toEqual({
        ...SALE,
        de39: '00',
      });
    }
    expect(dropped).toHaveLength(WARM_UP);
    expect(codec.parse(codec.pack({ ...SALE, de48: '—', de60: 'kept' }))).toEqual({ ...SALE, de60: 'kept' });
  });

  it('keeps the message from leaving where it decides, or where nothing may be left out', () => {
    expect(() => tolerant().codec.pack({ ...SALE, de4: '25.00' })).toThrow(IsoError);
    expect(() => tolerant({}, false).codec.pack({ ...SALE, de54: amounts })).toThrow(IsoError);
  });
});

describe('policies', () => {
  it.each([
    ['pass for digits', { 26: 'pass' }, /no text/],
    ['replace for parts', { 54: 'replace' }, /no text/],
    ['drop for what decides', { 4: 'drop' }, /decides/],
    ['any for an element that is none', { 65: 'drop' }, /element of the dialect/],
  ] as const)('%s are refused', (_, chosen, why) => {
    expect(() => elementPolicies(iso87Ascii, DECIDING, chosen)).toThrow(why);
  });
});

it.each([iso87Ascii, iso87AsciiHex, posBcd, visaBase1])(
  'a tolerant codec of $name says of every good message what a strict one says',
  (dialect) => {
    const elements = elementPolicies(dialect, DECIDING);
    const [one, other] = [compile(dialect), compile(dialect, {}, { elements, leavesOut: true })];
    const header = 'header' in dialect ? { header: { source: '123456', destination: '654321' } } : {};
    const message = {
      mti: '0100',
      ...header,
      de3: '000000',
      de4: '000000002500',
      de11: '000001',
      de41: 'TERM0001',
      de43: 'a shop'.padEnd(40),
      de48: 'private',
      de49: '978',
    };
    type Packed = Parameters<typeof one.pack>[0] & Parameters<typeof other.pack>[0];
    const packed = one.pack(message as Packed);
    expect(other.pack(message as Packed)).toEqual(packed);
    for (let i = 0; i < WARM_UP; i++) expect(other.parse(packed)).toEqual(one.parse(packed));
  },
);

it('data objects are told from other bytes as their parser tells them', () => {
  const objects = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .array(fc.tuple(fc.constantFrom(0x9f, 0x82, 0x72, 0xff, 0), fc.uint8Array({ maxLength: 6 })))
      .map((all) => Uint8Array.from(all.flatMap(([tag, value]) => [tag, value.length, ...value]))),
  );
  fc.assert(
    fc.property(objects, (bytes) => {
      const parses = () => {
        try {
          parseTlv(bytes, { duplicates: true });
          return true;
        } catch {
          return false;
        }
      };
      expect(isTlv(Bytes.of(bytes))).toBe(parses());
    }),
    { numRuns: 2_000 },
  );
});
