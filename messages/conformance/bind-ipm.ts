import type { Dialect, Field } from '../dialect.ts';
import { count, type JsonObject, type Row, text } from './rows.ts';

type Charset = 'ascii' | 'ebcdic-037' | 'ebcdic-500';

/**
 * cardutil rows (Mastercard IPM): text throughout, both bitmaps always there. A bitmap in hex stays ASCII whatever the
 * charset is, in letters of either case. Rows that name no fields use the layout that cardutil has when it is told
 * none.
 */
export function bindIpm(row: Row): Dialect[] {
  const bitmaps = bitmapOf(row) === 'hex' ? (['hex-lower', 'hex'] as const) : (['binary'] as const);
  return bitmaps.map((bitmap) => ipmDialect(row, bitmap, ipmField));
}

/** The same with private data sub-elements and chip data taken apart: both must read. */
export function ipmStructure(row: Row): Dialect {
  return ipmDialect(row, bitmapOf(row), structuredField);
}

/** The dates of a message, with the format that the row gives for each. */
export function ipmDates(row: Row): [number, string][] {
  return Object.entries(row.spec ?? ipmLayout)
    .filter(([, spec]) => text(spec, 'field_python_type') === 'datetime')
    .map(([key, spec]) => [Number(key), text(spec, 'field_date_format') || '%y%m%d']);
}

/** The text of a private data sub-element. */
export function ipmCharset(row: Row): Charset {
  const name = /charset (cp500|cp037|cp1047|cp1140|ebcdic)/i.exec(row.dialect ?? '')?.[1]?.toLowerCase();
  if (name === undefined) return 'ascii';
  return name === 'cp037' || name === 'cp1140' ? 'ebcdic-037' : 'ebcdic-500';
}

function bitmapOf(row: Row): 'binary' | 'hex' {
  return (row.dialect ?? '').includes('bitmap hex text') ? 'hex' : 'binary';
}

type MakeField = (key: string, spec: JsonObject, charset: Charset) => Field;

function ipmDialect(row: Row, bitmap: Dialect['bitmap']['encoding'], make: MakeField): Dialect {
  const charset = ipmCharset(row);
  const fields: Record<number, Field> = {};
  for (const [key, spec] of Object.entries(row.spec ?? ipmLayout)) {
    if (key !== '1') fields[Number(key)] = make(key, spec, charset);
  }
  return {
    name: 'ipm',
    description: '',
    conformant: false,
    mti: { encoding: charset },
    bitmap: { encoding: bitmap, secondary: 'always' },
    fields,
  };
}

function ipmField(key: string, spec: JsonObject, charset: Charset): Field {
  const letters = /^(L*)VAR$/.exec(text(spec, 'field_type'))?.[1]?.length;
  const axes =
    text(spec, 'field_processor') === 'ICC'
      ? { content: 'b' as const, encoding: 'binary' as const }
      : { content: contentOf(spec), encoding: charset };
  // cardutil reads past the length that it gives for a variable field.
  const length =
    letters === undefined
      ? { fixed: count(spec, 'field_length') }
      : {
          prefix: charset === 'ascii' ? ('ascii' as const) : ('ebcdic' as const),
          width: letters,
          max: 10 ** letters - 1,
        };
  return { name: key, ...axes, length };
}

function contentOf(spec: JsonObject): Field['content'] {
  switch (text(spec, 'field_python_type')) {
    case 'int':
    case 'long':
    case 'datetime':
      return 'n';
    case 'decimal':
      return 'ns';
    default:
      return 'ans';
  }
}

function structuredField(key: string, spec: JsonObject, charset: Charset): Field {
  const field = ipmField(key, spec, charset);
  const bytes = { ...field, content: 'b' as const, encoding: 'binary' as const };
  const digits = charset === 'ascii' ? ('ascii' as const) : ('ebcdic-037' as const);
  switch (text(spec, 'field_processor')) {
    case 'ICC':
      return { ...bytes, composition: { kind: 'ber-tlv' }, parts: {} };
    case 'PDS':
      return {
        ...bytes,
        composition: {
          kind: 'tagged',
          tag: { encoding: digits, characters: 4 },
          length: { prefix: charset === 'ascii' ? 'ascii' : 'ebcdic', width: 3 },
        },
        parts: {},
      };
    default:
      return field;
  }
}

const fixed = (length: number, type?: string): JsonObject => ({
  field_type: 'FIXED',
  field_length: length,
  ...(type ? { field_python_type: type } : {}),
});
const variable = (letters: 'LLVAR' | 'LLLVAR', processor?: string): JsonObject => ({
  field_type: letters,
  ...(processor ? { field_processor: processor } : {}),
});

/** Data elements of Mastercard clearing messages as cardutil has them by default (its documentation, bit_config). */
const ipmLayout: Readonly<Record<number, JsonObject>> = {
  2: variable('LLVAR'),
  3: fixed(6),
  4: fixed(12, 'long'),
  5: fixed(12, 'long'),
  6: fixed(12, 'long'),
  9: fixed(8, 'long'),
  10: fixed(8, 'long'),
  12: { ...fixed(12, 'datetime'), field_date_format: '%y%m%d%H%M%S' },
  14: fixed(4),
  22: fixed(12),
  23: fixed(3),
  24: fixed(3),
  25: fixed(4),
  26: fixed(4, 'int'),
  30: fixed(24),
  31: variable('LLVAR'),
  32: variable('LLVAR'),
  33: variable('LLVAR'),
  37: fixed(12),
  38: fixed(6),
  40: fixed(3),
  41: fixed(8),
  42: fixed(15),
  43: variable('LLVAR'),
  48: variable('LLLVAR', 'PDS'),
  49: fixed(3),
  50: fixed(3),
  51: fixed(3),
  54: variable('LLLVAR'),
  55: variable('LLLVAR', 'ICC'),
  62: variable('LLLVAR', 'PDS'),
  63: variable('LLLVAR'),
  71: fixed(8, 'int'),
  72: variable('LLLVAR'),
  73: fixed(6),
  93: variable('LLVAR'),
  94: variable('LLVAR'),
  95: variable('LLVAR'),
  100: variable('LLVAR'),
  111: variable('LLLVAR'),
  123: variable('LLLVAR', 'PDS'),
  124: variable('LLLVAR', 'PDS'),
  125: variable('LLLVAR', 'PDS'),
  127: variable('LLLVAR'),
};
