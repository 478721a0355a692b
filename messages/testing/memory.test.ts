import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Codec,
  compile,
  dialects,
  framing,
  framingNames,
  IsoError,
  type Message,
  parseTlv,
} from '../index.ts';
import { richMessageOf } from './arbitrary.ts';
import { mutated } from './attack.ts';

/** The bound that docs/messages.md states: one pool of the runtime's, and twice the message. */
const bufferBound = (bytes: number) => Buffer.poolSize + 2 * bytes;

function quietly(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof IsoError)) throw error;
  }
}

/** Bytes of buffers that came into being; a collection in between only makes them fewer. */
function buffersMade(action: () => unknown): number {
  const before = process.memoryUsage().arrayBuffers;
  quietly(action);
  return process.memoryUsage().arrayBuffers - before;
}

describe('whatever the bytes announce, what is allocated follows from how many there are', () => {
  test.each(Object.values(dialects).map((dialect) => [dialect.name, dialect] as const))(
    '%s',
    (_, dialect) => {
      const codec = compile(dialect) as unknown as Codec<Message>;
      fc.assert(
        fc.property(
          richMessageOf(dialect),
          fc.infiniteStream(fc.double({ min: 0, max: 0.999 })),
          (message, stream) => {
            const good = codec.pack(message as unknown as Message);
            for (let i = 0; i < 10; i++) {
              const bytes = i === 0 ? good : mutated(good, () => stream.next().value as number);
              expect(buffersMade(() => codec.parse(bytes))).toBeLessThanOrEqual(bufferBound(bytes.length));
            }
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  test.each(['9F02FF', '9F0283FFFFFF00', '718200FF71', '9F02840FFFFFFF00'])('chip data %s', (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(buffersMade(() => parseTlv(bytes))).toBeLessThanOrEqual(bufferBound(bytes.length));
  });

  test.each(framingNames)('a %s frame that announces more than the link allows', (name) => {
    const limits = { maxFrameBytes: 512 };
    const bytes = Buffer.concat([
      Buffer.from(name.includes('ascii') ? '9999' : '\x7f\xff\xff\xff', 'latin1'),
      Buffer.alloc(600),
    ]);
    const reader = framing(name).reader(limits);
    expect(buffersMade(() => reader.push(bytes, () => {}))).toBeLessThanOrEqual(bufferBound(bytes.length));
    expect(reader.pending).toBeLessThanOrEqual(limits.maxFrameBytes);
  });
});
