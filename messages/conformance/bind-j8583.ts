import type { Dialect, Encoding, Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { count, type JsonObject, type Row, text } from './rows.ts';

interface Mode {
  readonly binaryFields: boolean;
  readonly text: Encoding;
  readonly choice: 'usual' | 'binary-lengths' | 'hex-digits';
}

/**
 * j8583 rows: its types, and in the words of `dialect` whether type, bitmap and fields are binary. A row does not say
 * whether binary lengths are read as BCD digits or as numbers, nor whether hex text may have an odd digit: each is a
 * candidate.
 */
export function bindJ8583(row: Row): Dialect[] {
  const binaryFields = (row.dialect ?? '').includes('fields binary');
  const other = binaryFields ? ('binary-lengths' as const) : ('hex-digits' as const);
  const choices = row.kind === 'good' ? (['usual', other] as const) : (['usual'] as const);
  return choices.map((choice) => j8583Dialect(row, choice));
}

function j8583Dialect(row: Row, choice: Mode['choice']): Dialect {
  const words = row.dialect ?? '';
  const charset = charsetOf(words);
  const ebcdic = charset.startsWith('ebcdic');
  const mode: Mode = { binaryFields: words.includes('fields binary'), text: charset, choice };
  const headerBytes = row.isoHeaderLength ?? Number(/header (\d+) bytes/.exec(words)?.[1] ?? 0);
  const fields: Record<number, Field> = {};
  for (const [key, spec] of Object.entries(row.spec ?? {})) fields[Number(key)] = j8583Field(key, spec, mode);
  return {
    name: 'j8583',
    description: '',
    conformant: false,
    mti: { encoding: words.includes('MTI+bitmap binary') ? 'bcd' : charset },
    bitmap: {
      encoding: words.includes('bitmap binary, charset') ? 'binary' : ebcdic ? 'ebcdic-hex' : 'hex',
    },
    ...(headerBytes > 0 ? { header: headerOf(headerBytes) } : {}),
    fields,
  };
}

/** Java's names of the code pages. */
function charsetOf(words: string): 'ascii' | 'ebcdic-1047' | 'ebcdic-037' | 'ebcdic-500' {
  const page = /charset (?:Cp|IBM-?|x-IBM)0*(\d+)/i.exec(words)?.[1];
  if (page === '1047' || page === '924') return 'ebcdic-1047';
  if (page === '37' || page === '1140') return 'ebcdic-037';
  return page === '500' || page === '1148' ? 'ebcdic-500' : 'ascii';
}

function headerOf(bytes: number): Field {
  return { name: 'Header', content: 'b', encoding: 'binary', length: { fixed: bytes } };
}

const digitTypes: Readonly<Record<string, number>> = {
  AMOUNT: 12,
  DATE14: 14,
  DATE12: 12,
  DATE10: 10,
  DATE6: 6,
  DATE4: 4,
  DATE_EXP: 4,
  TIME: 6,
};

function j8583Field(key: string, spec: JsonObject, mode: Mode): Field {
  const type = text(spec, 'type');
  const length = count(spec, 'len');
  const digits = type === 'NUMERIC' ? length : digitTypes[type];
  if (digits !== undefined) return fixed(key, 'n', mode.binaryFields ? 'bcd' : mode.text, digits);
  if (type === 'ALPHA') return { ...fixed(key, 'ans', mode.text, length), pad: { side: 'right', with: ' ' } };
  if (type === 'BINARY') return fixed(key, 'b', mode.binaryFields ? 'binary' : 'hex', length);
  const variable = /^(L{2,4})(VAR|BIN|BCDBIN|(?:BIN|BCD)LENGTH(?:NUM|ALPHANUM|BIN))$/.exec(type);
  if (!variable) {
    throw new IsoError('ISO_DIALECT', { path: `DE${key}`, expected: 'a known type', found: type });
  }
  const [, letters = '', kind = ''] = variable;
  return { name: key, ...variableAxes(kind, mode), length: lengthOf(letters.length, kind, mode) };
}

function fixed(name: string, content: Field['content'], encoding: Encoding, characters: number): Field {
  return { name, content, encoding, length: { fixed: characters } };
}

function variableAxes(
  kind: string,
  { binaryFields, text: charset, choice }: Mode,
): Pick<Field, 'content' | 'encoding'> {
  if (kind === 'VAR' || kind.endsWith('ALPHANUM')) return { content: 'ans', encoding: charset };
  if (kind === 'BCDBIN' || kind.endsWith('NUM')) {
    return { content: 'h', encoding: binaryFields ? 'bcd' : charset };
  }
  if (choice === 'hex-digits') return { content: 'h', encoding: charset };
  return { content: 'b', encoding: binaryFields ? 'binary' : 'hex' };
}

/** Types named after their length have it binary or in BCD only where fields are binary. */
function lengthOf(letters: number, kind: string, mode: Mode): Field['length'] {
  const { binaryFields, text: charset, choice } = mode;
  const digits = kind === 'BCDBIN' || (kind.endsWith('NUM') && !kind.endsWith('ALPHANUM'));
  const unit = digits ? 'characters' : 'bytes';
  const numbers = choice === 'binary-lengths' && kind.endsWith('BIN');
  if (binaryFields && (kind.startsWith('BINLENGTH') || numbers)) {
    const width = letters === 2 ? 1 : 2;
    return { prefix: 'binary', width, max: 256 ** width - 1, unit };
  }
  const prefix = binaryFields ? 'bcd' : charset === 'ascii' ? 'ascii' : 'ebcdic';
  return { prefix, width: letters, max: 10 ** letters - 1, unit };
}
