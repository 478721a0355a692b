import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Codec, compile, dialects, type Message } from './index.ts';
import type { PlainMessage } from './plain.ts';
import { fromPlain, toPlain } from './plain.ts';

const folder = new URL('./testdata/golden/', import.meta.url);

describe('golden messages', () => {
  for (const dialect of Object.values(dialects)) {
    const codec = compile(dialect) as Codec<Message>;
    const files = readdirSync(new URL(`${dialect.name}/`, folder));
    test(`${dialect.name} has golden messages`, () => expect(files.length).toBeGreaterThan(2));
    for (const file of files) {
      const golden = JSON.parse(
        readFileSync(new URL(`${dialect.name}/${file}`, folder), 'utf8'),
      ) as PlainMessage & { hex: string };
      const { hex, ...plain } = golden;
      test(`${dialect.name}/${file} parses to its fields`, () => {
        expect(toPlain(codec.parse(Buffer.from(hex, 'hex')), 'revealed')).toEqual(plain);
      });
      test(`${dialect.name}/${file} packs to its bytes`, () => {
        const packed = codec.pack(fromPlain(dialect, plain) as unknown as Message);
        expect(packed.toString('hex').toUpperCase()).toBe(hex);
      });
      test(`${dialect.name}/${file} cut short anywhere is refused with what was read`, () => {
        const bytes = Buffer.from(hex, 'hex');
        for (let length = 0; length < bytes.length; length++) {
          expect(() => codec.parse(bytes.subarray(0, length))).toThrow(/^ISO_/);
        }
      });
    }
  }
});
