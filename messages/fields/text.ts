import type { Cursor } from '../cursor.ts';
import type { Content, Field, Pad } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { type CharsetName, charsets } from './charsets.ts';
import { contentName, firstForeign } from './contents.ts';
import { checkFillers, fillerOf } from './fillers.ts';

/** How the value of a field is written, its length aside. `V` is a string for text and a view for bits. */
export interface ContentCodec<V> {
  bytesOf(characters: number): number;
  /** How many characters so many bytes hold; undefined when the bytes cannot be split evenly. */
  charactersIn(bytes: number): number | undefined;
  read(cursor: Cursor, characters: number, path: string): V;
  characters(value: V): number;
  /** Writes at `at`; the caller has room for `bytesOf(characters(value))`. */
  write(value: V, out: Buffer, at: number, path: string): void;
  /** Nibbles are a unit of their own only where a byte holds two characters. */
  readonly packed: boolean;
  /** A nibble takes a byte of its own. */
  readonly hexText?: boolean;
}

export type TextContent = Exclude<Content, 'b'>;

/** What becomes of a character that is foreign to the field: in what is read, and in what is packed. */
export type Letters = 'refuse' | 'pass' | 'replace';

/** Text with one byte a character. */
function charsetText(name: CharsetName, content: TextContent, letters: Letters): ContentCodec<string> {
  const { toLatin1, fromLatin1 } = charsets[name];
  return {
    packed: false,
    bytesOf: (characters) => characters,
    charactersIn: (bytes) => bytes,
    characters: (value) => value.length,
    read(cursor, characters, path) {
      const at = cursor.take(characters, path);
      const text =
        name === 'ascii'
          ? cursor.bytes.toString('latin1', at, at + characters)
          : translate(cursor.bytes, at, characters, toLatin1);
      if (letters === 'replace') return replaced(text, content);
      if (letters === 'refuse' && cursor.strictness.content === 'reject') {
        const foreign = firstForeign(text, content);
        if (foreign >= 0) {
          cursor.fail(
            'ISO_CONTENT',
            path,
            at + foreign,
            contentName(content),
            `byte ${hexByte(cursor.bytes[at + foreign])}`,
          );
        }
      }
      return text;
    },
    write(value, out, at, path) {
      const text = letters === 'replace' ? replaced(value, content) : value;
      if (letters !== 'pass' || !isLatin1(text)) checkContent(text, content, path);
      for (let i = 0; i < text.length; i++) out[at + i] = fromLatin1[text.charCodeAt(i)] ?? 0;
    },
  };
}

/** Digits, track data or hex digits, two a byte; an odd number is filled up on the padding's side. */
function packedText(
  content: TextContent,
  pad: Pad,
  countedInBytes: boolean,
  path: string,
): ContentCodec<string> {
  checkFillers(pad, path);
  const padNibble = Number.parseInt(pad.with, 16);
  const signBytes = content === 'x+n' ? 1 : 0;
  const tellsOdd =
    countedInBytes && padNibble > 9 && (content === 'n' || content === 'z') && pad.with !== 'D';
  const codec: ContentCodec<string> = {
    packed: true,
    bytesOf: (characters) => signBytes + ((characters - signBytes + 1) >> 1),
    charactersIn: (bytes) => signBytes + (bytes - signBytes) * 2,
    characters: (value) => value.length,
    read(cursor, characters, path) {
      const at = cursor.take(codec.bytesOf(characters), path);
      const sign = signBytes ? String.fromCharCode(cursor.bytes[at] ?? 0) : '';
      const nibbles = cursor.bytes.toString('hex', at + signBytes, cursor.at).toUpperCase();
      const padAt = pad.side === 'left' ? 0 : nibbles.length - 1;
      // Where a length counts bytes, only a padding nibble that is no digit tells that the number is odd.
      const seen = tellsOdd && nibbles.length > 0 && nibbles[padAt] === pad.with;
      const odd = (characters - signBytes) % 2 === 1 || seen;
      const isUsual = nibbles[padAt] === pad.with;
      const filler =
        !odd || isUsual ? pad : fillerOf(nibbles, pad, cursor.strictness.padNibbles === 'accept');
      if (!filler) {
        const place = at + signBytes + (padAt >> 1);
        return cursor.fail('ISO_PAD', path, place, `nibble ${pad.with}`, `another nibble`);
      }
      if (filler !== pad) cursor.keepFiller(path, filler);
      const digits = odd ? (filler.side === 'left' ? nibbles.slice(1) : nibbles.slice(0, -1)) : nibbles;
      const text = sign + (content === 'z' ? digits.replaceAll('D', '=') : digits);
      const foreign = cursor.strictness.content === 'reject' ? firstForeign(text, content) : -1;
      if (foreign >= 0) {
        cursor.fail(
          'ISO_CONTENT',
          path,
          at + codec.bytesOf(foreign + 1) - 1,
          contentName(content),
          'another nibble',
        );
      }
      return text;
    },
    write(value, out, at, path) {
      checkContent(value, content, path);
      if (signBytes) out[at] = value.charCodeAt(0);
      const digits = value.length - signBytes;
      let nibble = digits % 2 === 1 && pad.side === 'left' ? 1 : 0;
      if (nibble) out[at + signBytes] = padNibble << 4;
      for (let i = signBytes; i < value.length; i++, nibble++) {
        const to = at + signBytes + (nibble >> 1);
        const code = nibbleOf(value.charCodeAt(i));
        out[to] = nibble % 2 === 0 ? (code << 4) | padNibble : ((out[to] ?? 0) & 0xf0) | code;
      }
    },
  };
  return codec;
}

/** @param letters in BCD no foreign one ever passes, since it would come out as another */
export function textCodec(field: Field, path: string, letters: Letters): ContentCodec<string> {
  const { content, encoding } = field;
  if (content === 'b') throw dialectError(path, 'text', 'bits');
  switch (encoding) {
    case 'ascii':
    case 'ebcdic-1047':
    case 'ebcdic-037':
    case 'ebcdic-500':
      return charsetText(encoding, content, letters);
    case 'bcd':
      if (content !== 'n' && content !== 'z' && content !== 'h' && content !== 'x+n') {
        throw dialectError(path, 'digits, track data or hex digits in BCD', content);
      }
      return packedText(content, field.pad ?? { side: 'left', with: '0' }, isCountedInBytes(field), path);
    default:
      throw dialectError(path, 'a text encoding', encoding);
  }
}

function isCountedInBytes({ length }: Field): boolean {
  return 'rest' in length || ('prefix' in length && length.unit === 'bytes');
}

export function dialectError(path: string, expected: string, found: string): IsoError {
  return new IsoError('ISO_DIALECT', { path, expected, found });
}

function checkContent(value: string, content: TextContent, path: string): void {
  const foreign = firstForeign(value, content);
  if (foreign >= 0) {
    throw new IsoError('ISO_CONTENT', {
      path,
      expected: contentName(content),
      found: `another character at position ${foreign + 1} of ${value.length}`,
    });
  }
}

/** A question mark for every foreign character, or a space where the content has none: the length stays. */
function replaced(text: string, content: TextContent): string {
  if (firstForeign(text, content) < 0) return text;
  const mark = firstForeign('?', content) < 0 ? '?' : ' ';
  return Array.from({ length: text.length }, (_, i) => {
    const character = text.charAt(i);
    return firstForeign(character, content) < 0 ? character : mark;
  }).join('');
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false;
  return true;
}

/** Short text is translated in it, as nearly all text is; a call that is over has no more use for it. */
const scratch = Buffer.alloc(256);

function translate(from: Buffer, at: number, characters: number, table: Uint8Array): string {
  const bytes = characters <= scratch.length ? scratch : Buffer.allocUnsafe(characters);
  for (let i = 0; i < characters; i++) bytes[i] = table[from[at + i] ?? 0] ?? 0;
  return bytes.toString('latin1', 0, characters);
}

function nibbleOf(code: number): number {
  if (code === 61) return 0xd;
  return code < 58 ? code - 48 : code - 55;
}

function hexByte(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, '0').toUpperCase();
}
