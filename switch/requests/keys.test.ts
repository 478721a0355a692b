import { expect, it } from 'vitest';
import { keyOf, placeOf, requestFingerprint } from './keys.ts';

const CARD = '935cbddc4c42a3c35aacd3ff72119edc0fa5ef3a119e439362a7901feab568e6';
const ASKED = { amount: { minorUnits: 2_500, currency: '978' }, processingCode: '000000' };

it('the fingerprint of a request is pinned: its repeat may come behind an upgrade', () => {
  expect(requestFingerprint(CARD, ASKED)).toBe('KkUk3ZZdPCPtN6X-fDi4SY');
});

it.each([
  ['card', CARD.replace('9', '8'), ASKED],
  ['amount', CARD, { ...ASKED, amount: { minorUnits: 2_501, currency: '978' } }],
  ['currency', CARD, { ...ASKED, amount: { minorUnits: 2_500, currency: '840' } }],
  ['kind', CARD, { ...ASKED, processingCode: '200000' }],
])('with another %s it is another', (_, card, asked) => {
  expect(requestFingerprint(card, asked)).not.toBe(requestFingerprint(CARD, ASKED));
});

it.each([
  ['shop|TERM|0200|000001', 1, 'shop|TERM|0200|000001'],
  ['shop|TERM|0200|000001|20261123130000', 2, 'shop|TERM|0200|000001#2|20261123130000'],
  ['shop|rrn|reference', 3, 'shop|rrn|reference#3'],
  ['shop|rrn|reference|20261123', 8, 'shop|rrn|reference#8|20261123'],
])('a key has places beside it: of %s the %sth', (key, place, at) => {
  expect(placeOf(key, place)).toBe(at);
  expect(keyOf(at)).toBe(place === 1 ? key.replace(/#\d/, '') : key);
});
