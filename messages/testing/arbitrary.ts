import fc from 'fast-check';
import type { Content, Dialect, Field, Part, VariableLength } from '../dialect.ts';
import { isHexText } from '../fields/binary.ts';
import { fromPlain, type PlainMessage, type PlainValue } from '../plain.ts';

/** Random messages from nothing but the data of a dialect. */
export function messageOf(dialect: Dialect): fc.Arbitrary<PlainMessage> {
  const fields = Object.fromEntries(
    Object.entries(dialect.fields).map(([number, field]) => [number, plainValueOf(field)]),
  );
  const header = headerOf(dialect);
  const all = Object.keys(fields);
  return fc.subarray(all, { minLength: 1, maxLength: Math.min(40, all.length) }).chain((numbers) =>
    fc.record({
      mti: fc.constantFrom('0100', '0110', '0200', '0420', '0800', '1804', '2100'),
      ...(header ? { header } : {}),
      fields: fc.record(
        Object.fromEntries(numbers.map((number) => [number, fields[number] ?? fc.constant('')])),
      ),
    }),
  ) as fc.Arbitrary<PlainMessage>;
}

/** The same, as values that a codec packs. */
export function richMessageOf(dialect: Dialect): fc.Arbitrary<ReturnType<typeof fromPlain>> {
  return messageOf(dialect).map((plain) => fromPlain(dialect, plain));
}

/** Longer values than this show nothing new. */
const longest = 40;

const alphabets: Readonly<Record<Exclude<Content, 'b' | 'x+n'>, string>> = {
  n: '0123456789',
  a: 'ABCxyz ',
  an: 'ABCxyz019 ',
  as: 'ABCxyz -/',
  ns: '0123456789-/',
  ans: 'ABCxyz019 -/\\^[]|~',
  anp: 'ABCxyz019 ',
  z: '0123456789=',
  h: '0123456789ABCDEF',
};

function headerOf(dialect: Dialect): fc.Arbitrary<unknown> | undefined {
  if (dialect.header === undefined) return undefined;
  if (dialect.header !== 'visa') return plainValueOf(dialect.header);
  const station = textOf('n', 6, 6);
  const byte = fc.integer({ min: 0, max: 255 });
  const three = fc.integer({ min: 0, max: 0xffffff });
  return fc.record({
    destination: station,
    source: station,
    flags: byte,
    textFormat: byte,
    roundTrip: byte,
    baseFlags: fc.integer({ min: 0, max: 0xffff }),
    status: three,
    batch: byte,
    reserved: three,
    userInfo: byte,
  });
}

function plainValueOf(field: Field): fc.Arbitrary<PlainValue> {
  if (field.slices) return slicesOf(field);
  if (field.parts) return partsOf(field);
  const [min, max] = lengths(field);
  if (field.content === 'b') return bytesOf(min, max);
  if (field.as === 'cvv') return textOf('n', 3, Math.min(4, max));
  return textOf(field.content, min, max, field.encoding === 'bcd' && unitOf(field) === 'bytes');
}

function unitOf({ length }: Field): string {
  return 'prefix' in length ? (length.unit ?? 'characters') : 'characters';
}

/** The shortest and the longest value in characters. */
function lengths(field: Field): [number, number] {
  const { length } = field;
  if ('fixed' in length) return [length.fixed, length.fixed];
  if ('rest' in length) return [1, Math.min(length.rest, longest)];
  const min = Math.max(length.min ?? 0, field.content === 'x+n' ? 2 : 0);
  return [min, Math.max(min, Math.min(mostCharacters(field, length), longest))];
}

/** How many characters a field can have whose limit counts another unit. */
function mostCharacters({ content, encoding }: Field, { max, unit = 'characters' }: VariableLength): number {
  const packed = encoding === 'bcd';
  if (unit === 'characters' || (unit === 'nibbles' && packed)) return max;
  if (packed) return content === 'x+n' ? 1 + (max - 1) * 2 : max * 2;
  return unit === 'nibbles' || isHexText(encoding) ? max >> 1 : max;
}

function textOf(content: Content, min: number, max: number, even = false): fc.Arbitrary<string> {
  if (content === 'x+n') {
    return fc.tuple(fc.constantFrom('C', 'D'), textOf('n', min - 1, max - 1, even)).map(([a, b]) => a + b);
  }
  const alphabet = alphabets[content === 'b' ? 'h' : content];
  const text = fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
  return even ? text.map((value) => (value.length % 2 === 0 ? value : value.slice(1))) : text;
}

function bytesOf(min: number, max: number): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: min, maxLength: max })
    .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
}

function slicesOf(field: Field): fc.Arbitrary<PlainValue> {
  const once = fc.record(
    Object.fromEntries(
      Object.entries(field.slices ?? {}).map(([property, { content, characters }]) => [
        property,
        textOf(content, characters, characters),
      ]),
    ),
  );
  return field.repeated ? fc.array(once, { maxLength: 3 }) : once;
}

function partsOf(field: Field): fc.Arbitrary<PlainValue> {
  const composition = field.composition ?? { kind: 'positional' };
  const parts = Object.entries(field.parts ?? {});
  const record = (some: readonly (readonly [string, Part])[]) =>
    fc.record(Object.fromEntries(some.map(([property, part]) => [property, partOf(part)])));
  if (composition.kind === 'positional') {
    if ('fixed' in field.length) return record(parts);
    return fc.nat({ max: parts.length }).chain((count) => record(parts.slice(0, count)));
  }
  const untagged = composition.kind === 'tagged' ? composition.lead : undefined;
  const candidates = parts.filter(([property]) => property !== untagged);
  const some = fc.subarray(candidates, { maxLength: Math.min(4, candidates.length) });
  const known = some.chain((chosen) => record(chosen));
  if (composition.kind === 'bitmap') return known;
  const unknown = unknownTags(field);
  const lead = untagged === undefined ? fc.constant({}) : fc.constantFrom({}, { [untagged]: 'T' });
  return fc.tuple(lead, known, unknown).map(([a, b, c]) => ({ ...a, ...b, ...c }));
}

/** Parts stay short, so that a composite stays within its own limit. */
function partOf(part: Part): fc.Arbitrary<PlainValue> {
  const { length } = part;
  if (part.parts || part.slices || 'fixed' in length) return plainValueOf(part);
  const short =
    'rest' in length ? { rest: Math.min(length.rest, 8) } : { ...length, max: Math.min(length.max, 8) };
  return plainValueOf({ ...part, length: short });
}

function unknownTags({ composition, parts }: Field): fc.Arbitrary<Record<string, string>> {
  if (composition?.kind === 'tagged' && !composition.length && !composition.unknownLength) {
    return fc.constant({});
  }
  if (composition && 'unknownTags' in composition && composition.unknownTags === 'refuse') {
    return fc.constant({});
  }
  const characters = composition?.kind === 'tagged' ? composition.tag.characters : 2;
  const binary =
    composition?.kind === 'ber-tlv' ||
    (composition?.kind === 'tagged' && composition.tag.encoding === 'binary');
  const free = binary ? ['C1', 'C2'] : ['9', '8'].map((digit) => digit.repeat(characters));
  const taken = Object.values(parts ?? {}).map((part) => part.tag);
  const keys = free.filter((tag) => !taken.includes(tag)).map((tag) => `tag${tag}`);
  return fc
    .subarray(keys)
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((key) => [key, bytesOf(0, 6)]))));
}
