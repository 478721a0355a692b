import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { Bytes, compile, iso87Ascii, type Message, visaBase1 } from '../index.ts';
import { HotCache } from './cache.ts';
import { fastField } from './fast-field.ts';
import { packerSource } from './packer.ts';
import { parserSource } from './parser.ts';

describe('the cache of generated code', () => {
  /** Offers a key as the codec does; makes a value when the cache says that it deserves one. */
  function offer(cache: HotCache<string>, key: number): boolean {
    if (cache.get(key, 0, 0, 0) !== undefined) return true;
    if (cache.miss(key, 0, 0, 0)) cache.set(key, 0, 0, 0, `made for ${key}`);
    return false;
  }

  test('a key that keeps coming gets a value, and keeps it', () => {
    const cache = new HotCache<string>(4);
    for (let i = 0; i < 40; i++) offer(cache, 7);
    expect(cache.get(7, 0, 0, 0)).toBe('made for 7');
  });

  test('a stream of keys that never repeat makes nothing', () => {
    const cache = new HotCache<string>(4);
    for (let key = 1; key < 100_000; key++) offer(cache, key);
    expect(cache.size).toBe(0);
  });

  test('honest traffic keeps its code under a stream of strangers', () => {
    const cache = new HotCache<string>(4);
    let hits = 0;
    for (let i = 1; i <= 20_000; i++) {
      if (offer(cache, 7)) hits++;
      offer(cache, 1000 + i);
    }
    expect(hits).toBeGreaterThan(19_000);
  });

  test('never holds more than its places, however many keys are hot', () => {
    const cache = new HotCache<string>(2);
    for (let round = 0; round < 200; round++) {
      for (let key = 1; key <= 200; key++) for (let i = 0; i < 3; i++) offer(cache, key);
    }
    expect(cache.size).toBeLessThanOrEqual(8);
  });
});

/** Bytes of live objects: what waits to be collected does not count. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

describe('a codec under a hostile stream', () => {
  test('distinct bitmaps do not grow memory', () => {
    const codec = compile(iso87Ascii);
    const numbers = [3, 4, 7, 11, 12, 13, 14, 15, 16, 17, 18, 22, 23, 24, 25, 26, 37, 38, 39, 49] as const;
    const value = {
      3: 6,
      4: 12,
      7: 10,
      11: 6,
      12: 6,
      22: 3,
      23: 3,
      24: 3,
      25: 2,
      26: 2,
      37: 12,
      38: 6,
      39: 2,
      49: 3,
    } as Record<number, number>;
    const hostile = (seed: number) => {
      const message: Record<string, string> = { mti: '0100' };
      numbers.forEach((number, bit) => {
        if ((seed >> bit) & 1) message[`de${number}`] = '0'.repeat(value[number] ?? 4);
      });
      return message as unknown as Message<typeof iso87Ascii>;
    };
    const round = (from: number) => {
      for (let seed = from; seed < from + 10_000; seed++) codec.parse(codec.pack(hostile(seed)));
    };
    round(1);
    const before = heapInUse();
    for (let i = 1; i < 5; i++) round(1 + i * 10_000);
    expect(heapInUse() - before).toBeLessThan(32 * 2 ** 20);
  });
});

describe('generated code', () => {
  const fields = ([2, 4, 52, 54, 55] as const).map((number) => fastField(number, iso87Ascii.fields[number]));

  test('reads as what a person would write', () => {
    expect(parserSource(fields.slice(0, 2), 12)).toContain('de4: text.substring(p2, p2 + 12)');
    expect(packerSource(fields.slice(0, 2), ['de3'], '0100', Buffer.alloc(12))).toContain(
      "if (message.de3 !== undefined || !('de3' in message)) return undefined;",
    );
  });

  test('leaves fields of unusual shape to the tables', () => {
    expect(fields.map((field) => field.wire)).toEqual(['characters', 'characters', 'raw', 'other', 'raw']);
    expect(parserSource(fields, 12)).toContain('codecs.get(54).read(cursor)');
  });

  test('never leaves out a property that it was not made for', () => {
    const codec = compile(iso87Ascii);
    const base = { mti: '0800', de7: '1123180501', de11: '000001' };
    for (let i = 0; i < 200; i++) codec.pack(base);
    const extra = [3, 4, 12, 13, 14, 15, 16, 17, 18, 24, 25, 26, 27, 49, 50, 51] as const;
    const digits: Record<number, number> = {
      3: 6,
      4: 12,
      12: 6,
      24: 3,
      25: 2,
      26: 2,
      27: 1,
      49: 3,
      50: 3,
      51: 3,
    };
    let message: Message<typeof iso87Ascii> = base;
    for (const number of extra) {
      message = { ...message, [`de${number}`]: '1'.repeat(digits[number] ?? 4) };
      expect(codec.parse(codec.pack(message))).toEqual(message);
    }
  });

  test('packs a message whose absent fields are written out as undefined', () => {
    const codec = compile(iso87Ascii);
    for (let i = 0; i < 100; i++) {
      const packed = codec.pack({
        mti: '0800',
        de7: undefined,
        de11: '000001',
        de41: i % 2 ? 'T1' : 'T1      ',
      });
      expect(packed.toString('latin1', 12)).toBe('000001T1      ');
    }
    const refused = { mti: '0800', de7: undefined, de11: '00000x' };
    for (let i = 0; i < 100; i++) expect(() => codec.pack(refused)).toThrow('ISO_CONTENT DE11');
  });
});

describe('a dialect with a header and a third bitmap', () => {
  const header = { destination: '123456', source: '654321', roundTrip: 0x81 };
  const echo = { mti: '0800', header, de7: '1123120000', de11: '000001', de41: 'TERM0001' };

  test('is written and read by generated code as by the tables, whatever header it has', () => {
    const codec = compile(visaBase1);
    const fresh = compile(visaBase1).pack(echo);
    for (let i = 0; i < 100; i++) {
      expect(codec.pack(echo)).toEqual(fresh);
      expect(codec.parse(fresh)).toEqual(compile(visaBase1).parse(fresh));
    }
    const elsewhere = { ...header, source: '000001' };
    expect(codec.parse(codec.pack({ ...echo, header: elsewhere })).header).toMatchObject(elsewhere);
    const reject = { code: '0522', original: header };
    expect(codec.parse(codec.pack({ ...echo, header: { ...header, reject } }))).toMatchObject({
      header: { reject },
      de41: 'TERM0001',
    });
  });

  test('a third bitmap among messages without one', () => {
    const codec = compile(visaBase1);
    const withThird = { ...echo, de130: Bytes.of(Buffer.from('a1b2c3', 'hex')) };
    for (let i = 0; i < 100; i++) {
      expect(codec.parse(codec.pack(echo))).not.toHaveProperty('de130');
      expect(codec.parse(codec.pack(withThird)).de130).toEqual(withThird.de130);
    }
  });

  test('says what is wrong with a header of a message that keeps coming, and with one that is missing', () => {
    const codec = compile(visaBase1);
    const packed = codec.pack(echo);
    for (let i = 0; i < 100; i++) codec.parse(packed);
    packed[5] = 0xaa;
    expect(() => codec.parse(packed)).toThrow('ISO_HEADER');
    for (let i = 0; i < 100; i++) codec.pack(echo);
    expect(() => codec.pack({ ...echo, header: undefined as never })).toThrow('ISO_VALUE');
  });
});
