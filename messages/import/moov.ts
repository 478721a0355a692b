import type {
  BitmapEncoding,
  Composition,
  Dialect,
  Encoding,
  Field,
  LengthEncoding,
  Pad,
  Part,
} from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { lineOf } from './json-lines.ts';
import { withMeaning } from './meanings.ts';

/** A field as a moov-io specification in JSON states it. */
interface MoovField {
  readonly type?: string;
  readonly length?: number;
  readonly description?: string;
  readonly enc?: string;
  readonly prefix?: string;
  readonly padding?: { readonly type?: string; readonly pad?: string };
  readonly tag?: {
    readonly length?: number;
    readonly enc?: string;
    readonly sort?: string;
    readonly padding?: { readonly type?: string; readonly pad?: string };
  };
  readonly subfields?: Readonly<Record<string, MoovField>>;
  readonly bitmap?: MoovField;
  readonly disableautoexpand?: boolean;
}

type Fail = (path: string, expected: string, found: string) => never;

/**
 * A dialect from a moov-io specification in JSON.
 * @throws {IsoError} ISO_IMPORT naming field and line of whatever is not supported; nothing is skipped
 */
export function importMoov(json: string, name?: string): Dialect {
  const fail: Fail = (path, expected, found) => {
    const line = lineOf(json, path.split('.'));
    throw new IsoError('ISO_IMPORT', { path: `${path}, line ${line}`, expected, found });
  };
  const spec = parseJson(json, fail) as { name?: string; fields?: Readonly<Record<string, MoovField>> };
  if (typeof spec.fields !== 'object' || spec.fields === null) {
    fail('fields', 'an object of fields', typeof spec.fields);
  }
  const fields: Record<number, Field> = {};
  let mti: Dialect['mti'] | undefined;
  let bitmap: Dialect['bitmap'] | undefined;
  for (const [key, field] of Object.entries(spec.fields ?? {})) {
    const path = `fields.${key}`;
    const number = Number(key);
    if (!Number.isInteger(number)) fail(path, 'a field number', key.slice(0, 20));
    if (number === 0) mti = { encoding: mtiEncoding(field, path, fail) };
    else if (number === 1) bitmap = bitmapStyle(field, path, fail);
    else fields[number] = withMeaning(number, moovField(field, path, fail));
  }
  if (!mti) fail('fields', 'a field 0', 'none');
  if (!bitmap) fail('fields', 'a bitmap as field 1', 'none');
  return {
    name: name ?? spec.name ?? 'moov',
    description: 'imported from a moov-io specification',
    conformant: false,
    mti: mti ?? { encoding: 'ascii' },
    bitmap: bitmap ?? { encoding: 'binary' },
    fields,
  };
}

function parseJson(json: string, fail: Fail): object {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    return fail('', 'JSON', 'something else');
  }
  return fail('', 'a JSON object', 'something else');
}

function mtiEncoding(field: MoovField, path: string, fail: Fail): Dialect['mti']['encoding'] {
  if (field.enc === 'ASCII' || field.enc === 'Binary') return 'ascii';
  if (field.enc === 'BCD' || field.enc === 'LBCD') return 'bcd';
  if (field.enc === 'EBCDIC') return 'ebcdic-037';
  if (field.enc === 'EBCDIC1047') return 'ebcdic-1047';
  return fail(`${path}.enc`, 'ASCII, BCD or EBCDIC', String(field.enc));
}

function bitmapStyle(field: MoovField, path: string, fail: Fail): Dialect['bitmap'] {
  const encoding = bitmapEncoding(field, path, fail);
  const bytes = field.length ?? 8;
  if (bytes > 8) return { encoding, secondary: 'joined' };
  return field.disableautoexpand
    ? { encoding, secondary: 'never' }
    : { encoding, tertiary: 'after-secondary' };
}

function bitmapEncoding(field: MoovField, path: string, fail: Fail): BitmapEncoding {
  if (field.enc === 'Binary') return 'binary';
  return field.enc === 'HexToASCII' ? 'hex' : fail(`${path}.enc`, 'Binary or HexToASCII', String(field.enc));
}

function moovField(field: MoovField, path: string, fail: Fail): Field {
  const base = {
    name: field.description ?? path,
    length: lengthOf(field, path, fail),
    ...padOf(field, path, fail),
  };
  if (field.subfields && Object.keys(field.subfields).length > 0) {
    return { ...base, content: 'b', encoding: 'binary', ...composite(field, path, fail) };
  }
  return { ...base, ...valueAxes(field, path, fail) };
}

function valueAxes(field: MoovField, path: string, fail: Fail): Pick<Field, 'content' | 'encoding'> {
  const encoding = encodingOf(field, path, fail);
  const packed = encoding === 'bcd';
  switch (field.type) {
    case 'Numeric':
      return { content: 'n', encoding: encoding === 'binary' ? 'ascii' : encoding };
    case 'String':
      return stringAxes(field, encoding);
    case 'Track1':
      return { content: 'ans', encoding };
    case 'Track2':
    case 'Track3':
      return { content: packed || field.type === 'Track2' ? 'z' : 'ans', encoding };
    case 'Hex':
    case 'Binary':
      return { content: 'b', encoding: encoding === 'ascii' ? 'binary' : encoding };
    default:
      return fail(
        `${path}.type`,
        'String, Numeric, Binary, Hex, Track1, Track2, Track3 or Composite',
        `${field.type}`,
      );
  }
}

/**
 * A string in hex, packed or as text, is bits. So is one of raw bytes in chip data or of fixed length: moov puts any
 * byte into a string, and its own specifications have tags, PIN blocks and MACs there. One of variable length is text.
 */
function stringAxes(field: MoovField, encoding: Encoding): Pick<Field, 'content' | 'encoding'> {
  const isRawText = field.enc === 'Binary' && !/^BerTLV|\.Fixed$/.test(field.prefix ?? '');
  if (encoding === 'hex' || (encoding === 'binary' && !isRawText)) return { content: 'b', encoding };
  if (encoding === 'bcd') return { content: 'n', encoding };
  return { content: 'ans', encoding: encoding === 'binary' ? 'ascii' : encoding };
}

const encodings: Readonly<Record<string, Encoding>> = {
  ASCII: 'ascii',
  BCD: 'bcd',
  LBCD: 'bcd',
  EBCDIC: 'ebcdic-037',
  EBCDIC1047: 'ebcdic-1047',
  Binary: 'binary',
  HexToASCII: 'hex',
  ASCIIToHex: 'binary',
};

function encodingOf(field: MoovField, path: string, fail: Fail): Encoding {
  const encoding = encodings[field.enc ?? ''];
  return encoding ?? fail(`${path}.enc`, Object.keys(encodings).join(', '), String(field.enc));
}

const prefixes: Readonly<Record<string, LengthEncoding>> = {
  ASCII: 'ascii',
  BCD: 'bcd',
  EBCDIC: 'ebcdic',
  EBCDIC1047: 'ebcdic',
  Hex: 'hex',
  Binary: 'binary',
};

function lengthOf(field: MoovField, path: string, fail: Fail): Field['length'] {
  const [set = '', width = ''] = (field.prefix ?? '').split('.');
  const length = field.length ?? 0;
  if (set === 'BerTLV' || set === 'None') return { rest: length || maxBerValue };
  if (width === 'Fixed') return { fixed: length };
  const prefix = prefixes[set];
  if (!prefix || !/^L{1,6}$/.test(width)) {
    return fail(`${path}.prefix`, 'a prefix such as ASCII.LL', `${field.prefix}`);
  }
  // A hex prefix writes every length byte as two digits.
  return { prefix, width: prefix === 'hex' ? width.length * 2 : width.length, max: length };
}

const maxBerValue = 65_535;

/**
 * moov takes padding away when it unpacks. An odd number of BCD digits gets a zero nibble whatever the padding says.
 */
function padOf(field: MoovField, path: string, fail: Fail): { pad?: Pad } {
  if (field.enc === 'BCD') return { pad: { side: 'left', with: '0' } };
  if (field.enc === 'LBCD') return { pad: { side: 'right', with: '0' } };
  const type = field.padding?.type ?? 'None';
  if (type === 'None') return {};
  const side =
    type === 'Left' ? 'left' : type === 'Right' ? 'right' : fail(`${path}.padding`, 'Left or Right', type);
  const filler = field.padding?.pad ?? '';
  if (filler.length !== 1) fail(`${path}.padding`, 'one character', `${filler.length}`);
  return { pad: { side, with: filler, trim: true } };
}

function composite(field: MoovField, path: string, fail: Fail): Pick<Field, 'composition' | 'parts'> {
  const composition = compositionOf(field, path, fail);
  const entries = Object.entries(field.subfields ?? {});
  if (composition.kind !== 'ber-tlv') entries.sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : 1));
  const parts: Record<string, Part> = {};
  for (const [key, part] of entries) {
    const partPath = `${path}.subfields.${key}`;
    const inner = moovField(part, partPath, fail);
    if (composition.kind === 'ber-tlv') parts[`tag${key}`] = { ...inner, tag: key };
    else if (composition.kind === 'tagged') {
      parts[`sf${key}`] = { ...inner, tag: paddedTag(key, field, composition) };
    } else parts[`sf${key}`] = composition.kind === 'bitmap' ? { ...inner, bit: Number(key) } : inner;
  }
  return { composition, parts };
}

/** A short key is filled up to the length of a tag as the specification says. */
function paddedTag(key: string, field: MoovField, { tag }: Extract<Composition, { kind: 'tagged' }>): string {
  const { type, pad = '' } = field.tag?.padding ?? {};
  if (pad === '') return key;
  return type === 'Left' ? key.padStart(tag.characters, pad) : key.padEnd(tag.characters, pad);
}

function compositionOf(field: MoovField, path: string, fail: Fail): Composition {
  if (field.bitmap) {
    const encoding = bitmapEncoding(field.bitmap, `${path}.bitmap`, fail);
    return {
      kind: 'bitmap',
      bytes: field.bitmap.length || 8,
      encoding: encoding === 'hex' ? 'hex' : 'binary',
    };
  }
  const tag = field.tag;
  if (tag?.enc === 'BerTLVTag') return { kind: 'ber-tlv' };
  if (!tag?.enc || !tag.length) return { kind: 'positional' };
  const encoding = encodings[tag.enc];
  // BCD tags count digits, of which two make a byte; binary ones count bytes.
  if (encoding === 'bcd' && tag.length % 2 === 0) {
    return { kind: 'tagged', tag: { encoding: 'binary', characters: tag.length } };
  }
  if (
    encoding !== 'ascii' &&
    encoding !== 'ebcdic-1047' &&
    encoding !== 'ebcdic-037' &&
    encoding !== 'binary'
  ) {
    return fail(`${path}.tag.enc`, 'ASCII, EBCDIC, Binary, or BCD of an even length', tag.enc);
  }
  const characters = encoding === 'binary' ? tag.length * 2 : tag.length;
  return { kind: 'tagged', tag: { encoding, characters } };
}
