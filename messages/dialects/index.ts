import type { Dialect } from '../dialect.ts';
import { cb2aLike } from './cb2a-like.ts';
import { iso87Ascii } from './iso87-ascii.ts';
import { iso87AsciiHex } from './iso87-ascii-hex.ts';
import { iso87Bcd } from './iso87-bcd.ts';
import { iso93Ascii } from './iso93-ascii.ts';
import { iso2003Ascii } from './iso2003-ascii.ts';
import { mastercardCis } from './mastercard-cis.ts';
import { posBcd } from './pos-bcd.ts';
import { visaBase1 } from './visa-base1.ts';

/** Every dialect shipped, by name. */
export const dialects = {
  'iso87-ascii': iso87Ascii,
  'iso87-ascii-hex': iso87AsciiHex,
  'iso87-bcd': iso87Bcd,
  'iso93-ascii': iso93Ascii,
  'iso2003-ascii': iso2003Ascii,
  'pos-bcd': posBcd,
  'visa-base1': visaBase1,
  'mastercard-cis': mastercardCis,
  'cb2a-like': cb2aLike,
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;

export function dialectNamed(name: string): Dialect | undefined {
  return Object.hasOwn(dialects, name) ? dialects[name as DialectName] : undefined;
}
