import type { Bytes } from '../bytes.ts';
import { compile } from '../codec.ts';
import { IsoError } from '../errors.ts';
import { charsets } from '../fields/charsets.ts';
import type { Strictness } from '../strictness.ts';
import { ipmCharset, ipmDates, ipmStructure } from './bind-ipm.ts';
import type { Row } from './rows.ts';

/**
 * What cardutil takes out of an IPM message beside its data elements: PDSnnnn by tag of four digits, TAGxxxx from the
 * chip data.
 * @throws {IsoError} when sub-elements or chip data do not read, or a date is none
 */
export function ipmParts(row: Row, bytes: Buffer, strictness: Partial<Strictness>): Map<string, string> {
  const message = compile(ipmStructure(row), { ...strictness, duplicateTags: 'accept' }).parse(bytes);
  const properties = message as unknown as { readonly [property: string]: unknown };
  for (const [number, format] of ipmDates(row)) checkDate(number, properties[`de${number}`], format);
  const { toLatin1 } = charsets[ipmCharset(row)];
  const parts = new Map<string, string>();
  for (const value of Object.values(properties)) {
    if (typeof value === 'object' && value !== null) {
      for (const [property, part] of Object.entries(value as { readonly [property: string]: Bytes })) {
        const tag = property.replace(/^tag/, '');
        if (/^\d{4}$/.test(tag)) {
          parts.set(
            `PDS${tag}`,
            Buffer.from(part.buffer().map((byte) => toLatin1[byte] ?? 0)).toString('latin1'),
          );
        } else parts.set(`TAG${tag}`, part.hex());
      }
    }
  }
  return parts;
}

/** Sub-elements that the row names and that are not as it says. */
export function partDifferences(row: Row, parts: ReadonlyMap<string, string>): string[] {
  return Object.entries(row.fields ?? {})
    .filter(([key]) => /^(PDS|TAG)/.test(key))
    .filter(([key, value]) => parts.get(key)?.toUpperCase() !== String(value).toUpperCase())
    .map(([key]) => `${key} differs from the row`);
}

const ranges: Readonly<Record<string, readonly [digits: number, least: number, most: number]>> = {
  Y: [4, 0, 9999],
  y: [2, 0, 99],
  m: [2, 1, 12],
  d: [2, 1, 31],
  H: [2, 0, 23],
  M: [2, 0, 59],
  S: [2, 0, 61],
};

function checkDate(number: number, value: unknown, format: string): void {
  if (typeof value !== 'string') return;
  let at = 0;
  for (const [, letter = ''] of format.matchAll(/%([A-Za-z])/g)) {
    const [digits, least, most] = ranges[letter] ?? [2, 0, 99];
    const part = Number(value.slice(at, at + digits));
    if (part < least || part > most) {
      throw new IsoError('ISO_CONTENT', {
        path: `DE${number}`,
        expected: `a date as ${format}`,
        found: 'none',
      });
    }
    at += digits;
  }
}
