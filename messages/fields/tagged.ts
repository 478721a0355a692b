import { Bytes } from '../bytes.ts';
import type { Composition } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { berHead, encodeBerLength, encodeBerTag } from '../tlv.ts';
import { charsets } from './charsets.ts';
import type { PartCodec, PartsCodec } from './codecs.ts';
import { Cursor } from './cursor.ts';
import { lengthCodec } from './length.ts';
import { wrongKind } from './semantics.ts';
import { dialectError } from './text.ts';

type Tagged = Extract<Composition, { kind: 'tagged' }>;

/** Between tags and bytes of one tagged form. */
interface TagForm {
  /** Reads tag and length; no length where every part has its own. */
  head(cursor: Cursor): { tag: string; length: number | undefined };
  /** Writes tag and length. */
  encodeHead(tag: string, length: number): Buffer;
  /** True where padding stands that belongs to no tag; steps over it. */
  skipPadding(cursor: Cursor): boolean;
}

export function taggedParts(parts: readonly PartCodec[], composition: Tagged, path: string): PartsCodec {
  const lead = parts.find((part) => part.property === composition.lead);
  if (composition.lead !== undefined && !lead) throw dialectError(path, 'a part to lead', composition.lead);
  const body = anyOrder(
    parts.filter((part) => part !== lead),
    fixedTagForm(composition, path),
    path,
  );
  if (!lead) return body;
  const { toLatin1 } = charsets[composition.tag.encoding === 'ebcdic-1047' ? 'ebcdic-1047' : 'ascii'];
  return {
    read(cursor) {
      const first = toLatin1[cursor.bytes[cursor.at] ?? 0] ?? 0;
      const isTag = cursor.at === cursor.end || (first >= 48 && first <= 57);
      return isTag ? body.read(cursor) : { [lead.property]: lead.codec.read(cursor), ...body.read(cursor) };
    },
    encode(value) {
      const { [lead.property]: head, ...rest } = value;
      const tail = body.encode(rest);
      return head === undefined ? tail : Buffer.concat([lead.codec.encode(head), tail]);
    },
  };
}

export function berTlvParts(parts: readonly PartCodec[], path: string): PartsCodec {
  return anyOrder(parts, berForm(path), path);
}

/** Tagged parts keep the order in which they came; properties of an object keep theirs. */
function anyOrder(parts: readonly PartCodec[], form: TagForm, path: string): PartsCodec {
  const byTag = new Map<string, PartCodec>();
  for (const part of parts) {
    if (part.tag === undefined) throw dialectError(part.path, 'a tag', 'none');
    byTag.set(part.tag, part);
  }
  const byProperty = new Map(parts.map((part) => [part.property, part]));
  return {
    read(cursor) {
      const value: Record<string, unknown> = {};
      while (cursor.at < cursor.end) {
        if (form.skipPadding(cursor)) continue;
        const at = cursor.at;
        const { tag, length } = form.head(cursor);
        const part = byTag.get(tag);
        const property = part?.property ?? `tag${tag}`;
        if (property in value && cursor.strictness.duplicateTags === 'reject')
          cursor.fail('ISO_TLV_DUPLICATE', path, at, 'each tag once', tag);
        if (length !== undefined) {
          const start = cursor.take(length, `${path}.${tag}`);
          value[property] = part ? readPart(part, cursor, start) : Bytes.view(cursor.bytes, start, cursor.at);
        } else if (part) value[property] = part.codec.read(cursor);
        else cursor.fail('ISO_FIELD_UNDEFINED', path, at, 'only defined tags', tag);
      }
      return value;
    },
    encode(value) {
      const bytes: Buffer[] = [];
      for (const [property, item] of Object.entries(value)) {
        if (item === undefined) continue;
        const part = byProperty.get(property);
        const content = part ? part.codec.encode(item) : unknownContent(property, item, path);
        bytes.push(form.encodeHead(part?.tag ?? property.slice(3), content.length), content);
      }
      return Buffer.concat(bytes);
    },
  };
}

function readPart(part: PartCodec, cursor: Cursor, start: number): unknown {
  const inner = new Cursor(cursor.bytes, start, cursor.at, cursor.strictness);
  const value = part.codec.read(inner);
  if (inner.at < inner.end && cursor.strictness.trailingBytes === 'reject')
    cursor.fail('ISO_TRAILING_BYTES', part.path, inner.at, 'nothing', `${inner.end - inner.at} bytes`);
  return value;
}

function unknownContent(property: string, item: unknown, path: string): Buffer {
  if (!property.startsWith('tag'))
    throw new IsoError('ISO_FIELD_UNDEFINED', {
      path,
      expected: 'a defined part or tag…',
      found: 'another property',
    });
  if (!(item instanceof Bytes)) throw wrongKind(`${path}.${property}`, 'Bytes', item);
  return item.buffer();
}

function fixedTagForm({ tag, length }: Tagged, path: string): TagForm {
  const prefix = length && lengthCodec({ ...length, max: Number.MAX_SAFE_INTEGER });
  const bytes = tag.encoding === 'binary' ? tag.characters / 2 : tag.characters;
  const { toLatin1, fromLatin1 } = charsets[tag.encoding === 'binary' ? 'ascii' : tag.encoding];
  const limit = length ? lengthLimit(length) : Number.MAX_SAFE_INTEGER;
  return {
    skipPadding: () => false,
    head(cursor) {
      const at = cursor.take(bytes, path);
      const raw = cursor.bytes.subarray(at, at + bytes);
      const name =
        tag.encoding === 'binary'
          ? raw.toString('hex').toUpperCase()
          : String.fromCharCode(...raw.map((byte) => toLatin1[byte] ?? 0));
      if (!/^[0-9A-Za-z]+$/.test(name))
        cursor.fail('ISO_TLV', path, at, `a tag of ${tag.characters} characters`, 'other bytes');
      return { tag: name, length: prefix?.read(cursor, `${path}.${name}`) };
    },
    encodeHead(name, count) {
      const expected = tag.encoding === 'binary' ? /^(?:[0-9A-F]{2})+$/ : /^[0-9A-Za-z]+$/;
      if (name.length !== tag.characters || !expected.test(name))
        throw new IsoError('ISO_TLV', {
          path,
          expected: `a tag of ${tag.characters} characters`,
          found: 'another',
        });
      if (count > limit)
        throw new IsoError('ISO_LENGTH', {
          path: `${path}.${name}`,
          expected: `0 to ${limit}`,
          found: `${count}`,
        });
      const out = Buffer.alloc(bytes + (prefix?.bytes ?? 0));
      if (tag.encoding === 'binary') out.write(name, 'hex');
      else for (let i = 0; i < bytes; i++) out[i] = fromLatin1[name.charCodeAt(i)] ?? 0;
      prefix?.write(count, out, bytes);
      return out;
    },
  };
}

/** The largest length that the prefix can write. */
function lengthLimit({ prefix, width }: NonNullable<Tagged['length']>): number {
  if (prefix === 'binary') return 256 ** width - 1;
  return (prefix === 'hex' ? 16 : 10) ** width - 1;
}

function berForm(path: string): TagForm {
  return {
    head: (cursor) => berHead(cursor, path),
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
