import fc from 'fast-check';
import { expect, test } from 'vitest';
import { format0, pinCipher } from './pin-block.ts';

const key = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const otherKey = Buffer.from('FEDCBA98765432100123456789ABCDEF', 'hex');
const pan = fc.stringMatching(/^[0-9]{12,19}$/);
const pin = fc.stringMatching(/^[0-9]{4,12}$/);

test.each([
  ['1234', '43219876543210987', '0412AC89ABCDEF67'],
  ['92389', '4000001234562', '0592789FFFEDCBA9'],
])('PIN %s of card %s makes the published block', (pinDigits, panDigits, block) => {
  expect(format0(pinDigits, panDigits).toString('hex').toUpperCase()).toBe(block);
});

test('the block of the right PIN is right, of another PIN wrong', () => {
  fc.assert(
    fc.property(pan, pin, pin, (panDigits, right, other) => {
      const cipher = pinCipher(key);
      const block = cipher.encrypt(right, panDigits);
      expect(cipher.check(block, right, panDigits)).toBe('right');
      expect(cipher.check(block, other, panDigits)).toBe(right === other ? 'right' : 'wrong');
    }),
  );
});

test('a block under another key, of another card, or of another length is undecipherable', () => {
  const cipher = pinCipher(key);
  const block = pinCipher(otherKey).encrypt('1234', '4242424242424242');
  expect(cipher.check(block, '1234', '4242424242424242')).toBe('undecipherable');
  const ours = cipher.encrypt('1234', '4242424242424242');
  expect(cipher.check(ours, '1234', '4000000000000002')).toBe('undecipherable');
  expect(cipher.check(ours.subarray(1), '1234', '4242424242424242')).toBe('undecipherable');
});
