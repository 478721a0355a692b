import type { BitmapEncoding, Dialect, Encoding, Field, LengthEncoding, Pad } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { count, type JsonObject, type Row, text } from './rows.ts';

/** pyiso8583 rows keep that library's own keys. */
export function bindPyiso(row: Row): Dialect[] {
  const { h, t, p, 1: second, ...rest } = row.spec ?? {};
  const fields: Record<number, Field> = {};
  for (const [key, spec] of Object.entries(rest)) fields[Number(key)] = pyisoField(key, spec);
  const header = h && (count(h, 'max_len') > 0 || count(h, 'len_type') > 0) ? pyisoField('h', h) : undefined;
  const encoding = bitmapEncoding(p);
  return [
    {
      name: 'pyiso8583',
      description: '',
      conformant: false,
      mti: { encoding: mtiEncoding(t) },
      bitmap: {
        encoding,
        extension: second ? bitmapEncoding(second) : encoding,
        tertiary: 'after-secondary',
      },
      ...(header ? { header } : {}),
      fields,
    },
  ];
}

const charsets: Readonly<Record<string, 'ascii' | 'ebcdic-500' | 'ebcdic-037'>> = {
  ascii: 'ascii',
  'latin-1': 'ascii',
  latin_1: 'ascii',
  latin1: 'ascii',
  'iso8859-1': 'ascii',
  'iso-8859-1': 'ascii',
  cp1252: 'ascii',
  'utf-8': 'ascii',
  utf_8: 'ascii',
  cp500: 'ebcdic-500',
  cp1148: 'ebcdic-500',
  cp037: 'ebcdic-037',
  cp1140: 'ebcdic-037',
};

function mtiEncoding(spec: JsonObject | undefined): Dialect['mti']['encoding'] {
  const name = text(spec, 'data_enc') || 'ascii';
  return name === 'b' ? 'bcd' : (charsets[name] ?? unknownName('MTI', name));
}

function bitmapEncoding(spec: JsonObject | undefined): BitmapEncoding {
  const name = text(spec, 'data_enc') || 'b';
  if (name === 'b') return 'binary';
  return (charsets[name] ?? unknownName('bitmap', name)) === 'ascii' ? 'hex' : 'ebcdic-hex';
}

function pyisoField(key: string, spec: JsonObject): Field {
  const packed = text(spec, 'data_enc') === 'b';
  const encoding: Encoding = packed
    ? 'bcd'
    : (charsets[text(spec, 'data_enc')] ?? unknownName(key, text(spec, 'data_enc')));
  const nibbles = text(spec, 'len_count') === 'nibbles';
  const base = { name: key, content: packed ? ('h' as const) : ('ans' as const), encoding, ...padOf(spec) };
  const max = count(spec, 'max_len');
  const width = count(spec, 'len_type');
  if (width === 0) {
    const characters = packed === nibbles ? max : packed ? max * 2 : max / 2;
    return { ...base, length: { fixed: characters } };
  }
  const prefix = lengthEncoding(key, text(spec, 'len_enc'));
  return {
    ...base,
    length: { prefix, width: prefix === 'bcd' ? width * 2 : width, max, unit: nibbles ? 'nibbles' : 'bytes' },
  };
}

function lengthEncoding(key: string, name: string): LengthEncoding {
  if (name === 'b') return 'binary';
  if (name === 'bcd') return 'bcd';
  return (charsets[name] ?? unknownName(key, name)) === 'ascii' ? 'ascii' : 'ebcdic';
}

function padOf(spec: JsonObject): { pad?: Pad } {
  const left = text(spec, 'left_pad');
  const right = text(spec, 'right_pad');
  if (left) return { pad: { side: 'left', with: left.charAt(0).toUpperCase() } };
  return right ? { pad: { side: 'right', with: right.charAt(0).toUpperCase() } } : {};
}

function unknownName(path: string, name: string): never {
  throw new IsoError('ISO_DIALECT', { path, expected: 'a known encoding', found: name });
}
