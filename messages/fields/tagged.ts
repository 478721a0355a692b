import { Bytes } from '../bytes.ts';
import { Cursor } from '../cursor.ts';
import type { Composition } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { berHead, encodeBerLength, encodeBerTag, mayRepeat } from '../tlv.ts';
import { Again, propertyOf } from './again.ts';
import { type CharsetName, charsets } from './charsets.ts';
import type { FieldCodec, PartCodec, PartsCodec } from './codecs.ts';
import { lengthCodec } from './length.ts';
import { readInto } from './read-into.ts';
import { wrongKind } from './semantics.ts';
import { dialectError } from './text.ts';

type Tagged = Extract<Composition, { kind: 'tagged' }>;
type BerTlv = Extract<Composition, { kind: 'ber-tlv' }>;
type LengthForm = NonNullable<Tagged['length']>;

/** Between tags and bytes of one tagged form. */
interface TagForm {
  /** Reads tag and length; no length where every part has its own. */
  head(cursor: Cursor): { tag: string; length: number | undefined };
  /** Writes tag and length. */
  encodeHead(tag: string, length: number): Buffer;
  /** True where padding stands that belongs to no tag; steps over it. */
  skipPadding(cursor: Cursor): boolean;
  /** Whether the tag may stand more than once, however strict the codec. */
  mayRepeat(tag: string): boolean;
  /** Length and value of a tag that the table does not know, where parts bring lengths of their own. */
  readonly unknown?: FieldCodec;
}

export function taggedParts(parts: readonly PartCodec[], composition: Tagged, path: string): PartsCodec {
  const lead = parts.find((part) => part.property === composition.lead);
  if (composition.lead !== undefined && !lead) throw dialectError(path, 'a part to lead', composition.lead);
  const body = anyOrder(
    parts.filter((part) => part !== lead),
    fixedTagForm(composition, path),
    path,
    composition.unknownTags,
  );
  if (!lead) return body;
  const { toLatin1 } = charsets[charsetOf(composition.tag)];
  return {
    read(cursor, value) {
      const first = toLatin1[cursor.bytes[cursor.at] ?? 0] ?? 0;
      const isTag = cursor.at === cursor.end || (first >= 48 && first <= 57);
      if (!isTag) readInto(value, lead.property, lead.codec, cursor);
      body.read(cursor, value);
    },
    encode(value) {
      const { [lead.property]: head, ...rest } = value;
      const tail = body.encode(rest);
      return head === undefined ? tail : Buffer.concat([lead.codec.encode(head), tail]);
    },
  };
}

export function berTlvParts(parts: readonly PartCodec[], composition: BerTlv, path: string): PartsCodec {
  return anyOrder(parts, berForm(path), path, composition.unknownTags);
}

/** Tagged parts keep the order in which they came; properties of an object keep theirs. */
function anyOrder(
  parts: readonly PartCodec[],
  form: TagForm,
  path: string,
  unknownTags: Tagged['unknownTags'],
): PartsCodec {
  const byTag = new Map<string, PartCodec>();
  for (const part of parts) {
    if (part.tag === undefined) throw dialectError(part.path, 'a tag', 'none');
    byTag.set(part.tag, part);
  }
  const byProperty = new Map(parts.map((part) => [part.property, part]));
  return {
    read(cursor, value) {
      const again = new Again();
      while (cursor.at < cursor.end) {
        if (form.skipPadding(cursor)) continue;
        const at = cursor.at;
        const { tag, length } = form.head(cursor);
        const part = byTag.get(tag);
        const first = part?.property ?? `tag${tag}`;
        if (!part && unknownTags === 'refuse') {
          cursor.fail('ISO_FIELD_UNDEFINED', path, at, 'only defined tags', tag);
        }
        const mayCome = cursor.strictness.duplicateTags === 'accept' || form.mayRepeat(tag);
        if (first in value && !mayCome) cursor.fail('ISO_TLV_DUPLICATE', path, at, 'each tag once', tag);
        const property = first in value ? again.next(first) : first;
        if (length !== undefined) {
          const start = cursor.take(length, `${path}.${tag}`);
          if (part) readPart(value, property === first ? part : { ...part, property }, cursor, start);
          else value[property] = Bytes.view(cursor.bytes, start, cursor.at);
        } else if (part) readInto(value, property, part.codec, cursor);
        else if (form.unknown) readInto(value, property, form.unknown, cursor);
        else cursor.fail('ISO_FIELD_UNDEFINED', path, at, 'only defined tags', tag);
      }
    },
    encode(value) {
      const bytes: Buffer[] = [];
      for (const [property, item] of Object.entries(value)) {
        if (item === undefined) continue;
        const part = byProperty.get(propertyOf(property));
        const content = part ? part.codec.encode(item) : unknownContent(property, item, form, path);
        bytes.push(form.encodeHead(part?.tag ?? propertyOf(property).slice(3), content.length), content);
      }
      return Buffer.concat(bytes);
    },
  };
}

function readPart(value: Record<string, unknown>, part: PartCodec, cursor: Cursor, start: number): void {
  const inner = new Cursor(cursor.bytes, start, cursor.at, cursor.strictness);
  readInto(value, part.property, part.codec, inner);
  if (inner.at < inner.end && cursor.strictness.trailingBytes === 'reject') {
    cursor.fail('ISO_TRAILING_BYTES', part.path, inner.at, 'nothing', `${inner.end - inner.at} bytes`);
  }
}

function unknownContent(property: string, item: unknown, form: TagForm, path: string): Buffer {
  if (!property.startsWith('tag')) {
    throw new IsoError('ISO_FIELD_UNDEFINED', {
      path,
      expected: 'a defined part or tag…',
      found: 'another property',
    });
  }
  if (!(item instanceof Bytes)) throw wrongKind(`${path}.${property}`, 'Bytes', item);
  return form.unknown ? form.unknown.encode(item) : item.buffer();
}

function charsetOf({ encoding }: Tagged['tag']): CharsetName {
  return encoding === 'binary' ? 'ascii' : encoding;
}

/** Any bytes behind a length. */
function unknownCodec({ prefix, width }: LengthForm, path: string): FieldCodec {
  const codec = lengthCodec({ prefix, width, max: Number.MAX_SAFE_INTEGER });
  const limit = lengthLimit({ prefix, width });
  return {
    read(cursor) {
      const start = cursor.take(codec.read(cursor, path), path);
      return Bytes.view(cursor.bytes, start, cursor.at);
    },
    skip: (cursor) => void cursor.take(codec.read(cursor, path), path),
    encode(value) {
      const bytes = (value as Bytes).buffer();
      if (bytes.length > limit) {
        throw new IsoError('ISO_LENGTH', { path, expected: `0 to ${limit}`, found: `${bytes.length}` });
      }
      const head = Buffer.allocUnsafe(codec.bytes);
      codec.write(bytes.length, head, 0);
      return Buffer.concat([head, bytes]);
    },
  };
}

function fixedTagForm({ tag, length, unknownLength }: Tagged, path: string): TagForm {
  const prefix = length && lengthCodec({ ...length, max: Number.MAX_SAFE_INTEGER });
  const bytes = tag.encoding === 'binary' ? tag.characters / 2 : tag.characters;
  const { toLatin1, fromLatin1 } = charsets[charsetOf(tag)];
  const limit = length ? lengthLimit(length) : Number.MAX_SAFE_INTEGER;
  return {
    ...(unknownLength && !length ? { unknown: unknownCodec(unknownLength, `${path}.tag`) } : {}),
    skipPadding: () => false,
    mayRepeat: () => false,
    head(cursor) {
      const at = cursor.take(bytes, path);
      const raw = cursor.bytes.subarray(at, at + bytes);
      const name =
        tag.encoding === 'binary'
          ? raw.toString('hex').toUpperCase()
          : String.fromCharCode(...raw.map((byte) => toLatin1[byte] ?? 0));
      if (!/^[0-9A-Za-z]+$/.test(name)) {
        cursor.fail('ISO_TLV', path, at, `a tag of ${tag.characters} characters`, 'other bytes');
      }
      return { tag: name, length: prefix?.read(cursor, `${path}.${name}`) };
    },
    encodeHead(name, count) {
      const expected = tag.encoding === 'binary' ? /^(?:[0-9A-F]{2})+$/ : /^[0-9A-Za-z]+$/;
      if (name.length !== tag.characters || !expected.test(name)) {
        throw new IsoError('ISO_TLV', {
          path,
          expected: `a tag of ${tag.characters} characters`,
          found: 'another',
        });
      }
      if (count > limit) {
        throw new IsoError('ISO_LENGTH', {
          path: `${path}.${name}`,
          expected: `0 to ${limit}`,
          found: `${count}`,
        });
      }
      const out = Buffer.alloc(bytes + (prefix?.bytes ?? 0));
      if (tag.encoding === 'binary') out.write(name, 'hex');
      else for (let i = 0; i < bytes; i++) out[i] = fromLatin1[name.charCodeAt(i)] ?? 0;
      prefix?.write(count, out, bytes);
      return out;
    },
  };
}

/** The largest length that the prefix can write. */
function lengthLimit({ prefix, width }: LengthForm): number {
  if (prefix === 'binary') return 256 ** width - 1;
  return (prefix === 'hex' ? 16 : 10) ** width - 1;
}

function berForm(path: string): TagForm {
  return {
    head: (cursor) => berHead(cursor, path),
    mayRepeat,
    encodeHead(tag, length) {
      return Buffer.concat([encodeBerTag(tag, path), encodeBerLength(length)]);
    },
    skipPadding(cursor) {
      if (cursor.bytes[cursor.at] !== 0) return false;
      cursor.at++;
      return true;
    },
  };
}
