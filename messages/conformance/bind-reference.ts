import type { Dialect, Encoding, Field, LengthEncoding } from '../dialect.ts';
import { iso87Ascii } from '../dialects/iso87-ascii.ts';
import { posBcd } from '../dialects/pos-bcd.ts';
import { IsoError } from '../errors.ts';
import { count, type JsonObject, type Row, text } from './rows.ts';

/**
 * Rows of the reference set, and mutations of them, which use the fields of all reference rows of the same dialect.
 * Where a file has mutations but no reference row, our own dialects of the same description stand in.
 */
export function bindReference(row: Row, spec: Row['spec']): Dialect[] {
  const bcd = (row.dialect ?? '').startsWith('Dialect B');
  if (!spec) return [bcd ? posBcd : iso87Ascii];
  const fields: Record<number, Field> = {};
  for (const [key, field] of Object.entries(spec)) fields[Number(key)] = hintedField(key, field);
  return [
    {
      name: row.dialect ?? '',
      description: '',
      conformant: false,
      mti: { encoding: bcd ? 'bcd' : 'ascii' },
      bitmap: { encoding: 'binary' },
      fields,
    },
  ];
}

const contents: Readonly<Record<string, Field['content']>> = {
  n: 'n',
  a: 'ans',
  an: 'an',
  ans: 'ans',
  z: 'z',
  b: 'b',
};
const encodings: Readonly<Record<string, Encoding>> = {
  ascii: 'ascii',
  bcd: 'bcd',
  'bcd-left-justified': 'bcd',
  binary: 'binary',
  ebcdic: 'ebcdic-037',
  'ebcdic-1047': 'ebcdic-1047',
  'binary-as-ascii-hex': 'hex',
  'binary-as-ebcdic-hex': 'ebcdic-hex',
  'hex-string-packed': 'binary',
};
const prefixes: readonly string[] = ['ascii', 'bcd', 'binary', 'ebcdic', 'hex'] satisfies LengthEncoding[];

/** A field from the normalised words of a corpus: type, enc, lenEnc, lenDigits, lenUnit, max or len. */
export function hintedField(key: string, spec: JsonObject): Field {
  const encoding = encodings[text(spec, 'enc')];
  const content = contents[text(spec, 'type')] ?? (encoding && usualContent(encoding, key));
  if (!content || !encoding) throw unknownWord(key, 'a known type and encoding', 'another');
  const side = text(spec, 'enc') === 'bcd-left-justified' ? 'right' : 'left';
  const pad = encoding === 'bcd' ? { pad: { side, with: '0' } as const } : {};
  const base = { name: key, content, encoding, ...pad };
  const prefix = text(spec, 'lenEnc');
  const max = count(spec, 'max') || count(spec, 'len');
  if (prefix === 'fixed') return { ...base, length: { fixed: max } };
  if (!isPrefix(prefix)) throw unknownWord(key, 'a known length prefix', prefix);
  const unit = text(spec, 'lenUnit') === 'bytes' ? { unit: 'bytes' as const } : {};
  return { ...base, length: { prefix, width: count(spec, 'lenDigits'), max, ...unit } };
}

function isPrefix(word: string): word is LengthEncoding {
  return prefixes.includes(word);
}

function usualContent(encoding: Encoding, key: string): Field['content'] {
  if (encoding === 'bcd') return key === '35' || key === '36' ? 'z' : 'n';
  return encoding === 'binary' || encoding === 'hex' || encoding === 'ebcdic-hex' ? 'b' : 'ans';
}

function unknownWord(key: string, expected: string, found: string): IsoError {
  return new IsoError('ISO_DIALECT', { path: `DE${key}`, expected, found });
}
