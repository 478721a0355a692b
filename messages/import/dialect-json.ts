import { compile } from '../codec.ts';
import type { Dialect, Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { lineOf } from './json-lines.ts';

/** A dialect as JSON: the data as it stands, readable by `importDialect`. */
export function exportDialect(dialect: Dialect): string {
  return `${JSON.stringify(dialect, null, 2)}\n`;
}

/**
 * A dialect from the JSON that `exportDialect` writes. It is compiled once, so that a contradiction shows here.
 * @throws {IsoError} ISO_IMPORT, ISO_DIALECT
 */
export function importDialect(json: string): Dialect {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw importError(json, [], 'JSON', 'something else');
  }
  const dialect = objectAt(json, value, []);
  for (const key of ['name', 'description']) {
    if (typeof dialect[key] !== 'string') throw importError(json, [key], 'a string', typeof dialect[key]);
  }
  oneOf(json, objectAt(json, dialect['mti'], ['mti']), 'encoding', ['mti'], mtiEncodings);
  oneOf(json, objectAt(json, dialect['bitmap'], ['bitmap']), 'encoding', ['bitmap'], bitmapEncodings);
  const fields = objectAt(json, dialect['fields'], ['fields']);
  for (const [number, field] of Object.entries(fields)) checkField(json, field, ['fields', number]);
  compile(value as Dialect);
  return value as Dialect;
}

const mtiEncodings = ['ascii', 'bcd', 'ebcdic-1047', 'ebcdic-037', 'ebcdic-500'];
const bitmapEncodings = ['binary', 'hex', 'hex-lower', 'ebcdic-hex'];
const encodings = [...mtiEncodings, ...bitmapEncodings];
const contents: Field['content'][] = ['n', 'a', 'an', 'as', 'ns', 'ans', 'anp', 'z', 'b', 'x+n', 'h'];
const meanings = ['pan', 'track1', 'track2', 'track3', 'pin-block', 'cvv', 'account', 'secret', 'emv'];
const prefixes = ['ascii', 'ebcdic', 'bcd', 'binary', 'hex'];
const compositions = ['positional', 'bitmap', 'tagged', 'ber-tlv'];

function checkField(json: string, value: unknown, path: readonly string[]): void {
  const field = objectAt(json, value, path);
  oneOf(json, field, 'content', path, contents);
  oneOf(json, field, 'encoding', path, encodings);
  if (field['as'] !== undefined) oneOf(json, field, 'as', path, meanings);
  if (field['composition'] !== undefined) {
    oneOf(json, objectAt(json, field['composition'], path), 'kind', [...path, 'composition'], compositions);
  }
  checkLength(json, objectAt(json, field['length'], [...path, 'length']), [...path, 'length']);
  for (const [property, part] of Object.entries((field['parts'] ?? {}) as object)) {
    checkField(json, part, [...path, 'parts', property]);
  }
}

function checkLength(json: string, length: Record<string, unknown>, path: readonly string[]): void {
  const numbers = 'fixed' in length ? ['fixed'] : 'rest' in length ? ['rest'] : ['width', 'max'];
  for (const key of numbers) {
    const number = length[key];
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > maxLength) {
      throw importError(json, [...path, key], `a number from 0 to ${maxLength}`, typeof number);
    }
  }
  if ('max' in length) oneOf(json, length, 'prefix', path, prefixes);
}

const maxLength = 999_999;

function oneOf(
  json: string,
  holder: Record<string, unknown>,
  key: string,
  path: readonly string[],
  allowed: readonly string[],
) {
  const value = holder[key];
  if (typeof value !== 'string' || !allowed.includes(value)) {
    throw importError(json, [...path, key], allowed.join(', '), String(value).slice(0, 20));
  }
}

function objectAt(json: string, value: unknown, path: readonly string[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw importError(json, path, 'an object', Array.isArray(value) ? 'an array' : typeof value);
}

function importError(json: string, path: readonly string[], expected: string, found: string): IsoError {
  const where = path.length > 0 ? path.join('.') : 'dialect';
  return new IsoError('ISO_IMPORT', { path: `${where}, line ${lineOf(json, path)}`, expected, found });
}
