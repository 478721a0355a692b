import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso2003 } from '../standards/iso2003.ts';

/** ISO 8583:2003 with ASCII fields and lengths, binary bitmaps and raw binary fields. */
export const iso2003Ascii = {
  name: 'iso2003-ascii',
  description:
    'ISO 8583:2003 from public specifications, unverified; ASCII fields and lengths, binary bitmaps',
  conformant: false,
  mti: { encoding: 'ascii' },
  bitmap: { encoding: 'binary' },
  fields: layout(iso2003, { digits: 'ascii', text: 'ascii', binary: 'binary', length: 'ascii' }),
} as const satisfies Dialect;
