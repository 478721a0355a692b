import { contentTable } from '../fields/contents.ts';
import { isKnownMti } from '../mti.ts';

/** Numbers as digit strings of one width: a look-up instead of a new string for every short numeric field. */
function digitStrings(width: number): readonly string[] {
  return Array.from({ length: 10 ** width }, (_, number) => String(number).padStart(width, '0'));
}

export const digits1 = digitStrings(1);
export const digits2 = digitStrings(2);
export const digits3 = digitStrings(3);
export const digits4 = digitStrings(4);

/** Two BCD digits as a number, or -1. */
export const bcdPair: Int8Array = Int8Array.from({ length: 256 }, (_, byte) =>
  byte >> 4 > 9 || (byte & 15) > 9 ? -1 : (byte >> 4) * 10 + (byte & 15),
);

const isTrackNibble = (nibble: number) => nibble <= 9 || nibble === 13;

/** 0 for a byte of packed track data, or -1. */
export const trackPair: Int8Array = Int8Array.from({ length: 256 }, (_, byte) =>
  isTrackNibble(byte >> 4) && isTrackNibble(byte & 15) ? 0 : -1,
);

/** The nibble of a character of track data, or -1. */
export const trackNibble: Int8Array = Int8Array.from({ length: 256 }, (_, code) => {
  if (code >= 48 && code <= 57) return code - 48;
  return code === 61 || code === 68 ? 13 : -1;
});

/** Whether a type of four digits has a meaning in the standard. */
export const knownMti: Uint8Array = Uint8Array.from(digits4, (mti) => (isKnownMti(mti) ? 1 : 0));

export { contentTable };
