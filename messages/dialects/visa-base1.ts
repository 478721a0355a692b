import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';
import { visaFields } from '../standards/visa-base1.ts';

/** BASE I: 22-byte header, BCD digits, EBCDIC text, one-byte binary lengths, up to three bitmaps after the type. */
export const visaBase1 = {
  name: 'visa-base1',
  description: 'BASE I style, from public sources only: unverified, replace with your licensed specification',
  conformant: false,
  header: 'visa',
  mti: { encoding: 'bcd' },
  bitmap: { encoding: 'binary', tertiary: 'after-secondary' },
  fields: {
    ...layout(iso87, {
      digits: 'bcd',
      text: 'ebcdic-1047',
      binary: 'binary',
      length: 'binary',
      unit: 'bytes',
    }),
    ...visaFields,
  },
} as const satisfies Dialect;
