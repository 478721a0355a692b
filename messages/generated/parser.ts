import { type FastField, foreign, type SlowField, wireBytes } from './fast-field.ts';
import { Place } from './place.ts';

/**
 * Source of a function `(bytes, end, mti) → message` for one bitmap. It takes only messages without a fault: for any
 * other it returns undefined, and the table-driven codec reads the message again to say exactly what is wrong.
 * First it finds and checks every field, then it makes one string of the text and one of the packed digits and cuts the
 * values out.
 */
export function parserSource(fields: readonly (FastField | SlowField)[], firstByte: number): string {
  const place = new Place(firstByte);
  const scan: string[] = [];
  const run = new CheckedRun(scan);
  const values: string[] = [];
  let textEnd: string | undefined;
  let packedEnd: string | undefined;

  scan.push(boundsCheck(place, runBytes(fields, 0)));
  fields.forEach((field, index) => {
    if (field.wire === 'other') {
      run.end();
      const after = `p${field.number}`;
      scan.push(`cursor.at = ${place.at()};`);
      scan.push(`const v${field.number} = codecs.get(${field.number}).read(cursor), ${after} = cursor.at;`);
      place.from(after);
      scan.push(boundsCheck(place, runBytes(fields, index + 1)));
      values.push(`de${field.number}: v${field.number}`);
      return;
    }
    const { start, end, characters } =
      field.fixed === undefined
        ? scanVariable(field, place, scan, runBytes(fields, index + 1), run)
        : scanFixed(field, field.fixed, place, scan, run);
    const short = shortDigits(field, start);
    if (!short && field.wire === 'characters') textEnd = end;
    if (!short && field.wire === 'packed') packedEnd = end;
    values.push(`de${field.number}: ${short ?? wrapped(field, start, end, characters)}`);
  });

  run.end();
  const hasSlow = fields.some((field) => field.wire === 'other');

  return [
    'return function parse(bytes, end, mti) {',
    'let bad = 0;',
    hasSlow ? 'const cursor = new Cursor(bytes, 0, end, strictness);' : '',
    ...scan,
    `if (bad < 0 || ${place.at()} !== end${hasSlow ? ' || cursor.fillers' : ''}) return undefined;`,
    textEnd ? `const text = bytes.latin1Slice(0, ${textEnd});` : '',
    packedEnd ? `const hex = bytes.hexSlice(0, ${packedEnd});` : '',
    `return { mti, ${values.join(', ')} };`,
    '};',
  ].join('\n');
}

/** Bytes that must be there before the next length is known: fixed fields, and the prefix of the next variable one. */
function runBytes(fields: readonly (FastField | SlowField)[], from: number): number {
  let bytes = 0;
  for (const field of fields.slice(from)) {
    if (field.wire === 'other') return bytes;
    if (field.fixed === undefined) return bytes + (field.prefix?.bytes ?? 0);
    bytes += wireBytes(field.wire, field.fixed);
  }
  return bytes;
}

function boundsCheck(place: Place, bytes: number): string {
  return bytes === 0 ? '' : `if (${place.at(bytes)} > end) return undefined;`;
}

interface Span {
  readonly start: string;
  readonly end: string;
  readonly characters: string;
}

/**
 * Neighbours of one content and fixed length are checked in one loop: as fast as a line for every byte, and a tenth of
 * the code, which tells when messages of several kinds come in turn.
 */
class CheckedRun {
  readonly #scan: string[];
  #field: FastField | undefined;
  #start = '';
  #bytes = 0;

  constructor(scan: string[]) {
    this.#scan = scan;
  }

  add(field: FastField, start: string, bytes: number): void {
    if (this.#field?.content !== field.content || this.#field.wire !== field.wire) {
      this.end();
      this.#field = field;
      this.#start = start;
    }
    this.#bytes += bytes;
  }

  end(): void {
    const field = this.#field;
    if (field) this.#scan.push(foreignLoop(field, this.#start, `${this.#start} + ${this.#bytes}`));
    this.#field = undefined;
    this.#bytes = 0;
  }
}

function scanFixed(
  field: FastField,
  characters: number,
  place: Place,
  scan: string[],
  run: CheckedRun,
): Span {
  const bytes = wireBytes(field.wire, characters);
  const start = place.at();
  if (field.wire === 'packed' && characters % 2 === 1) {
    scan.push(`if (bytes[${start}] > 15) return undefined;`);
  }
  if (isUnchecked(field)) run.end();
  else run.add(field, start, bytes);
  place.step(bytes);
  return { start, end: place.at(), characters: String(characters) };
}

function scanVariable(
  field: FastField,
  place: Place,
  scan: string[],
  following: number,
  run: CheckedRun,
): Span {
  run.end();
  const { number } = field;
  const length = `n${number}`;
  const start = `s${number}`;
  const after = `p${number}`;
  scan.push(...readPrefix(field, place, length));
  if (field.min > 0) scan.push(`if (${length} < ${field.min}) return undefined;`);
  scan.push(`if (${length} > ${field.max}) return undefined;`);
  place.step(field.prefix?.bytes ?? 0);
  const bytes = field.wire === 'packed' ? `(${length} + 1 >> 1)` : length;
  scan.push(`const ${start} = ${place.at()}, ${after} = ${start} + ${bytes};`);
  scan.push(`if (${after} + ${following} > end) return undefined;`);
  if (field.wire === 'packed') scan.push(`if (${length} & 1 && bytes[${start}] > 15) return undefined;`);
  if (!isUnchecked(field)) scan.push(foreignLoop(field, start, after));
  place.from(after);
  return { start, end: after, characters: length };
}

/** Bytes that may be any. */
function isUnchecked({ wire, open }: FastField): boolean {
  return wire === 'raw' || open;
}

function readPrefix(field: FastField, place: Place, length: string): string[] {
  const bytes = field.prefix?.bytes ?? 0;
  const each = Array.from({ length: bytes }, (_, i) => `bytes[${place.at(i)}]`);
  const weighted = (radix: number, digit: (byte: string) => string) =>
    each.map((byte, i) => `${digit(byte)} * ${radix ** (bytes - 1 - i)}`).join(' + ');
  switch (field.prefix?.encoding) {
    case 'ascii':
      return [
        `if ((${each.map((byte) => foreign('n', byte)).join(' | ')}) < 0) return undefined;`,
        `const ${length} = ${weighted(10, (byte) => `(${byte} - 48)`)};`,
      ];
    case 'bcd':
      return [
        `if ((${each.map((byte) => `bcdPair[${byte}]`).join(' | ')}) < 0) return undefined;`,
        `const ${length} = ${weighted(100, (byte) => `bcdPair[${byte}]`)};`,
      ];
    default:
      return [`const ${length} = ${weighted(256, (byte) => byte)};`];
  }
}

function foreignByte(field: FastField, byte: string): string {
  if (field.wire === 'packed') return `${field.content === 'z' ? 'trackPair' : 'bcdPair'}[${byte}]`;
  return foreign(field.content, byte);
}

function foreignLoop(field: FastField, start: string, end: string): string {
  return `for (let i = ${start}; i < ${end}; i++) { const code = bytes[i]; bad |= ${foreignByte(field, 'code')}; }`;
}

/** Up to four digits come from a table of ready strings. */
function shortDigits(field: FastField, start: string): string | undefined {
  const { fixed, content, wrapper, wire } = field;
  if (fixed === undefined || fixed > 4 || content !== 'n' || wrapper || wire === 'raw') return undefined;
  const byte = (i: number) => `bytes[${start} + ${i}]`;
  const terms =
    wire === 'packed'
      ? Array.from(
          { length: (fixed + 1) >> 1 },
          (_, i, all = (fixed + 1) >> 1) => `bcdPair[${byte(i)}] * ${100 ** (all - 1 - i)}`,
        )
      : Array.from({ length: fixed }, (_, i) => `(${byte(i)} - 48) * ${10 ** (fixed - 1 - i)}`);
  return `digits${fixed}[${terms.join(' + ')}]`;
}

function wrapped(field: FastField, start: string, end: string, characters: string): string {
  if (field.wire === 'raw') {
    return `${field.wrapper === 'PinBlock' ? 'PinBlock.fromWire' : 'Bytes.view'}(bytes, ${start}, ${end})`;
  }
  if (field.wire === 'characters') {
    const value = `text.substring(${start}, ${end})`;
    return field.wrapper ? `${field.wrapper}.fromWire(${value})` : value;
  }
  const value = `hex.substring(2 * (${start}) + (${characters} & 1), 2 * (${end}))`;
  if (field.content !== 'z') return field.wrapper ? `${field.wrapper}.fromWire(${value})` : value;
  return field.wrapper ? `${field.wrapper}.fromPacked(${value})` : `${value}.replaceAll('d', '=')`;
}
