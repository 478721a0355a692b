import type { Cursor } from '../cursor.ts';
import { IsoError } from '../errors.ts';
import type { FieldCodec } from './codecs.ts';

/** Reads one part; when it fails, what it had of its own parts is kept in `value`. */
export function readInto(
  value: Record<string, unknown>,
  property: string,
  codec: FieldCodec,
  cursor: Cursor,
): void {
  try {
    value[property] = codec.read(cursor);
  } catch (error) {
    if (error instanceof IsoError && Object.keys(error.partial).length > 0) value[property] = error.partial;
    throw error;
  }
}
