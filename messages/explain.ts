import type { Dialect } from './dialect.ts';
import type { IsoError } from './errors.ts';

/** Bytes shown in front of the one that is wrong: too few for a card number, packed or not. */
const before = 4;

/**
 * An error in words and bytes, the wrong byte under a caret:
 *
 *     ISO_CONTENT DE4 at byte 21: expected digits, found byte 41
 *     byte 17: 30 30 30 30 41
 *                          ^
 *
 * Bytes of fields that hold card data are `**`, and so is everything after the fault, since nobody knows what it is.
 */
export function explain(error: IsoError, bytes: Buffer, dialect: Dialect): string {
  const { offset } = error;
  if (offset === undefined || bytes.length === 0) return error.message;
  const from = Math.max(0, offset - before);
  const hideField = isSensitive(error.path, dialect);
  const hideBefore = hideField || isSensitive(lastRead(error), dialect);
  const shown: string[] = [];
  for (let at = from; at <= offset; at++) {
    const byte = bytes[at];
    const hidden = at < offset ? hideBefore : hideField;
    shown.push(byte === undefined ? '  ' : hidden ? '**' : byte.toString(16).padStart(2, '0').toUpperCase());
  }
  const label = `byte ${from}: `;
  const rest = bytes.length > offset + 1 ? ' **' : '';
  const caret = ' '.repeat(label.length + (offset - from) * 3);
  return `${error.message}\n${label}${shown.join(' ')}${rest}\n${caret}^`;
}

/** The path of the field read last before the fault. */
function lastRead(error: IsoError): string {
  const numbers = Object.keys(error.partial)
    .filter((property) => property.startsWith('de'))
    .map((property) => Number(property.slice(2)));
  return numbers.length > 0 ? `DE${Math.max(...numbers)}` : '';
}

function isSensitive(path: string, dialect: Dialect): boolean {
  const number = /^DE(\d+)/.exec(path)?.[1];
  const field = number === undefined ? undefined : dialect.fields[Number(number)];
  if (!field) return false;
  return field.as !== undefined || field.parts !== undefined || field.content === 'b';
}
