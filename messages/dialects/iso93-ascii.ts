import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso93 } from '../standards/iso93.ts';

/** ISO 8583:1993 with ASCII fields and lengths, binary bitmaps and raw binary fields. */
export const iso93Ascii = {
  name: 'iso93-ascii',
  description: 'ISO 8583:1993, ASCII fields and lengths, binary bitmaps, binary fields as they are',
  conformant: true,
  mti: { encoding: 'ascii' },
  bitmap: { encoding: 'binary' },
  fields: layout(iso93, { digits: 'ascii', text: 'ascii', binary: 'binary', length: 'ascii' }),
} as const satisfies Dialect;
