import type { Dialect } from '../dialect.ts';
import { iso87Ascii } from './iso87-ascii.ts';
import { iso87AsciiHex } from './iso87-ascii-hex.ts';
import { posBcd } from './pos-bcd.ts';
import { visaBase1 } from './visa-base1.ts';

/** Every dialect shipped, by name. */
export const dialects = {
  'iso87-ascii': iso87Ascii,
  'iso87-ascii-hex': iso87AsciiHex,
  'pos-bcd': posBcd,
  'visa-base1': visaBase1,
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;

export function dialectNamed(name: string): Dialect | undefined {
  return Object.hasOwn(dialects, name) ? dialects[name as DialectName] : undefined;
}
