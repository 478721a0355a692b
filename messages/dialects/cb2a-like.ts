import type { Dialect } from '../dialect.ts';
import { layout } from '../layout.ts';
import { cb2aLikeFields } from '../standards/cb2a-like.ts';
import { iso87 } from '../standards/iso87.ts';

/** Our own French-style profile with typed sub-elements in 44, 47 and 59. Not CB2A. */
export const cb2aLike = {
  name: 'cb2a-like',
  description: 'our own French-style profile, NOT CB2A: its field list is not public',
  conformant: false,
  mti: { encoding: 'ascii' },
  bitmap: { encoding: 'binary' },
  fields: {
    ...layout(iso87, { digits: 'ascii', text: 'ascii', binary: 'binary', length: 'ascii' }),
    ...cb2aLikeFields,
  },
} as const satisfies Dialect;
