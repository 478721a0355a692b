import type { Bytes } from './bytes.ts';
import type { VisaHeader } from './header-visa.ts';
import type { AccountNumber } from './sensitive/account.ts';
import type { CardVerificationValue } from './sensitive/card-verification-value.ts';
import type { Pan } from './sensitive/pan.ts';
import type { PinBlock } from './sensitive/pin-block.ts';
import type { Secret } from './sensitive/secret.ts';
import type { Track1, Track2, Track3 } from './sensitive/tracks.ts';

/**
 * A dialect is data along axes that do not depend on each other:
 * what a field holds (`content`), what that means (`as`), how it is written (`encoding`),
 * how its end is known (`length`), how it is filled up (`pad`), and what it is made of (`parts`).
 */

/**
 * Characters a field may hold (ISO 8583-1 clause 4): n digits; a letters; s specials; z track data;
 * b bits; x+n a sign (C or D) and digits; h hex digits.
 */
export type Content = 'n' | 'a' | 'an' | 'as' | 'ns' | 'ans' | 'anp' | 'z' | 'b' | 'x+n' | 'h';

/** Values with a type of their own. */
export interface SemanticTypes {
  pan: Pan;
  track1: Track1;
  track2: Track2;
  track3: Track3;
  'pin-block': PinBlock;
  cvv: CardVerificationValue;
  account: AccountNumber;
  /** Text that is never shown. */
  secret: Secret;
  /** BER-TLV of EMV Book 3, annex B: the bytes as received; `parseTlv` reads them. */
  emv: Bytes;
}
export type Semantic = keyof SemanticTypes;

/**
 * `ascii` and `ebcdic-*`: one byte a character. `bcd`: two digits a byte. `binary`: the bytes as they are.
 * `hex` and `ebcdic-hex`: two characters a byte; `hex-lower` writes small letters, and each reads both.
 */
export type Encoding =
  | 'ascii'
  | 'ebcdic-1047'
  | 'ebcdic-037'
  | 'ebcdic-500'
  | 'bcd'
  | 'binary'
  | 'hex'
  | 'hex-lower'
  | 'ebcdic-hex';

/**
 * What a length counts: `characters` of the value (digits, letters, bytes of a `b` field), `bytes` or `nibbles` as
 * written.
 */
export type LengthUnit = 'characters' | 'bytes' | 'nibbles';
export type LengthEncoding = 'ascii' | 'ebcdic' | 'bcd' | 'binary' | 'hex';

export interface FixedLength {
  /** In characters of the value. */
  readonly fixed: number;
}

export interface VariableLength {
  readonly prefix: LengthEncoding;
  /** Width of the prefix: digits, or bytes where the prefix is binary. */
  readonly width: number;
  /** Limits in `unit`. */
  readonly max: number;
  readonly min?: number;
  /** Default: characters. */
  readonly unit?: LengthUnit;
  /** The characters that stand on the wire whatever the length says; what the value leaves is filler, and skipped. */
  readonly occupies?: number;
}

/** The rest of what the field stands in: the message, a composite, or the length a tag announces. */
export interface RestLength {
  /** The most, in characters of the value. */
  readonly rest: number;
}

export interface Pad {
  readonly side: 'left' | 'right';
  /** One character; for an odd number of BCD digits, the nibble 0 to F. */
  readonly with: string;
  /** Take the padding away when parsing. Default false: parse and pack then give back the same bytes. */
  readonly trim?: boolean;
  /**
   * For an odd number of BCD digits: nibbles that are read as its filler too, at either end, such as `{ right: 'F0' }`.
   * `with` at `side` comes first. What a message came with is written again when the same message is packed.
   */
  readonly also?: { readonly left?: string; readonly right?: string };
}

/** How the parts of a composite are told apart. */
export type Composition =
  /** One after the other, in the order of the table; the last may be missing. */
  | { readonly kind: 'positional' }
  /** A bitmap of so many bytes, then the parts whose `bit` it sets. Bytes in front of it are kept as `header`. */
  | {
      readonly kind: 'bitmap';
      readonly bytes: number;
      readonly encoding?: BitmapEncoding;
      readonly headerBytes?: number;
    }
  /**
   * Tag, length, value, over and over. Tags the table does not know are kept byte for byte under `tag…`, unless it
   * refuses them.
   * `lead` names a part in front that has no tag; it is there when the first byte is no digit (Mastercard DE48).
   */
  | {
      readonly kind: 'tagged';
      readonly tag: {
        readonly encoding: 'ascii' | 'ebcdic-1047' | 'ebcdic-037' | 'binary';
        readonly characters: number;
      };
      /** Absent: every part brings a length of its own. */
      readonly length?: { readonly prefix: LengthEncoding; readonly width: number };
      /** Where every part brings its own: the length of tags the table does not know. Absent: they are refused. */
      readonly unknownLength?: { readonly prefix: LengthEncoding; readonly width: number };
      readonly lead?: string;
      readonly unknownTags?: 'keep' | 'refuse';
    }
  /** BER-TLV; unknown tags are kept in the same way. */
  | { readonly kind: 'ber-tlv'; readonly unknownTags?: 'keep' | 'refuse' };

/** A run of characters inside a text field. */
export interface Slice {
  readonly name: string;
  readonly content: Content;
  readonly characters: number;
}

export interface Part extends Field {
  /** Bit of this part in a bitmap composite, from 1. */
  readonly bit?: number;
  /** Tag of this part in a tagged composite: digits as written, or upper-case hex where tags are binary. */
  readonly tag?: string;
}

export interface Field {
  readonly name: string;
  readonly content: Content;
  readonly encoding: Encoding;
  readonly length: FixedLength | VariableLength | RestLength;
  readonly as?: Semantic;
  readonly pad?: Pad;
  /** The field's characters, cut into runs of fixed length in this order; together they are the whole field. */
  readonly slices?: { readonly [property: string]: Slice };
  /** The slices repeat: the value is an array. */
  readonly repeated?: true;
  readonly composition?: Composition;
  /** The parts of a composite by property name, in order. */
  readonly parts?: { readonly [property: string]: Part };
}

export type BitmapEncoding = 'binary' | 'hex' | 'hex-lower' | 'ebcdic-hex';

export interface BitmapStyle {
  readonly encoding: BitmapEncoding;
  /** Encoding of the second and third bitmap, where it differs. */
  readonly extension?: BitmapEncoding;
  /**
   * `as-needed`: bit 1 announces a second bitmap. `always`: the same, and it is written even when empty.
   * `never`: there is none, and bit 1 is a fault. `joined`: one bitmap of 128 bits whose bit 1 means nothing.
   */
  readonly secondary?: 'as-needed' | 'always' | 'never' | 'joined';
  /** Where a third bitmap stands, if the dialect has one. */
  readonly tertiary?: 'after-secondary' | 'as-field-65';
}

export interface Dialect {
  readonly name: string;
  readonly description: string;
  /** False where the tables rest on unverified facts or are our own. */
  readonly conformant: boolean;
  readonly mti: { readonly encoding: 'ascii' | 'bcd' | 'ebcdic-1047' | 'ebcdic-037' | 'ebcdic-500' };
  readonly bitmap: BitmapStyle;
  /** In front of the message type: the BASE I header, or a field. */
  readonly header?: 'visa' | Field;
  readonly fields: { readonly [number: number]: Field };
}

type Presence<T> = T | undefined;

/** Tags a composite met and did not know, as `tag` and the tag. */
type UnknownTags<F> = F extends { readonly composition: { readonly kind: 'tagged' | 'ber-tlv' } }
  ? { [unknown: `tag${string}`]: Bytes | undefined }
  : unknown;

/** The value a field has in a message. */
export type ValueOf<F> = F extends { readonly parts: infer P }
  ? { -readonly [K in keyof P]?: Presence<ValueOf<P[K]>> } & UnknownTags<F>
  : F extends { readonly slices: infer S }
    ? F extends { readonly repeated: true }
      ? readonly { readonly [K in keyof S]: string }[]
      : { readonly [K in keyof S]: string }
    : F extends { readonly as: infer A extends Semantic }
      ? SemanticTypes[A]
      : F extends { readonly content: 'b' }
        ? Bytes
        : string;

/** A message of a dialect: `mti`, the fields as `de2` to `de192`, and `header` where the dialect has one. */
export type Message<D extends Dialect = Dialect> = { mti: string } & {
  -readonly [K in keyof D['fields'] & number as `de${K}`]?: Presence<ValueOf<D['fields'][K]>>;
} & HeaderOf<D>;

type HeaderOf<D> = D extends { readonly header: infer H }
  ? { header: H extends 'visa' ? VisaHeader : ValueOf<H> }
  : { header?: never };
