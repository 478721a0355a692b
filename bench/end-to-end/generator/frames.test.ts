import { expect, test } from 'vitest';
import { buildFrames, keysOf, PROFILE } from './frames.ts';

const LENGTH_BYTES = 2;

test('frames are whole messages, each with a trace number, a PIN block and a MAC of its own terminal', () => {
  const traffic = { rate: 100, total: 24, terminals: 12, firstStan: 7 };
  const frames = buildFrames({ ...traffic, address: { host: '127.0.0.1', port: 1 }, patienceMs: 1 });
  const seen = frames.map((frame, index) => {
    const body = frame.subarray(LENGTH_BYTES);
    const { de2, de11, de41, de52, mti } = PROFILE.codec.parse(body);
    expect(mti).toBe('0100');
    expect(de52).toBeDefined();
    expect(de41).toBe(`TERM${String((index % 12) + 1).padStart(4, '0')}`);
    expect(Number(de11)).toBe(7 + Math.floor(index / 12));
    expect(keysOf(de41 ?? '').isSealed(PROFILE, body)).toBe(true);
    return de2?.reveal();
  });
  expect(new Set(seen).size).toBe(24);
});
