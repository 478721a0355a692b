import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';

/**
 * ISO 8583:1987 as card terminals write it: BCD type, digits and lengths, packed track data, ASCII text, binary
 * bitmaps. Many terminals fill up track 2 or a number of variable length on the right instead, with F or with 0. That
 * is read too: a number that is filled up on the left begins with 0, and neither a card number nor a track does.
 */
export const posBcd = {
  name: 'pos-bcd',
  description:
    'ISO 8583:1987 for terminals: BCD digits and lengths, packed tracks, ASCII text, binary bitmaps',
  conformant: true,
  mti: { encoding: 'bcd' },
  bitmap: { encoding: 'binary' },
  fields: layout(iso87, {
    digits: 'bcd',
    text: 'ascii',
    binary: 'binary',
    length: 'bcd',
    oddDigitsAlso: { right: 'F0' },
  }),
} as const satisfies Dialect;
