import type { BitmapEncoding, Encoding, Field, LengthEncoding, LengthUnit, Pad } from '../dialect.ts';

/**
 * What the field packager classes of a jPOS GenericPackager file mean along our axes. The names follow a pattern:
 * `IF` + set (A ASCII, B binary, E EBCDIC, mixed: prefix then data) + `_` + one L a length digit + H for a binary
 * length + what the field holds.
 */

export interface FieldAttributes {
  readonly name: string;
  readonly length: number;
  /** The `pad` attribute: odd BCD digits are filled up on the left. */
  readonly padLeft: boolean;
  /** Tracks go by field number, since jPOS reads them as numbers. */
  readonly number?: number;
}

const bitmaps: Readonly<Record<string, BitmapEncoding>> = {
  IFA_BITMAP: 'hex',
  IFB_BITMAP: 'binary',
  IFE_BITMAP: 'ebcdic-hex',
  Base1_BITMAP126: 'binary',
};

/** The encoding of a bitmap class, or undefined when the class is no bitmap. */
export function jposBitmap(className: string): BitmapEncoding | undefined {
  return bitmaps[simpleName(className)];
}

export function simpleName(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1);
}

const pattern =
  /^IF(A|B|E|EA|AE|EB)?_(F?)(L{0,6})(H?)(F?)(E?)(NUMERIC|NUM|CHAR|BINARY|ABINARY|BNUM|AMOUNT|AMOUNT2003|HEX)$/;

/** The field a class describes, or undefined when the class is not supported. */
export function jposField(className: string, attributes: FieldAttributes): Field | undefined {
  const simple = simpleName(className);
  if (simple === 'IF_ECHAR') return jposField('IFE_CHAR', attributes);
  const match = pattern.exec(simple);
  if (!match) return undefined;
  const [, set = 'A', fill = '', digits = '', binaryLength = '', filled = '', ebcdicText = '', kind = ''] =
    match;
  const fillF = fill === 'F' && set === 'B';
  const data = dataAxes(
    { set, kind, fixed: digits === '', ebcdicText: ebcdicText === 'E', fillF },
    attributes,
  );
  if (!data || (binaryLength === 'H' && digits === '')) return undefined;
  // An F in front of other sets, or behind a binary length, means that the field always takes its whole place.
  const whole = (fill === 'F' && !fillF) || filled === 'F';
  if (whole && digits === '') return undefined;
  const length =
    digits === ''
      ? { fixed: attributes.length }
      : variable(set, digits.length, binaryLength === 'H', data.unit, attributes.length, whole);
  const { unit: _, ...axes } = data;
  const textPad = digits === '' && !axes.pad ? fixedPad(kind) : {};
  return { name: attributes.name, length, ...axes, ...textPad };
}

function variable(
  set: string,
  width: number,
  binary: boolean,
  unit: LengthUnit | undefined,
  max: number,
  whole: boolean,
) {
  const inUnit = { ...(unit ? { unit } : {}), ...(whole ? { occupies: max } : {}) };
  if (binary) return { prefix: 'binary' as const, width: width - 1, max, ...inUnit };
  const prefix: LengthEncoding = set === 'B' ? 'bcd' : set.startsWith('E') ? 'ebcdic' : 'ascii';
  return { prefix, width, max, ...inUnit };
}

interface DataAxes {
  readonly content: Field['content'];
  readonly encoding: Encoding;
  readonly pad?: Pad;
  readonly unit?: LengthUnit;
}

interface ClassName {
  readonly set: string;
  readonly kind: string;
  readonly fixed: boolean;
  readonly ebcdicText: boolean;
  /** Odd digits are filled up with F. */
  readonly fillF: boolean;
}

/** jPOS looks at no filler. A digit in its place is refused all the same: it is a number on the wrong side. */
const FILLERS = '0ABCEF';

function dataAxes(className: ClassName, { padLeft, number }: FieldAttributes): DataAxes | undefined {
  const { set, kind, fixed, ebcdicText, fillF } = className;
  const oddPad: Pad = padLeft
    ? { side: 'left', with: '0', also: { left: FILLERS } }
    : { side: 'right', with: fillF ? 'F' : '0', also: { right: FILLERS } };
  const text: Encoding = set === 'E' || set === 'AE' || ebcdicText ? 'ebcdic-1047' : 'ascii';
  const digits = number === 35 || number === 36 ? 'z' : 'n';
  switch (kind) {
    case 'CHAR':
      return { content: 'ans', encoding: text };
    case 'NUMERIC':
    case 'NUM':
      if (set === 'B') return { content: digits, encoding: 'bcd', pad: oddPad };
      if (set === 'EB') {
        return { content: digits, encoding: 'bcd', pad: { side: 'right', with: 'F' }, unit: 'bytes' };
      }
      return { content: digits, encoding: text };
    case 'BNUM':
      return set === 'A' ? { content: digits, encoding: 'bcd', pad: oddPad } : undefined;
    case 'HEX':
      return set === 'B' ? { content: 'h', encoding: 'bcd', pad: oddPad } : undefined;
    case 'AMOUNT':
      // jPOS takes any sign; all zeros is a common one.
      return set === 'B' ? { content: 'x+n', encoding: 'bcd' } : { content: 'an', encoding: text };
    case 'AMOUNT2003':
      return { content: 'n', encoding: set === 'B' ? 'bcd' : text };
    case 'ABINARY':
      return set === 'A' ? { content: 'b', encoding: 'hex' } : undefined;
    default:
      return {
        content: 'b',
        encoding: !fixed || set === 'B' ? 'binary' : set === 'E' ? 'ebcdic-hex' : 'hex',
      };
  }
}

/** jPOS fills fixed text up with spaces on the right and numbers with zeros on the left. */
function fixedPad(kind: string): { pad?: Pad } {
  if (kind === 'CHAR') return { pad: { side: 'right', with: ' ' } };
  return kind === 'NUMERIC' ? { pad: { side: 'left', with: '0' } } : {};
}

const taggedPattern = /^IF(A|E|EMC)_(T{0,3})(L{1,4})(CHAR|BINARY)$/;

export interface JposTagged {
  readonly tag: { readonly encoding: 'ascii' | 'ebcdic-1047'; readonly characters: number };
  readonly field: Field;
}

/** What a class with a tag in front of its length describes: IFA_TTLLCHAR and its like; undefined for other classes. */
export function jposTagged(className: string, attributes: FieldAttributes): JposTagged | undefined {
  const match = taggedPattern.exec(simpleName(className));
  if (!match) return undefined;
  const [, set = 'A', tag = '', digits = '', kind = ''] = match;
  const characters = set === 'EMC' ? emcTagDigits : tag.length;
  if (characters === 0) return undefined;
  const field = jposField(`IF${set === 'A' ? 'A' : 'E'}_${digits}${kind}`, attributes);
  const encoding = set === 'E' ? 'ebcdic-1047' : 'ascii';
  return field && { tag: { encoding, characters }, field };
}

const emcTagDigits = 2;
