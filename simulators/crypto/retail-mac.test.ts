import { expect, test } from 'vitest';
import { retailMac } from './retail-mac.ts';

// ISO/IEC 9797-1 annex: keys and messages of the examples for algorithm 3 with padding method 1.
const key = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');

test.each([
  ['Now is the time for all ', 'A1C72E74EA3FA9B6'],
  ['Now is the time for it', '2E2B1428CC78254F'],
])('the MAC of %j is the published one', (text, mac) => {
  expect(retailMac(key)(Buffer.from(text)).toString('hex').toUpperCase()).toBe(mac);
});

test('the MAC of "hello world" is that of an independent implementation', () => {
  const anotherKey = Buffer.from('AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB', 'hex');
  expect(retailMac(anotherKey)(Buffer.from('hello world')).toString('hex').toUpperCase()).toBe(
    '78DA3D3DEB48FD4D',
  );
});

test('one generator gives the same MAC again: nothing stays in it', () => {
  const mac = retailMac(key);
  const first = mac(Buffer.from('Now is the time for all '));
  mac(Buffer.from('something else in between, longer than one block'));
  expect(mac(Buffer.from('Now is the time for all '))).toEqual(first);
});

test('padding method 1 adds nothing to whole blocks and zeros to others', () => {
  const mac = retailMac(key);
  expect(mac(Buffer.from('12345678'))).toEqual(mac(Buffer.from('12345678')));
  expect(mac(Buffer.from('1234567'))).toEqual(mac(Buffer.from('1234567\0')));
  expect(mac(Buffer.alloc(0))).toEqual(mac(Buffer.alloc(8)));
});
