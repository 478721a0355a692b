import { expect, test } from 'vitest';
import { Bytes } from '../../messages/index.ts';
import { chipWord } from './chip.ts';

/** A certificate that it was approved. */
const APPROVED = '9F270140';

function wordOf(hex: string) {
  return chipWord(Bytes.fromHex(hex));
}

test.each([
  ['00', 'AAC'],
  ['40', 'TC'],
  ['80', 'ARQC'],
  ['7f', 'TC'],
  ['c0', 'unknown'],
])('a cryptogram of kind %s is %s', (information, cryptogram) => {
  expect(wordOf(`9f2701${information}`)).toMatchObject({ cryptogram });
});

test.each(
  [
    ['9F26', '9F10', '9F37', '9F36', '95', '9A', '9C', '9F02', '9F03', '5F2A', '82', '9F1A'],
    ['9F33', '9F34', '9F35', '84', '9F09', '9F1E', '9F41', '9F53', '9B', '8A', '91', 'DF31', '9F5B'],
  ].flat(),
)('what proves a payment and names no card is kept: %s', (tag) => {
  expect(wordOf(`${APPROVED}${tag}01AA`)).toMatchObject({ emvHex: `${APPROVED}${tag}01AA` });
});

test.each(['5A', '57', '5F20', '5F24', '9F20'])('what may name the card is not kept: %s', (tag) => {
  expect(wordOf(`${APPROVED}${tag}01AA`)).toMatchObject({ emvHex: APPROVED });
});

test('data that says nothing of its own, or that nobody can read, is no word of a chip', () => {
  expect(chipWord(undefined)).toBeUndefined();
  expect(wordOf('9a03261123')).toBeUndefined();
  expect(wordOf('9F27')).toBeUndefined();
});
