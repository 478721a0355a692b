import { codeOfWire, HSM_ERRORS, HsmError } from '../errors.ts';
import { type Field, name } from './codec.ts';
import { STATUS_OK } from './frames.ts';

/**
 * What a composite operation's fields are made of: parts that may be left out, short lists, and an outcome for each
 * part. The parts of one reply have a status each, as a whole reply has one.
 */

/** What became of one part of a composite request. */
export type Outcome<T> = { readonly done: T } | { readonly refused: HsmError };

const NOT_ASKED = 0xff;

/** A part that may be left out. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    write(writer, value) {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) field.write(writer, value);
    },
    read: (reader) => (reader.u8() === 0 ? undefined : field.read(reader)),
  };
}

/** One to `atMost` of them, 255 being the most a list can hold. */
export function list<T>(field: Field<T>, atMost: number): Field<readonly T[]> {
  const checked = (length: number) => {
    if (length < 1 || length > atMost) throw new HsmError('HSM_REQUEST_INVALID', `a list of ${length}`);
    return length;
  };
  return {
    write(writer, values) {
      writer.u8(checked(values.length));
      for (const value of values) field.write(writer, value);
    },
    read: (reader) => Array.from({ length: checked(reader.u8()) }, () => field.read(reader)),
  };
}

/** A part's outcome; nothing where the part was not asked for, or not come to. */
export function outcome<T>(field: Field<T>): Field<Outcome<T> | undefined> {
  return {
    write(writer, value) {
      if (value === undefined) {
        writer.u8(NOT_ASKED);
      } else if ('done' in value) {
        writer.u8(STATUS_OK);
        field.write(writer, value.done);
      } else {
        writer.u8(HSM_ERRORS[value.refused.code].wire);
        name.write(writer, value.refused.detail.slice(0, 0xff));
      }
    },
    read(reader) {
      const status = reader.u8();
      if (status === NOT_ASKED) return undefined;
      if (status === STATUS_OK) return { done: field.read(reader) };
      return { refused: new HsmError(codeOfWire(status), name.read(reader)) };
    },
  };
}
