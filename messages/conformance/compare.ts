import type { PlainMessage, PlainValue } from '../plain.ts';
import type { Json, JsonObject, Row } from './rows.ts';

/** What of a parsed message is not what the row says; values are compared modulo how each peer shows them. */
export function differences(row: Row, ours: PlainMessage): string[] {
  const faults: string[] = [];
  if (row.mti !== undefined && row.mti.toUpperCase() !== ours.mti) {
    faults.push(`MTI ${ours.mti} where the row has ${row.mti}`);
  }
  const expected = new Map(
    Object.entries(row.fields ?? {})
      .filter(([key]) => /^(DE)?[0-9]+$/.test(key) && !(key === '0' || key === '1'))
      .map(([key, value]) => [key.replace('DE', ''), value]),
  );
  for (const [number, value] of expected) {
    const found = ours.fields[number];
    if (found === undefined) faults.push(`DE${number} is missing`);
    else if (!same(value, found)) faults.push(`DE${number} differs from the row`);
  }
  for (const number of Object.keys(ours.fields)) {
    if (!expected.has(number)) faults.push(`DE${number} is not in the row`);
  }
  return faults;
}

export function same(expected: Json, ours: PlainValue): boolean {
  if (typeof expected === 'number') return typeof ours === 'string' && sameNumber(String(expected), ours);
  if (typeof expected === 'string') return typeof ours === 'string' && sameText(expected, ours);
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return false;
  const object = expected as JsonObject;
  if (typeof object['$hex'] === 'string') {
    return typeof ours === 'string' && object['$hex'].toUpperCase() === ours;
  }
  if (object['type'] === 'Buffer' && Array.isArray(object['data'])) {
    return (
      Buffer.from(object['data'] as number[])
        .toString('hex')
        .toUpperCase() === ours
    );
  }
  return typeof ours === 'object' && sameParts(object, ours as { readonly [property: string]: PlainValue });
}

function sameParts(expected: JsonObject, ours: { readonly [property: string]: PlainValue }): boolean {
  const plain = new Map(
    Object.entries(ours).map(([property, value]) => [property.replace(/^(sf|tag)0*(?=.)/, ''), value]),
  );
  const wanted = Object.entries(expected).filter(([, value]) => value !== undefined && value !== '');
  const kept = [...plain].filter(([key, value]) => value !== '' && key !== 'header');
  return (
    wanted.length === kept.length &&
    wanted.every(([key, value]) => {
      const found = plain.get(key.replace(/^0+(?=.)/, ''));
      return found !== undefined && same(value as Json, found);
    })
  );
}

function sameText(expected: string, ours: string): boolean {
  if (expected === ours || expected === Buffer.from(ours, 'latin1').toString('utf8')) return true;
  if (isTrack(expected) && isTrack(ours) && expected.replaceAll('D', '=') === ours.replaceAll('D', '=')) {
    return true;
  }
  if (/^[0-9A-Fa-f]*$/.test(expected) && /^[0-9A-Fa-f]*$/.test(ours) && sameNumber(expected, ours)) {
    return true;
  }
  return /^\d{4}-\d{2}-\d{2}[ T]/.test(expected) && sameDate(expected, ours);
}

function isTrack(text: string): boolean {
  return /^[0-9D=]+$/.test(text);
}

/** Leading zeros aside: peers show numbers without them, and an odd number of BCD digits with one more. */
function sameNumber(expected: string, ours: string): boolean {
  return expected.toUpperCase().replace(/^0+/, '') === ours.toUpperCase().replace(/^0+/, '');
}

/** An ISO date against its digits on the wire, which may leave the century or the year out. */
function sameDate(expected: string, ours: string): boolean {
  return ours.length >= 4 && expected.replace(/[^0-9]/g, '').endsWith(ours);
}
