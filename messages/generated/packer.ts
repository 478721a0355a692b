import { type FastField, foreign, type SlowField, wireBytes } from './fast-field.ts';
import { Place } from './place.ts';

/**
 * Source of a function `(message, properties) → Buffer`, `properties` being how many the message has, for messages of
 * one type that hold exactly these properties. For any other, or for a value that is wrong, it returns undefined, and
 * the table-driven codec packs the message or says what is wrong.
 * `start` is what stands before the first field: the type `mti` and the bitmaps.
 * First it takes and measures every value, then it writes into a buffer of exact size, checking characters as it goes.
 */
export function packerSource(
  fields: readonly (FastField | SlowField)[],
  absent: readonly string[],
  mti: string,
  start: Uint8Array,
): string {
  const place = new Place(start.length);
  const unrolled = unrolledDigits(fields);
  const take: string[] = [];
  const write: string[] = [];
  const sizes: string[] = [String(start.length)];

  for (const property of absent) {
    take.push(`if (message.${property} !== undefined || !('${property}' in message)) return undefined;`);
  }
  for (const field of fields) {
    take.push(...takeValue(field));
    sizes.push(sizeOf(field));
    write.push(...(field.wire === 'other' ? writeOther(field, place) : writeField(field, place, unrolled)));
  }

  return [
    'return function pack(message, properties) {',
    `if (properties !== ${1 + fields.length + absent.length}) return undefined;`,
    `if (message.mti !== ${JSON.stringify(mti)}) return undefined;`,
    ...take,
    `const out = Buffer.allocUnsafe(${sizes.join(' + ')});`,
    'let bad = 0;',
    ...Array.from(start, (byte, i) => `out[${i}] = ${byte};`),
    ...write,
    'return bad < 0 ? undefined : out;',
    '};',
  ].join('\n');
}

/**
 * Up to how many characters a field is written without a loop. A short message is quickest without any; a long one
 * would make so much code that messages of several kinds in turn slow each other down.
 */
function unrolledDigits(fields: readonly (FastField | SlowField)[]): number {
  const characters = fields.reduce((sum, field) => sum + ((field.wire !== 'other' && field.fixed) || 0), 0);
  return characters <= 40 ? 16 : 3;
}

/** Takes a value, refuses the wrong kind, and leaves `v` (text or bytes) and, where it varies, `n` (its length). */
function takeValue(field: FastField | SlowField): string[] {
  const { number } = field;
  const v = `v${number}`;
  if (field.wire === 'other') {
    return [
      `if (message.de${number} === undefined) return undefined;`,
      `const ${v} = codecs.get(${number}).encode(message.de${number});`,
    ];
  }
  const n = `n${number}`;
  const lines: string[] = [];
  if (field.wire === 'raw') {
    lines.push(`const ${v} = message.de${number};`);
    lines.push(`if (!(${v} instanceof ${field.wrapper ?? 'Bytes'})) return undefined;`);
  } else if (field.wrapper) {
    lines.push(`if (!(message.de${number} instanceof ${field.wrapper})) return undefined;`);
    lines.push(`const ${v} = message.de${number}.reveal();`);
  } else {
    lines.push(`const ${v} = message.de${number};`);
    lines.push(`if (typeof ${v} !== 'string') return undefined;`);
  }
  lines.push(`const ${n} = ${v}.length;`);
  if (field.fixed !== undefined) {
    lines.push(`if (${n} ${field.padded ? '>' : '!=='} ${field.fixed}) return undefined;`);
  } else {
    if (field.min > 0) lines.push(`if (${n} < ${field.min}) return undefined;`);
    lines.push(`if (${n} > ${field.max}) return undefined;`);
  }
  return lines;
}

function sizeOf(field: FastField | SlowField): string {
  if (field.wire === 'other') return `v${field.number}.length`;
  if (field.fixed !== undefined) return String(wireBytes(field.wire, field.fixed));
  const bytes = field.wire === 'packed' ? `(n${field.number} + 1 >> 1)` : `n${field.number}`;
  return `${field.prefix?.bytes ?? 0} + ${bytes}`;
}

function writeOther(field: SlowField, place: Place): string[] {
  const after = `p${field.number}`;
  const lines = [
    `out.set(v${field.number}, ${place.at()});`,
    `const ${after} = ${place.at()} + v${field.number}.length;`,
  ];
  place.from(after);
  return lines;
}

function writeField(field: FastField, place: Place, unrolled: number): string[] {
  const { number, fixed } = field;
  if (fixed !== undefined) {
    const lines = writeFixed(field, fixed, place, unrolled);
    place.step(wireBytes(field.wire, fixed));
    return lines;
  }
  const lines = writePrefix(field, place);
  place.step(field.prefix?.bytes ?? 0);
  const start = `s${number}`;
  const after = `p${number}`;
  const bytes = field.wire === 'packed' ? `(n${number} + 1 >> 1)` : `n${number}`;
  lines.push(`const ${start} = ${place.at()}, ${after} = ${start} + ${bytes};`);
  if (field.wire === 'raw') lines.push(`v${number}.copyTo(out, ${start});`);
  else if (field.wire === 'packed') lines.push(...packVariable(field, start));
  else lines.push(characterLoop(field, start, `n${number}`));
  place.from(after);
  return lines;
}

function writePrefix(field: FastField, place: Place): string[] {
  const n = `n${field.number}`;
  const bytes = field.prefix?.bytes ?? 0;
  return Array.from({ length: bytes }, (_, i) => {
    const power = bytes - 1 - i;
    const rest = (radix: number) => (power === 0 ? n : `(${n} / ${radix ** power} | 0)`);
    switch (field.prefix?.encoding) {
      case 'ascii':
        return `out[${place.at(i)}] = 48 + ${rest(10)} % 10;`;
      case 'bcd':
        return `out[${place.at(i)}] = (${rest(100)} % 100 / 10 | 0) << 4 | ${rest(100)} % 10;`;
      default:
        return `out[${place.at(i)}] = ${rest(256)} & 255;`;
    }
  });
}

function writeFixed(field: FastField, characters: number, place: Place, unrolled: number): string[] {
  const v = `v${field.number}`;
  const start = place.at();
  if (field.wire === 'raw') return [`${v}.copyTo(out, ${start});`];
  if (field.wire === 'packed') return packFixed(field, characters, place, unrolled);
  if (field.padded === 'zeros') {
    return [
      `for (let i = n${field.number}; i < ${characters}; i++) out[${start} + i - n${field.number}] = 48;`,
      characterLoop(field, `${start} + ${characters} - n${field.number}`, `n${field.number}`),
    ];
  }
  if (field.padded) {
    return [
      characterLoop(field, start, `n${field.number}`),
      `for (let i = n${field.number}; i < ${characters}; i++) out[${start} + i] = 32;`,
    ];
  }
  if (characters > unrolled) return [characterLoop(field, start, String(characters))];
  return Array.from({ length: characters }, (_, i) => {
    const code = `c${field.number}_${i}`;
    return `const ${code} = ${v}.charCodeAt(${i}); bad |= ${foreign(field.content, code)}; out[${place.at(i)}] = ${code};`;
  });
}

function characterLoop(field: FastField, start: string, count: string): string {
  const v = `v${field.number}`;
  if (field.content === 'n') return `bad |= putDigits(${v}, out, ${start}, ${count});`;
  if (field.content === 'ans' || field.content === 'anp') {
    return `bad |= putPrintable(${v}, out, ${start}, ${count});`;
  }
  return `for (let i = 0; i < ${count}; i++) { const code = ${v}.charCodeAt(i); bad |= ${foreign(field.content, 'code')}; out[${start} + i] = code; }`;
}

function packFixed(field: FastField, characters: number, place: Place, unrolled: number): string[] {
  if (characters > unrolled) return packLoop(field, place.at(), String(characters));
  const v = `v${field.number}`;
  const odd = characters % 2;
  return Array.from({ length: wireBytes('packed', characters) }, (_, i) => {
    const high = odd && i === 0 ? '0' : nibble(field, v, String(2 * i - odd));
    const names = `h${field.number}_${i} = ${high}, l${field.number}_${i} = ${nibble(field, v, String(2 * i + 1 - odd))}`;
    return `const ${names}; ${checkNibbles(field, `h${field.number}_${i}`, `l${field.number}_${i}`)} out[${place.at(i)}] = h${field.number}_${i} << 4 | l${field.number}_${i};`;
  });
}

function packVariable(field: FastField, start: string): string[] {
  return packLoop(field, start, `n${field.number}`);
}

/** Packs `count` digits from `start`, a zero nibble in front of an odd number. */
function packLoop(field: FastField, start: string, count: string): string[] {
  const v = `v${field.number}`;
  if (field.content === 'n') return [`bad |= putPacked(${v}, out, ${start}, ${count});`];
  const first = `{ const low = ${nibble(field, v, '0')}; ${checkNibbles(field, '0', 'low')} out[${start}] = low; }`;
  const pair = `const high = ${nibble(field, v, 'i')}, low = ${nibble(field, v, 'i + 1')};`;
  return [
    `if (${count} & 1) ${first}`,
    `for (let i = ${count} & 1, to = ${start} + i; i < ${count}; i += 2, to++) { ${pair} ${checkNibbles(field, 'high', 'low')} out[to] = high << 4 | low; }`,
  ];
}

function nibble(field: FastField, text: string, index: string): string {
  const code = `${text}.charCodeAt(${index})`;
  return field.content === 'z' ? `trackNibbleOf(${code})` : `${code} - 48`;
}

function checkNibbles(field: FastField, high: string, low: string): string {
  const each = [high, low].filter((name) => name !== '0');
  return `bad |= ${each.map((name) => (field.content === 'z' ? name : `${name} | 9 - ${name}`)).join(' | ')};`;
}
