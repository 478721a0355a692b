import type { Dialect } from '../dialect.ts';
import { importMoov } from '../import/moov.ts';
import { child, count, type JsonObject, type Row, text } from './rows.ts';

/** moov rows, in the normalised words of the corpus: written back as a moov specification and imported. */
export function bindMoov(row: Row): Dialect[] {
  const fields = Object.fromEntries(
    Object.entries(row.spec ?? {}).map(([key, field]) => [key, moovField(field)]),
  );
  return [importMoov(JSON.stringify({ name: 'moov', fields }))];
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
