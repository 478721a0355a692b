import { expect, it } from 'vitest';
import { serialNumberOf } from './serial-number.ts';

const TDES = 'FFFF9876543210E00001';
const AES = '123456789012345600000001';
const bytes = (hex: string) => Buffer.from(hex, 'hex').toString('latin1');

it.each([
  ['twenty digits in DE62', { de62: TDES }, { serialNumber: 'de62' }, TDES],
  ['small letters', { de62: TDES.toLowerCase() }, { serialNumber: 'de62' }, TDES],
  ['blanks behind it', { de62: `${TDES}    ` }, { serialNumber: 'de62' }, TDES],
  ['sixteen digits in DE53, FFFF being left out', { de53: TDES.slice(4) }, { serialNumber: 'de53' }, TDES],
  ['ten bytes in DE63', { de63: bytes(TDES) }, { serialNumber: 'de63' }, TDES],
  ['eight bytes in DE63', { de63: `${bytes(TDES.slice(4))}X` }, { serialNumber: 'de63', bytes: 8 }, TDES],
  ['AES, twenty-four digits', { de62: AES }, { serialNumber: 'de62' }, AES],
  ['behind a tag', { de63: `0020${TDES}` }, { serialNumber: 'de63', offset: 4 }, TDES],
  ['before something else', { de63: `${TDES}000012` }, { serialNumber: 'de63', bytes: 10 }, TDES],
] as const)('a serial number is read: %s', (_, message, dukpt, expected) => {
  expect(serialNumberOf(message, dukpt)?.toString('hex').toUpperCase()).toBe(expected);
});

it.each([
  ['nothing', {}, { serialNumber: 'de62' }],
  ['another element', { de63: TDES }, { serialNumber: 'de62' }],
  ['nineteen digits', { de62: TDES.slice(1) }, { serialNumber: 'de62' }],
  ['twenty-two digits', { de62: `${TDES}00` }, { serialNumber: 'de62' }],
  ['what is too short for its length', { de62: TDES }, { serialNumber: 'de62', bytes: 12 }],
  ['letters of ten', { de62: 'SERIAL NO.' }, { serialNumber: 'de62' }],
  ['an offset beyond it', { de62: TDES }, { serialNumber: 'de62', offset: 900 }],
] as const)('no serial number is read: %s', (_, message, dukpt) => {
  expect(serialNumberOf(message, dukpt)).toBeUndefined();
});
