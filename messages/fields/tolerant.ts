import type { Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import type { Strictness } from '../strictness.ts';
import type { ElementPolicy, Tolerance } from '../tolerance.ts';
import type { FieldCodec } from './codecs.ts';
import { fieldCodec } from './field.ts';
import type { Letters } from './text.ts';

const LETTERS: Readonly<Record<ElementPolicy, Letters | undefined>> = {
  refuse: undefined,
  drop: undefined,
  blank: undefined,
  pass: 'pass',
  replace: 'replace',
};

/**
 * The codec of one element under its policy. An element that is not as it should be is stepped over and counts as
 * absent; where not even its length can be read, nothing behind it can be found, and the message is refused as ever.
 */
export function tolerantCodec(
  field: Field,
  path: string,
  strictness: Strictness,
  policy: ElementPolicy,
  onDropped: Tolerance['onDropped'],
): FieldCodec {
  const codec = fieldCodec(field, path, strictness, LETTERS[policy]);
  if (policy === 'refuse') return codec;
  return {
    ...codec,
    read(cursor) {
      const at = cursor.at;
      try {
        return codec.read(cursor);
      } catch (error) {
        if (!(error instanceof IsoError)) throw error;
        cursor.at = at;
        codec.skip(cursor);
        if (policy === 'blank' && !isBlank(cursor.bytes.subarray(at, cursor.at))) throw error;
        onDropped?.(path, error);
        return undefined;
      }
    },
  };
}

const BLANK = 0x20;

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === BLANK);
}
