import { expect, test } from 'vitest';
import { Reader, Writer } from './codec.ts';
import { FrameSplitter, GREETING } from './frames.ts';

// A request to authenticate a message holds the whole of it: what was read and written is not to lie about.

const SECRET = Buffer.from('4242424242424242=30122011234');

test('what a writer gave away is in its own buffer no more', () => {
  const writer = new Writer();
  writer.raw(SECRET);
  expect(writer.take()).toEqual(SECRET);
  writer.truncate(SECRET.length);
  expect(writer.take()).toEqual(Buffer.alloc(SECRET.length));
});

test('a frame that was read is wiped in the bytes that came', () => {
  const chunk = Buffer.concat([Buffer.from([0, 0, 0, SECRET.length]), SECRET]);
  const splitter = new FrameSplitter(
    () => {},
    (body) => {
      const fields = new Reader(body);
      expect(Buffer.from(fields.raw(SECRET.length))).toEqual(SECRET);
      fields.wipe();
    },
  );
  splitter.push(GREETING);
  splitter.push(chunk);
  expect(chunk.includes(SECRET.subarray(0, 8))).toBe(false);
});

test('of a frame that came in two parts nothing stays in either', () => {
  const whole = Buffer.concat([Buffer.from([0, 0, 0, SECRET.length]), SECRET]);
  const parts = [Buffer.from(whole.subarray(0, 20)), Buffer.from(whole.subarray(20))];
  const bodies: Buffer[] = [];
  const splitter = new FrameSplitter(
    () => {},
    (body) => bodies.push(body),
  );
  splitter.push(Buffer.from(GREETING));
  for (const part of parts) splitter.push(part);
  expect(bodies).toEqual([SECRET]);
  for (const part of parts) expect(part.every((byte) => byte === 0)).toBe(true);
});
