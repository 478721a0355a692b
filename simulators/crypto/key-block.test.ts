import { expect, test } from 'vitest';
import { checkValue, unwrapKey, withOddParity, wrapKey } from './key-block.ts';

const TRIPLE_DES = Buffer.from('DD7515F2BFC17F85CE48F3CA25CB21F6', 'hex');
const AES = Buffer.from('000102030405060708090A0B0C0D0E0F', 'hex');
const key = Buffer.from('3F419E1CB7079442AA37474C2EFBF8B8', 'hex');

test('opens the published block of version B (ANSI X9.143, 8.3.2)', () => {
  const block = 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E';
  expect(unwrapKey(TRIPLE_DES, block)).toEqual({ usage: 'P0', mode: 'E', key });
});

test.each([
  ['B', TRIPLE_DES, 80],
  ['D', AES, 112],
] as const)(
  'what is wrapped in version %s opens again, and not once a character differs',
  (version, protection, length) => {
    const block = wrapKey(version, protection, { usage: 'M3', mode: 'C' }, key, (bytes) =>
      Buffer.alloc(bytes, 7),
    );
    expect(block).toHaveLength(length);
    expect(unwrapKey(protection, block)).toEqual({ usage: 'M3', mode: 'C', key });
    for (let at = 0; at < block.length; at += 1) {
      const other = block[at] === '7' ? '8' : '7';
      const altered = block.slice(0, at) + other + block.slice(at + 1);
      expect(() => unwrapKey(protection, altered), `character ${at}`).toThrow(
        expect.objectContaining({ code: 'SIM_KEY_BLOCK' }),
      );
    }
  },
);

test('a key check value is the head of a zero block', () => {
  expect(checkValue(Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'))).toBe('08D7B4');
});

test('parity is odd in every byte, and nothing else of it changes', () => {
  const made = withOddParity(Buffer.from([0x00, 0x01, 0xfe, 0xff]));
  expect([...made]).toEqual([0x01, 0x01, 0xfe, 0xfe]);
});
