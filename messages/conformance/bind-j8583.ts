import type { Dialect, Encoding, Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { count, type JsonObject, type Row, text } from './rows.ts';

interface Mode {
  readonly binaryFields: boolean;
  readonly text: Encoding;
}

/** j8583 rows: its types, and in the words of `dialect` whether type, bitmap and fields are binary. */
export function bindJ8583(row: Row): Dialect[] {
  const words = row.dialect ?? '';
  const ebcdic = /charset (Cp1047|IBM1047)/i.test(words);
  const charset: Dialect['mti']['encoding'] = ebcdic ? 'ebcdic-1047' : 'ascii';
  const mode: Mode = { binaryFields: words.includes('fields binary'), text: charset };
  const headerBytes = row.isoHeaderLength ?? Number(/header (\d+) bytes/.exec(words)?.[1] ?? 0);
  const fields: Record<number, Field> = {};
  for (const [key, spec] of Object.entries(row.spec ?? {})) fields[Number(key)] = j8583Field(key, spec, mode);
  return [
    {
      name: 'j8583',
      description: '',
      conformant: false,
      mti: { encoding: words.includes('MTI+bitmap binary') ? 'bcd' : charset },
      bitmap: {
        encoding: words.includes('bitmap binary, charset') ? 'binary' : ebcdic ? 'ebcdic-hex' : 'hex',
      },
      ...(headerBytes > 0 ? { header: headerOf(headerBytes) } : {}),
      fields,
    },
  ];
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
  const variable = /^(L{2,4})(VAR|BIN|BCDBIN|BINLENGTHNUM|BINLENGTHALPHANUM|BINLENGTHBIN)$/.exec(type);
  if (!variable)
    throw new IsoError('ISO_DIALECT', { path: `DE${key}`, expected: 'a known type', found: type });
  const [, letters = '', kind = ''] = variable;
  return { name: key, ...variableAxes(kind, mode), length: lengthOf(letters.length, kind, mode) };
}

function fixed(name: string, content: Field['content'], encoding: Encoding, characters: number): Field {
  return { name, content, encoding, length: { fixed: characters } };
}

function variableAxes(
  kind: string,
  { binaryFields, text: charset }: Mode,
): Pick<Field, 'content' | 'encoding'> {
  if (kind === 'VAR' || kind.endsWith('NUM')) return { content: 'ans', encoding: charset };
  if (kind === 'BCDBIN') return { content: 'h', encoding: binaryFields ? 'bcd' : charset };
  return { content: 'b', encoding: binaryFields ? 'binary' : 'hex' };
}

function lengthOf(letters: number, kind: string, { binaryFields, text: charset }: Mode): Field['length'] {
  const unit = kind === 'BCDBIN' ? 'characters' : 'bytes';
  if (kind.startsWith('BINLENGTH')) {
    const width = letters === 2 ? 1 : 2;
    return { prefix: 'binary', width, max: 256 ** width - 1, unit };
  }
  const prefix = binaryFields ? 'bcd' : charset === 'ascii' ? 'ascii' : 'ebcdic';
  return { prefix, width: letters, max: 10 ** letters - 1, unit };
}
