import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';

/** ISO 8583:1987 with ASCII fields and lengths, binary bitmaps and raw binary fields. */
export const iso87Ascii = {
  name: 'iso87-ascii',
  description: 'ISO 8583:1987, ASCII fields and lengths, binary bitmaps, binary fields as they are',
  conformant: true,
  mti: { encoding: 'ascii' },
  bitmap: { encoding: 'binary' },
  fields: layout(iso87, { digits: 'ascii', text: 'ascii', binary: 'binary', length: 'ascii' }),
} as const satisfies Dialect;
