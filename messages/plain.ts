import { Bytes } from './bytes.ts';
import type { Dialect, Field } from './dialect.ts';
import { IsoError } from './errors.ts';
import { propertyOf } from './fields/again.ts';
import type { VisaHeader } from './header-visa.ts';
import { AccountNumber } from './sensitive/account.ts';
import { CardVerificationValue } from './sensitive/card-verification-value.ts';
import { Sensitive } from './sensitive/mask.ts';
import { Pan } from './sensitive/pan.ts';
import { PinBlock } from './sensitive/pin-block.ts';
import { Secret } from './sensitive/secret.ts';
import { Track1, Track2, Track3 } from './sensitive/tracks.ts';

/** A message as plain JSON: text as strings, bits as hex, composites as objects. */
export interface PlainMessage {
  readonly mti: string;
  /** A BASE I header by field; any other as the value of its field. */
  readonly header?: VisaHeader | PlainValue;
  readonly fields: { readonly [number: string]: PlainValue };
}
export type PlainValue = string | readonly PlainValue[] | { readonly [property: string]: PlainValue };

/**
 * A message for people and files.
 * @param how `masked` for anything that is shown or logged; `revealed` writes card data in clear
 */
export function toPlain(message: { readonly mti: string }, how: 'masked' | 'revealed'): PlainMessage {
  const fields: Record<string, PlainValue> = {};
  let header: PlainMessage['header'];
  for (const [property, value] of Object.entries(message as { readonly [property: string]: unknown })) {
    if (property === 'header') header = plainHeader(value);
    else if (property !== 'mti' && value !== undefined) fields[property.slice(2)] = plainValue(value, how);
  }
  return { mti: message.mti, ...(header ? { header } : {}), fields };
}

/** Headers hold stations and lengths, no card data: bytes are shown. */
function plainHeader(value: unknown): PlainMessage['header'] {
  return value instanceof Bytes ? value.hex() : (value as PlainMessage['header']);
}

function plainValue(value: unknown, how: 'masked' | 'revealed'): PlainValue {
  if (typeof value === 'string') return value;
  if (value instanceof Bytes) return how === 'masked' ? value.toString() : value.hex();
  if (value instanceof PinBlock && how === 'revealed') return value.reveal().toString('hex').toUpperCase();
  if (value instanceof Sensitive) return how === 'masked' ? value.masked() : revealed(value);
  if (Array.isArray(value)) return value.map((item) => plainValue(item, how));
  const parts: Record<string, PlainValue> = {};
  for (const [property, part] of Object.entries(value as object)) {
    if (part !== undefined) parts[property] = plainValue(part, how);
  }
  return parts;
}

function revealed(value: Sensitive): string {
  const reveal: unknown = (value as Sensitive & { reveal?: () => unknown }).reveal?.();
  return typeof reveal === 'string' ? reveal : value.masked();
}

/**
 * The message that plain JSON describes; its values are checked when it is packed.
 * @throws {IsoError} ISO_FIELD_UNDEFINED, ISO_VALUE
 */
export function fromPlain(dialect: Dialect, plain: PlainMessage): { mti: string } & Record<string, unknown> {
  const message: { mti: string } & Record<string, unknown> = { mti: plain.mti };
  const { header } = dialect;
  if (plain.header !== undefined) {
    message['header'] =
      header === undefined || header === 'visa'
        ? plain.header
        : richValue(header, plain.header as PlainValue, 'header');
  }
  for (const [number, value] of Object.entries(plain.fields)) {
    const field = dialect.fields[Number(number)];
    if (!field) {
      throw new IsoError('ISO_FIELD_UNDEFINED', {
        path: `DE${number}`,
        expected: 'only defined fields',
        found: `field ${number}`,
      });
    }
    message[`de${Number(number)}`] = richValue(field, value, `DE${number}`);
  }
  return message;
}

function richValue(field: Field, value: PlainValue, path: string): unknown {
  if (field.slices) return value;
  if (field.parts) return richParts(field, value, path);
  if (typeof value !== 'string') throw wrongPlain(path, 'a string', value);
  switch (field.as) {
    case 'pan':
      return Pan.fromWire(value);
    case 'track1':
      return Track1.fromWire(value);
    case 'track2':
      return Track2.fromWire(value);
    case 'track3':
      return Track3.fromWire(value);
    case 'cvv':
      return CardVerificationValue.fromWire(value);
    case 'account':
      return AccountNumber.fromWire(value);
    case 'secret':
      return Secret.fromWire(value);
    case 'pin-block': {
      const bytes = Bytes.fromHex(value);
      return PinBlock.fromWire(bytes.buffer(), 0, bytes.length);
    }
    default:
      return field.content === 'b' ? Bytes.fromHex(value) : value;
  }
}

function richParts(field: Field, value: PlainValue, path: string): unknown {
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongPlain(path, 'an object', value);
  const parts = field.parts ?? {};
  const rich: Record<string, unknown> = {};
  for (const [property, item] of Object.entries(value)) {
    const first = propertyOf(property);
    const part = Object.hasOwn(parts, first) ? parts[first] : undefined;
    const partPath = `${path}.${property.toUpperCase()}`;
    if (part) rich[property] = richValue(part, item, partPath);
    else if (holdsBytes(field, property) && typeof item === 'string') rich[property] = Bytes.fromHex(item);
    else throw new IsoError('ISO_FIELD_UNDEFINED', { path, expected: 'a defined part', found: property });
  }
  return rich;
}

/** Unknown tags, and the bytes in front of an inner bitmap, have no part of their own. */
function holdsBytes({ composition }: Field, property: string): boolean {
  if (composition?.kind === 'bitmap') return property === 'header' && (composition.headerBytes ?? 0) > 0;
  return (composition?.kind === 'tagged' || composition?.kind === 'ber-tlv') && property.startsWith('tag');
}

function wrongPlain(path: string, expected: string, value: unknown): IsoError {
  return new IsoError('ISO_VALUE', {
    path,
    expected,
    found: Array.isArray(value) ? 'an array' : typeof value,
  });
}
