import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';

/**
 * ISO 8583:1987 as text throughout: bitmaps and binary fields in hex, lengths counted in characters as written.
 * The secondary bitmap is always there: npm iso_8583 writes and expects 32 hex digits.
 */
export const iso87AsciiHex = {
  name: 'iso87-ascii-hex',
  description: 'ISO 8583:1987, ASCII fields and lengths, bitmaps and binary fields as hex text',
  conformant: true,
  mti: { encoding: 'ascii' },
  bitmap: { encoding: 'hex', secondary: 'always' },
  fields: {
    ...layout(iso87, { digits: 'ascii', text: 'ascii', binary: 'hex', length: 'ascii', unit: 'bytes' }),
    55: {
      name: iso87[55].name,
      content: 'b',
      as: 'emv',
      encoding: 'hex',
      length: { prefix: 'ascii', width: 3, max: 510, unit: 'bytes' },
    },
  },
} as const satisfies Dialect;
