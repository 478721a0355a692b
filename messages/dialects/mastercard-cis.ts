import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { iso87 } from '../standards/iso87.ts';
import { mastercardFields } from '../standards/mastercard-cis.ts';

/** Mastercard authorization style: EBCDIC type, digits, text and lengths, binary bitmaps, DE48 in sub-elements. */
export const mastercardCis = {
  name: 'mastercard-cis',
  description:
    'Mastercard authorization style, from public sources only: unverified, replace with your licensed specification',
  conformant: false,
  mti: { encoding: 'ebcdic-1047' },
  bitmap: { encoding: 'binary' },
  fields: {
    ...layout(iso87, { digits: 'ebcdic-1047', text: 'ebcdic-1047', binary: 'binary', length: 'ebcdic' }),
    ...mastercardFields,
  },
} as const satisfies Dialect;
