import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HsmError } from '../errors.ts';
import { Reader, Writer } from './codec.ts';
import { FrameSplitter, GREETING } from './frames.ts';
import { OPERATIONS } from './operations.ts';

function framed(body: Uint8Array): Buffer {
  const writer = new Writer();
  writer.u32(body.length);
  writer.raw(body);
  return writer.take();
}

it('finds the same frames however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 30 })), (frames, cuts) => {
      const stream = Buffer.concat([GREETING, ...frames.map(framed)]);
      const found: Buffer[] = [];
      let greetings = 0;
      const splitter = new FrameSplitter(
        () => {
          greetings += 1;
        },
        (body) => found.push(Buffer.from(body)),
      );
      let offset = 0;
      for (const cut of [...cuts, stream.length]) {
        splitter.push(stream.subarray(offset, offset + cut));
        offset = Math.min(stream.length, offset + cut);
      }
      expect(greetings).toBe(1);
      expect(found).toEqual(frames.map((frame) => Buffer.from(frame)));
    }),
  );
});

it('answers random bytes with HSM_PROTOCOL or with waiting, never with anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, greeted) => {
      const splitter = new FrameSplitter(
        () => {},
        (body) => OPERATIONS.translatePin.request.read(new Reader(body)),
      );
      try {
        splitter.push(Buffer.concat([greeted ? GREETING : Buffer.alloc(0), noise]));
      } catch (error) {
        expect(error).toBeInstanceOf(HsmError);
        expect(error).toMatchObject({ code: 'HSM_PROTOCOL' });
      }
    }),
  );
});

it('brings every request of the PIN operation through unchanged', () => {
  const text = fc.string({
    maxLength: 255,
    unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
  });
  const request = fc.record({
    from: text,
    to: text,
    pan: fc.uint8Array({ maxLength: 19 }),
    block: fc.uint8Array({ maxLength: 16 }),
  });
  fc.assert(
    fc.property(request, (value) => {
      const writer = new Writer();
      OPERATIONS.translatePin.request.write(writer, value);
      const reader = new Reader(writer.take());
      const read = OPERATIONS.translatePin.request.read(reader);
      reader.end();
      expect({ ...read, pan: Uint8Array.from(read.pan), block: Uint8Array.from(read.block) }).toEqual(value);
    }),
  );
});

it('refuses a name or data too long to travel, before anything is sent', () => {
  const writer = new Writer();
  expect(() => OPERATIONS.keyCheckValue.request.write(writer, { key: 'K'.repeat(256) })).toThrow(
    'HSM_REQUEST_INVALID',
  );
});
