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
    key: text,
    ksn: fc.uint8Array({ maxLength: 12 }),
    transaction: text,
    format: fc.nat(255),
    to: text,
    toFormat: fc.nat(255),
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
      const [ksn, pan, block] = [read.ksn, read.pan, read.block].map((view) => Uint8Array.from(view));
      expect({ ...read, ksn, pan, block }).toEqual(value);
    }),
  );
});

it('refuses a name or data too long to travel, before anything is sent', () => {
  const writer = new Writer();
  const mac = { key: 'K', ksn: Buffer.alloc(0), transaction: '', mac: Buffer.alloc(8) };
  const longData = { ...mac, data: Buffer.alloc(65_536) };
  expect(() => OPERATIONS.verifyMac.request.write(writer, longData)).toThrow('HSM_REQUEST_INVALID');
});
