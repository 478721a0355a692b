import type { Dialect, Field, Part } from '../dialect.ts';
import { importMoov } from '../import/moov.ts';
import { child, count, type JsonObject, type Row, text } from './rows.ts';

/** moov rows, in the normalised words of the corpus: written back as a moov specification and imported. */
export function bindMoov(row: Row): Dialect[] {
  const fields = Object.fromEntries(
    Object.entries(row.spec ?? {}).map(([key, field]) => [key, moovField(field)]),
  );
  const dialect = importMoov(JSON.stringify({ name: 'moov', fields }));
  const known = Object.entries(dialect.fields).map(([key, field]) => [
    key,
    withUnknownTags(field, row.spec?.[key]),
  ]);
  return [{ ...dialect, fields: Object.fromEntries(known) as Dialect['fields'] }];
}

/**
 * moov refuses unknown tags unless told, which its specification in JSON cannot say; then it steps over them by their
 * length.
 */
function withUnknownTags<F extends Field>(field: F, hints: JsonObject | undefined): F {
  const { composition, parts } = field;
  if (!composition || !parts) return field;
  const sub = child(hints, 'sub') ?? {};
  const inner = Object.entries(parts).map(([property, part]): [string, Part] => {
    const key = Object.keys(sub).find((name) => property === `sf${name}` || property === `tag${name}`);
    return [property, withUnknownTags(part, key === undefined ? undefined : child(sub, key))];
  });
  const deeper = { ...field, parts: Object.fromEntries(inner) };
  if (composition.kind !== 'tagged' && composition.kind !== 'ber-tlv') return deeper;
  if (child(hints, 'tag')?.['skipUnknown'] !== true) {
    return { ...deeper, composition: { ...composition, unknownTags: 'refuse' } };
  }
  return composition.kind === 'ber-tlv'
    ? deeper
    : { ...deeper, composition: { ...composition, ...unknownLength(parts) } };
}

/** Tags of one composite have lengths of one kind. */
function unknownLength(parts: NonNullable<Field['parts']>) {
  const [length] = Object.values(parts).flatMap(({ length }) => ('prefix' in length ? [length] : []));
  return length ? { unknownLength: { prefix: length.prefix, width: length.width } } : {};
}

const encodings: Readonly<Record<string, string>> = {
  ascii: 'ASCII',
  bcd: 'BCD',
  'bcd-left-justified': 'LBCD',
  ebcdic: 'EBCDIC',
  'ebcdic-1047': 'EBCDIC1047',
  binary: 'Binary',
  'binary-as-ascii-hex': 'HexToASCII',
  'hex-string-packed': 'ASCIIToHex',
  berTLVEncoderTag: 'BerTLVTag',
};

const prefixes: Readonly<Record<string, string>> = {
  ascii: 'ASCII',
  bcd: 'BCD',
  binary: 'Binary',
  ebcdic: 'EBCDIC',
  'ebcdic-1047': 'EBCDIC1047',
  hex: 'Hex',
};

function moovField(field: JsonObject): object {
  const lengthEncoding = text(field, 'lenEnc');
  const width = count(field, 'lenDigits');
  const prefix =
    lengthEncoding === 'fixed'
      ? 'ASCII.Fixed'
      : lengthEncoding === 'bertlv'
        ? 'BerTLV'
        : `${prefixes[lengthEncoding] ?? lengthEncoding}.${'L'.repeat(width)}`;
  const pad = child(field, 'pad');
  const tag = child(field, 'tag');
  const bitmap = child(field, 'bitmap');
  const sub = child(field, 'sub');
  const encoding = text(field, 'enc');
  return {
    type: text(field, 'type'),
    length: count(field, 'max'),
    enc: encodings[encoding] ?? encoding,
    prefix,
    ...padding(pad),
    disableautoexpand: field['disableAutoExpand'] === true,
    ...(tag
      ? {
          tag: {
            length: count(tag, 'len'),
            enc: encodings[text(tag, 'enc')] ?? '',
            ...padding(child(tag, 'pad')),
          },
        }
      : {}),
    ...(bitmap ? { bitmap: moovField(bitmap) } : {}),
    ...(sub
      ? {
          subfields: Object.fromEntries(
            Object.keys(sub).map((key) => [key, moovField(child(sub, key) ?? {})]),
          ),
        }
      : {}),
  };
}

function padding(pad: JsonObject | undefined): object {
  if (!pad) return {};
  return { padding: { type: text(pad, 'type') === 'leftPadder' ? 'Left' : 'Right', pad: text(pad, 'char') } };
}
