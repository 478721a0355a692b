import type { Dialect, Encoding, Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { count, type JsonObject, type Row, text } from './rows.ts';

/** cardutil rows (Mastercard IPM): text throughout, both bitmaps always there. */
export function bindIpm(row: Row): Dialect[] {
  const words = row.dialect ?? '';
  const ebcdic = /charset (cp500|cp037|cp1047|ebcdic)/i.exec(words)?.[1]?.toLowerCase();
  const encoding = ebcdic === undefined ? 'ascii' : ebcdic === 'cp037' ? 'ebcdic-037' : 'ebcdic-500';
  const fields: Record<number, Field> = {};
  for (const [key, spec] of Object.entries(row.spec ?? {}))
    fields[Number(key)] = ipmField(key, spec, encoding);
  const hexBitmap = words.includes('bitmap hex text');
  return [
    {
      name: 'ipm',
      description: '',
      conformant: false,
      mti: { encoding },
      bitmap: {
        encoding: hexBitmap ? (encoding === 'ascii' ? 'hex' : 'ebcdic-hex') : 'binary',
        secondary: 'always',
      },
      fields,
    },
  ];
}

function ipmField(key: string, spec: JsonObject, encoding: 'ascii' | 'ebcdic-037' | 'ebcdic-500'): Field {
  const letters = /^(L*)VAR$/.exec(text(spec, 'field_type'))?.[1]?.length;
  const length = count(spec, 'field_length');
  const binary = text(spec, 'field_processor') === 'ICC';
  const axes = binary
    ? { content: 'b' as const, encoding: 'binary' as const }
    : { content: 'ans' as const, encoding };
  if (letters === undefined) return { name: key, ...axes, length: { fixed: length } };
  const max = length > 0 ? length : 10 ** letters - 1;
  return {
    name: key,
    ...axes,
    length: { prefix: encoding === 'ascii' ? 'ascii' : 'ebcdic', width: letters, max },
  };
}

/** Rows of the reference set, and mutations of them, which use the fields of all reference rows of the same dialect. */
export function bindReference(row: Row, spec: Row['spec']): Dialect[] {
  const bcd = (row.dialect ?? '').startsWith('Dialect B');
  const fields: Record<number, Field> = {};
  for (const [key, field] of Object.entries(spec ?? {})) fields[Number(key)] = referenceField(key, field);
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
  binary: 'binary',
  ebcdic: 'ebcdic-1047',
  'ebcdic-1047': 'ebcdic-1047',
  'binary-as-ascii-hex': 'hex',
};

function referenceField(key: string, spec: JsonObject): Field {
  const content = contents[text(spec, 'type')];
  const encoding = encodings[text(spec, 'enc')];
  const prefix = text(spec, 'lenEnc');
  if (!content || !encoding)
    throw new IsoError('ISO_DIALECT', {
      path: `DE${key}`,
      expected: 'a known type and encoding',
      found: 'another',
    });
  const max = count(spec, 'max');
  if (prefix === 'fixed') return { name: key, content, encoding, length: { fixed: max } };
  if (
    prefix !== 'ascii' &&
    prefix !== 'bcd' &&
    prefix !== 'binary' &&
    prefix !== 'ebcdic' &&
    prefix !== 'hex'
  )
    throw new IsoError('ISO_DIALECT', { path: `DE${key}`, expected: 'a known length prefix', found: prefix });
  const unit = text(spec, 'lenUnit') === 'bytes' ? { unit: 'bytes' as const } : {};
  return { name: key, content, encoding, length: { prefix, width: count(spec, 'lenDigits'), max, ...unit } };
}
