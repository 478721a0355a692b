import type {
  Composition,
  Content,
  Encoding,
  Field,
  LengthEncoding,
  LengthUnit,
  Pad,
  Part,
  Semantic,
  Slice,
} from './dialect.ts';

/** A field as a standard states it: what it holds and how long it is, not how it is written. */
export type StandardField = {
  readonly name: string;
  readonly content: Content;
  readonly as?: Semantic;
  readonly slices?: { readonly [property: string]: Slice };
  readonly repeated?: true;
  readonly composition?: Composition;
  readonly parts?: { readonly [property: string]: Part };
} & ({ readonly fixed: number } | { readonly max: number });

export type StandardFields = { readonly [number: number]: StandardField };

/** How a whole dialect writes its fields; single fields may still differ. */
export interface Style {
  readonly digits: Encoding;
  readonly text: Encoding;
  readonly binary: 'binary' | 'hex' | 'ebcdic-hex';
  readonly length: LengthEncoding;
  /** Unit in which a length counts, per kind of field; default characters. */
  readonly unit?: LengthUnit;
  /** Width of every binary length prefix, in bytes; other prefixes take as many digits as the limit has. */
  readonly binaryWidth?: number;
  readonly oddDigits?: Pad;
  /** Further fillers that are read in fields of variable length, whose other end is theirs as well. */
  readonly oddDigitsAlso?: Pad['also'];
}

/** What a standard says of a field keeps its exact type; how it is written does not need one. */
type Stated = 'content' | 'as' | 'parts' | 'slices' | 'repeated' | 'composition';

export type LaidOut<T extends StandardFields> = {
  readonly [N in keyof T]: Omit<Field, Stated> & Pick<T[N], keyof T[N] & Stated>;
};

const packedContents: readonly Content[] = ['n', 'z', 'x+n', 'h'];

/** Writes a standard's fields in one style. */
export function layout<const T extends StandardFields>(standard: T, style: Style): LaidOut<T> {
  const fields: Record<string, Field> = {};
  for (const [number, field] of Object.entries(standard)) fields[number] = layField(field, style);
  return fields as unknown as LaidOut<T>;
}

function layField(field: StandardField, style: Style): Field {
  const encoding = encodingOf(field.content, style);
  const length =
    'fixed' in field
      ? { fixed: field.fixed }
      : {
          prefix: style.length,
          width: style.length === 'binary' ? (style.binaryWidth ?? 1) : Math.max(2, String(field.max).length),
          max: field.max,
          ...(style.unit ? { unit: style.unit } : {}),
        };
  return {
    name: field.name,
    content: field.content,
    encoding,
    length,
    ...(field.as ? { as: field.as } : {}),
    ...padOf(field, encoding, style),
    ...(field.slices ? { slices: field.slices } : {}),
    ...(field.repeated ? { repeated: field.repeated } : {}),
    ...(field.parts ? { parts: field.parts } : {}),
    ...(field.composition ? { composition: field.composition } : {}),
  };
}

function encodingOf(content: Content, style: Style): Encoding {
  if (content === 'b') return style.binary;
  return packedContents.includes(content) ? style.digits : style.text;
}

function padOf(field: StandardField, encoding: Encoding, style: Style): { pad?: Pad } {
  if (encoding === 'bcd') {
    const pad: Pad = style.oddDigits ?? { side: 'left', with: '0' };
    return { pad: style.oddDigitsAlso && 'max' in field ? { ...pad, also: style.oddDigitsAlso } : pad };
  }
  const text = field.content !== 'b' && !packedContents.includes(field.content);
  return text && 'fixed' in field ? { pad: { side: 'right', with: ' ' } } : {};
}
