import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Codec,
  compile,
  type Dialect,
  dialectNamed,
  dialects,
  importDialect,
  type Message,
  parseTlv,
  toPlain,
} from '../index.ts';
import { messageOf, richMessageOf } from './arbitrary.ts';
import { attacker, mutated } from './attack.ts';
import { anyDialect } from './axes.ts';

const everyDialect: Dialect[] = Object.values(dialects);

describe.each(everyDialect.map((dialect) => [dialect.name, dialect] as const))(
  '%s, from its data alone',
  (_, dialect) => {
    const codec = compile(dialect) as unknown as Codec<Message>;

    test('parsing what was packed gives the message back', () => {
      fc.assert(
        fc.property(messageOf(dialect), richMessageOf(dialect), (plain, rich) => {
          const packed = codec.pack(rich as unknown as Message);
          const parsed = codec.parse(packed);
          expect(codec.pack(parsed)).toEqual(packed);
          expect(toPlain(parsed, 'revealed')).toEqual(toPlain(rich, 'revealed'));
          expect(plain.mti).toHaveLength(4);
        }),
        { numRuns: 60 },
      );
    });

    test('generated code and tables agree on right and on wrong bytes', () => {
      const target = attacker(dialect);
      fc.assert(
        fc.property(
          richMessageOf(dialect),
          fc.infiniteStream(fc.double({ min: 0, max: 0.999 })),
          (rich, stream) => {
            const good = codec.pack(rich as unknown as Message);
            target.warm(good);
            target.try(good);
            for (let i = 0; i < 20; i++) target.try(mutated(good, () => stream.next().value as number));
          },
        ),
        { numRuns: 12 },
      );
    });

    test('noise is refused with our error only', () => {
      const target = attacker(dialect);
      fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => target.try(Buffer.from(bytes))));
    });
  },
);

test('any dialect that can be described packs and parses, and says the same of wrong bytes whether warm or cold', () => {
  fc.assert(
    fc.property(
      anyDialect().chain((dialect) => fc.tuple(fc.constant(dialect), richMessageOf(dialect))),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999 })),
      ([dialect, rich], stream) => {
        const codec = compile(dialect) as unknown as Codec<Message>;
        const packed = codec.pack(rich as unknown as Message);
        expect(toPlain(codec.parse(packed), 'revealed')).toEqual(toPlain(rich, 'revealed'));
        const target = attacker(dialect);
        target.warm(packed);
        for (let i = 0; i < 10; i++) target.try(mutated(packed, () => stream.next().value as number));
      },
    ),
    { numRuns: 300 },
  );
});

describe('crashers found by the fuzzer', () => {
  const folder = new URL('../testdata/crashers/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.hex'));
  test.each(files.length > 0 ? files : ['none yet'])('%s', (file) => {
    if (!file.endsWith('.hex')) return;
    const bytes = Buffer.from(readFileSync(new URL(file, folder), 'utf8').trim(), 'hex');
    const drawn = new URL(file.replace(/hex$/, 'dialect.json'), folder);
    const dialect = existsSync(drawn)
      ? importDialect(readFileSync(drawn, 'utf8'))
      : dialectNamed(file.split('.')[0] ?? '');
    if (dialect) attacker(dialect).try(bytes);
    else expect(() => parseTlv(bytes)).toThrow(/^$|ISO_/);
  });
});
