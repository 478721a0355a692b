import { Bytes } from './bytes.ts';
import type { Cursor } from './cursor.ts';
import type { Dialect } from './dialect.ts';
import { IsoError } from './errors.ts';
import { charsets } from './fields/charsets.ts';
import { wrongKind } from './fields/semantics.ts';
import { isKnownMti } from './mti.ts';
import type { Strictness } from './strictness.ts';

export interface MtiCodec {
  read(cursor: Cursor): string;
  encode(mti: string): Buffer;
}

export function mtiCodec(encoding: Dialect['mti']['encoding'], rule: Strictness['mti']): MtiCodec {
  const bytes = encoding === 'bcd' ? 2 : 4;
  const { toLatin1, fromLatin1 } = charsets[encoding === 'bcd' ? 'ascii' : encoding];
  return {
    read(cursor) {
      const at = cursor.take(bytes, 'MTI');
      const mti =
        encoding === 'bcd'
          ? cursor.bytes.toString('hex', at, at + 2).toUpperCase()
          : latin1Of(cursor.bytes, at, toLatin1);
      const expected = mtiFault(mti, rule);
      if (expected) {
        cursor.fail(
          'ISO_MTI',
          'MTI',
          at,
          expected,
          cursor.bytes.toString('hex', at, at + bytes).toUpperCase(),
        );
      }
      return mti;
    },
    encode(mti) {
      if (typeof mti !== 'string') throw wrongKind('MTI', 'a string', mti);
      const expected = mtiFault(mti, rule);
      if (expected) {
        throw new IsoError('ISO_MTI', { path: 'MTI', expected, found: `${mti.length} characters` });
      }
      if (encoding === 'bcd') return Bytes.fromHex(mti).buffer();
      return Buffer.from(Array.from(mti, (character) => fromLatin1[character.charCodeAt(0)] ?? 0));
    },
  };
}

/** Four characters, one by one: an array of them would cost more than all else of the type. */
function latin1Of(bytes: Buffer, at: number, toLatin1: ArrayLike<number>): string {
  const code = (index: number) => toLatin1[bytes[at + index] ?? 0] ?? 0;
  return String.fromCharCode(code(0), code(1), code(2), code(3));
}

/** What was expected of an MTI that the rule does not allow. */
function mtiFault(mti: string, rule: Strictness['mti']): string | undefined {
  if (mti.length !== 4) return 'four characters';
  if (rule !== 'any' && !/^[0-9]{4}$/.test(mti)) return 'four digits';
  return rule === 'known' && !isKnownMti(mti) ? 'a known message type' : undefined;
}
