import type { Field } from '../dialect.ts';
import { contentBit } from '../fields/contents.ts';
import type { TextContent } from '../fields/text.ts';
import type { ElementPolicy } from '../tolerance.ts';

/** What the generators need to know of a field that they can write code for. */
export interface FastField {
  readonly number: number;
  /** `characters`: one ASCII byte each. `packed`: two digits a byte, a zero in front of an odd number. `raw`: bytes. */
  readonly wire: 'characters' | 'packed' | 'raw';
  readonly content: Field['content'];
  readonly wrapper: Wrapper | undefined;
  /** Characters of the value; undefined for a field with a length prefix. */
  readonly fixed: number | undefined;
  readonly prefix: { readonly encoding: 'ascii' | 'bcd' | 'binary'; readonly bytes: number } | undefined;
  readonly min: number;
  readonly max: number;
  /** Any character may stand in what is read: none is looked at. */
  readonly open: boolean;
  /** Short text is filled up with spaces on the right, a short number with zeros on the left. */
  readonly padded: 'spaces' | 'zeros' | undefined;
}

/** Any other field: the table-driven codec reads and writes it in the middle of the generated code. */
export interface SlowField {
  readonly number: number;
  readonly wire: 'other';
}

export type Wrapper =
  | 'Pan'
  | 'Track1'
  | 'Track2'
  | 'Track3'
  | 'CardVerificationValue'
  | 'AccountNumber'
  | 'Secret'
  | 'PinBlock';

const wrappers: Readonly<Record<NonNullable<Field['as']>, Wrapper | undefined>> = {
  pan: 'Pan',
  track1: 'Track1',
  track2: 'Track2',
  track3: 'Track3',
  cvv: 'CardVerificationValue',
  account: 'AccountNumber',
  secret: 'Secret',
  'pin-block': 'PinBlock',
  emv: undefined,
};

const characterContents: readonly Field['content'][] = ['n', 'a', 'an', 'as', 'ns', 'ans', 'anp', 'z'];

export function fastField(
  number: number,
  field: Field,
  policy: ElementPolicy = 'refuse',
): FastField | SlowField {
  const wire = wireOf(field);
  const prefix = prefixOf(field, wire);
  if (!wire || prefix === 'other') return { number, wire: 'other' };
  const length = field.length;
  if ('rest' in length) return { number, wire: 'other' };
  return {
    number,
    wire,
    content: field.content,
    wrapper: field.as && wrappers[field.as],
    fixed: 'fixed' in length ? length.fixed : undefined,
    prefix,
    min: 'fixed' in length ? length.fixed : (length.min ?? 0),
    max: 'fixed' in length ? length.fixed : length.max,
    open: policy === 'pass' && wire === 'characters',
    padded: wire === 'characters' && field.pad ? (field.pad.side === 'left' ? 'zeros' : 'spaces') : undefined,
  };
}

function wireOf(field: Field): FastField['wire'] | undefined {
  const { content, encoding, pad } = field;
  if (field.parts || field.slices || pad?.trim) return undefined;
  if (encoding === 'binary') return content === 'b' ? 'raw' : undefined;
  if (encoding === 'bcd') {
    const leftZero = !pad || (pad.side === 'left' && pad.with === '0');
    const trackWithoutType = content === 'z' && field.as === 'track1';
    return leftZero && (content === 'n' || content === 'z') && !trackWithoutType ? 'packed' : undefined;
  }
  const filler = pad && `${pad.side} ${pad.with}`;
  const usualPad = !pad || ('fixed' in field.length && (filler === 'right  ' || filler === 'left 0'));
  return encoding === 'ascii' && usualPad && characterContents.includes(content) ? 'characters' : undefined;
}

function prefixOf(field: Field, wire: FastField['wire'] | undefined): FastField['prefix'] | 'other' {
  const length = field.length;
  if ('fixed' in length) return undefined;
  if ('rest' in length) return 'other';
  const unit = length.unit ?? 'characters';
  const sameUnit =
    unit === 'characters' ||
    (unit === 'bytes' && wire !== 'packed') ||
    (unit === 'nibbles' && wire === 'packed');
  if (!sameUnit || length.max > 9999 || length.occupies !== undefined) return 'other';
  if (length.prefix === 'ascii' && length.width <= 4) return { encoding: 'ascii', bytes: length.width };
  if (length.prefix === 'bcd' && length.width <= 4) {
    return { encoding: 'bcd', bytes: (length.width + 1) >> 1 };
  }
  if (length.prefix === 'binary' && length.width <= 2) return { encoding: 'binary', bytes: length.width };
  return 'other';
}

/** An expression that is negative when the byte `code` is foreign to the content. */
export function foreign(content: Field['content'], code: string): string {
  if (content === 'n') return `(${code} - 48 | 57 - ${code})`;
  if (content === 'ans' || content === 'anp') return `(${code} - 32 | 126 - ${code})`;
  return `((contentTable[${code} & 255] & ${contentBit(content as TextContent)}) - 1 | 255 - ${code})`;
}

/** Bytes on the wire of so many characters. */
export function wireBytes(wire: FastField['wire'], characters: number): number {
  return wire === 'packed' ? (characters + 1) >> 1 : characters;
}
