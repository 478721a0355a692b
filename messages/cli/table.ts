import type { Bytes } from '../bytes.ts';
import type { Dialect, Field } from '../dialect.ts';
import { emvTagName, isSensitiveTag } from '../emv-tags.ts';
import { IsoError } from '../errors.ts';
import { propertyOf } from '../fields/again.ts';
import { mtiName } from '../mti.ts';
import { type PlainMessage, type PlainValue, toPlain } from '../plain.ts';
import { responseCodeName } from '../response-codes.ts';
import { parseTlv } from '../tlv.ts';

type AnyMessage = { readonly mti: string } & Readonly<Record<string, unknown>>;

/** A message for people: a line for every field, card data masked, chip data by tag. */
export function messageTable(dialect: Dialect, message: AnyMessage): string {
  const plain = toPlain(message, 'masked');
  const lines = [`${message.mti}  ${mtiName(message.mti)}  [${dialect.name}]`];
  if (plain.header !== undefined) lines.push(row('header', '', JSON.stringify(plain.header)));
  for (const [number, value] of numbered(plain)) {
    const field = dialect.fields[number];
    if (field) lines.push(...fieldLines(`DE${number}`, field, value, message[`de${number}`]));
  }
  return lines.join('\n');
}

function numbered(plain: PlainMessage): [number, PlainValue][] {
  return Object.entries(plain.fields)
    .map(([number, value]): [number, PlainValue] => [Number(number), value])
    .sort(([a], [b]) => a - b);
}

function row(label: string, name: string, value: string, depth = 0): string {
  return `${'  '.repeat(depth)}${label.padEnd(9 - depth * 2)} ${name.slice(0, 44).padEnd(45)}${value}`.trimEnd();
}

function fieldLines(label: string, field: Field, value: PlainValue, raw: unknown, depth = 0): string[] {
  if (field.as === 'emv') {
    return [row(label, field.name, String(value), depth), ...chipLines(raw as Bytes, depth + 1)];
  }
  if (typeof value === 'string') return [row(label, field.name, described(label, field, value, raw), depth)];
  const head = row(label, field.name, '', depth);
  if (Array.isArray(value)) {
    return [head, ...value.map((item) => row('', '', slicesText(item as PlainValue), depth))];
  }
  if (field.slices) return [row(label, field.name, slicesText(value), depth)];
  const parts = Object.entries(value as Record<string, PlainValue>).flatMap(([property, item]) => {
    const part = field.parts?.[propertyOf(property)];
    const inner = (raw as Record<string, unknown>)[property];
    if (part) return fieldLines(property, part, item, inner, depth + 1);
    return [row(property, 'unknown', (inner as Bytes).toString(), depth + 1)];
  });
  return [head, ...parts];
}

function slicesText(value: PlainValue): string {
  return Object.entries(value as Record<string, string>)
    .map(([property, text]) => `${property} ${text}`)
    .join(', ');
}

function described(label: string, field: Field, value: string, raw: unknown): string {
  if (field.content === 'b' && field.as === undefined) return (raw as Bytes).hex();
  const meaning = label === 'DE39' ? responseCodeName(value) : undefined;
  return meaning ? `${value}  ${meaning}` : value;
}

function chipLines(bytes: Bytes, depth: number): string[] {
  try {
    return parseTlv(bytes, { duplicates: true }).map(({ tag, value }) =>
      row(tag, emvTagName(tag) ?? 'unknown', isSensitiveTag(tag) ? value.toString() : value.hex(), depth),
    );
  } catch (error) {
    if (error instanceof IsoError) return [row('', '', error.message, depth)];
    throw error;
  }
}

/** The fields in which two messages differ, one line each; card data stays masked. */
export function differenceTable(dialect: Dialect, left: AnyMessage, right: AnyMessage): string {
  const [clearLeft, clearRight] = [toPlain(left, 'revealed'), toPlain(right, 'revealed')];
  const [a, b] = [toPlain(left, 'masked'), toPlain(right, 'masked')];
  const lines: string[] = [];
  if (left.mti !== right.mti) lines.push(`MTI       ${left.mti} → ${right.mti}`);
  const numbers = new Set([...Object.keys(a.fields), ...Object.keys(b.fields)].map(Number));
  for (const number of [...numbers].sort((x, y) => x - y)) {
    if (JSON.stringify(clearLeft.fields[number]) === JSON.stringify(clearRight.fields[number])) continue;
    const name = dialect.fields[number]?.name ?? '';
    lines.push(row(`DE${number}`, name, `${shown(a.fields[number])} → ${shown(b.fields[number])}`));
  }
  return lines.length > 0 ? lines.join('\n') : 'no difference';
}

function shown(value: PlainValue | undefined): string {
  if (value === undefined) return '(absent)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
