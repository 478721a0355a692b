import type { Dialect, Encoding, Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';

/**
 * A dialect whose elements mean what ours mean, and are written as an imported specification writes them: who reads its
 * messages needs to know nothing of the specification. Only the bytes are taken from there (encodings, lengths,
 * fillers, the bitmap); a part that the specification takes apart comes whole. Elements that it has not are not there.
 * @throws {IsoError} ISO_DIALECT naming the element that cannot be written so, such as one of another fixed length
 */
export function writtenAs<D extends Dialect>(ours: D, theirs: Dialect): D {
  const fields: Record<string, Field> = {};
  for (const [number, field] of Object.entries(ours.fields)) {
    const written = theirs.fields[Number(number)];
    if (written) fields[number] = fieldAs(field, written, `DE${number}`);
  }
  const { name, mti, bitmap } = theirs;
  // The elements keep their contents, and with them the types of their values.
  return { ...ours, name, mti, bitmap, fields } as unknown as D;
}

function fieldAs(field: Field, written: Field, path: string): Field {
  const { pad: _, ...meant } = field;
  const { length, pad } = written;
  const encoding = encodingAs(field, written, path);
  const isFixed = 'fixed' in field.length;
  if (isFixed !== 'fixed' in length) {
    throw unfit(path, isFixed ? 'a fixed length' : 'a length in front', isFixed ? 'another' : 'a fixed one');
  }
  if (!('fixed' in field.length)) return { ...meant, encoding, length, ...(pad ? { pad } : {}) };
  const filled = pad ?? field.pad;
  return { ...meant, encoding, length: field.length, ...(filled ? { pad: filled } : {}) };
}

function encodingAs(field: Field, written: Field, path: string): Encoding {
  const [ours, theirs] = [field.length, written.length];
  const characters = 'fixed' in ours ? ours.fixed : undefined;
  const found = 'fixed' in theirs ? theirs.fixed : undefined;
  const isText = written.encoding === 'ascii' && !written.parts;
  if (field.content === 'b' && isText && characters !== undefined && found === 2 * characters) return 'hex';
  if (characters !== undefined && found !== undefined && characters !== found) {
    throw unfit(path, `${characters} characters`, String(found));
  }
  if (field.content === 'b') return isText ? 'binary' : written.encoding;
  return written.encoding === 'binary' ? 'ascii' : written.encoding;
}

function unfit(path: string, expected: string, found: string): IsoError {
  return new IsoError('ISO_DIALECT', { path, expected, found });
}
