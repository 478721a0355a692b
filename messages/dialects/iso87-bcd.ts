import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';

/** ISO 8583:1987 in BCD whose odd digits are filled up on the right with F, as many hosts write it. */
export const iso87Bcd = {
  name: 'iso87-bcd',
  description:
    'ISO 8583:1987, BCD digits (odd ones filled up on the right with F) and lengths, ASCII text, binary bitmaps',
  conformant: true,
  mti: { encoding: 'bcd' },
  bitmap: { encoding: 'binary' },
  fields: layout(iso87, {
    digits: 'bcd',
    text: 'ascii',
    binary: 'binary',
    length: 'bcd',
    oddDigits: { side: 'right', with: 'F' },
  }),
} as const satisfies Dialect;
