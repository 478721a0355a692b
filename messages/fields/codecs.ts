import type { Cursor } from '../cursor.ts';

/** Reads and writes one field, length prefix and all. Slow and exact: the generated code falls back on it. */
export interface FieldCodec {
  read(cursor: Cursor): unknown;
  /** Steps over the field as far as its length tells, whatever it holds. @throws {IsoError} where that leads too far */
  skip(cursor: Cursor): void;
  /** The bytes of the field, prefix included. */
  encode(value: unknown): Buffer;
}

/** One part of a composite. */
export interface PartCodec {
  readonly property: string;
  readonly path: string;
  readonly bit: number | undefined;
  readonly tag: string | undefined;
  readonly codec: FieldCodec;
}

/** Reads and writes the inside of a composite. */
export interface PartsCodec {
  /** Puts the parts into `value` as they are read, so that a fault leaves those before it. */
  read(cursor: Cursor, value: Record<string, unknown>): void;
  encode(value: Record<string, unknown>): Buffer;
}
