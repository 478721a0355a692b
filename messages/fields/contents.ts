import type { Content } from '../dialect.ts';

/** The characters each content allows, as a bit in a table of 256: one AND tells whether a byte belongs. */
const bits: Readonly<Record<Exclude<Content, 'b'>, number>> = {
  n: 1,
  a: 2,
  an: 4,
  as: 8,
  ns: 16,
  ans: 32,
  anp: 32,
  z: 64,
  h: 128,
  'x+n': 4,
};

const alphabets: readonly (readonly [Exclude<Content, 'b'>, RegExp])[] = [
  ['n', /[0-9]/],
  ['a', /[A-Za-z ]/],
  ['an', /[A-Za-z0-9 ]/],
  ['as', /[ -/:-~]/],
  ['ns', /[ -@[-`{-~]/],
  ['ans', /[ -~]/],
  ['z', /[0-9=D]/],
  ['h', /[0-9A-F]/],
];

/** For every ISO 8859-1 code, the contents it belongs to. */
export const contentTable: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  alphabets.reduce(
    (mask, [content, alphabet]) => (alphabet.test(String.fromCharCode(code)) ? mask | bits[content] : mask),
    0,
  ),
);

export function contentBit(content: Exclude<Content, 'b'>): number {
  return bits[content];
}

const names: Readonly<Record<Exclude<Content, 'b'>, string>> = {
  n: 'digits',
  a: 'letters',
  an: 'letters and digits',
  as: 'letters and specials',
  ns: 'digits and specials',
  ans: 'printable characters',
  anp: 'printable characters',
  z: 'digits, = and D',
  h: 'hex digits',
  'x+n': 'C or D and digits',
};

export function contentName(content: Exclude<Content, 'b'>): string {
  return names[content];
}

/** Index of the first character that does not belong, or -1. */
export function firstForeign(text: string, content: Exclude<Content, 'b'>): number {
  const bit = bits[content];
  if (content === 'x+n') {
    if (text.length > 0 && text[0] !== 'C' && text[0] !== 'D') return 0;
    for (let i = 1; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return i;
    return -1;
  }
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || ((contentTable[code] ?? 0) & bit) === 0) return i;
  }
  return -1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
