import type { Filler } from './cursor.ts';
import type { Dialect, Field } from './dialect.ts';
import { IsoError } from './errors.ts';
import type { FieldCodec } from './fields/codecs.ts';
import { fieldCodec } from './fields/field.ts';
import type { Strictness } from './strictness.ts';

/**
 * Fillers of odd numbers that came otherwise than the dialect writes them, by the message that had them: packed again,
 * it gives the same bytes. The value itself cannot say it, being the digits alone. It is kept for the fields of a
 * message, and not for the parts inside them. A message that is built or copied is written as the dialect says.
 */
export class FillersAsTheyCame {
  readonly #dialect: Dialect;
  readonly #strictness: Strictness;
  readonly #byMessage = new WeakMap<object, ReadonlyMap<string, Filler>>();
  readonly #codecs = new Map<string, FieldCodec>();
  /** Most codecs never meet any: packing asks no map then. */
  #any = false;

  constructor(dialect: Dialect, strictness: Strictness) {
    this.#dialect = dialect;
    this.#strictness = strictness;
  }

  keep(message: object, fillers: ReadonlyMap<string, Filler>): void {
    this.#byMessage.set(message, fillers);
    this.#any = true;
  }

  has(message: object): boolean {
    return this.#any && this.#byMessage.has(message);
  }

  /** The codec that writes a field as it came in this message; undefined where it came as the dialect says. */
  codecOf(message: object, number: number): FieldCodec | undefined {
    const filler = this.#any ? this.#byMessage.get(message)?.get(`DE${number}`) : undefined;
    const field = this.#dialect.fields[number];
    if (!filler || !field) return undefined;
    const key = `${number} ${filler.side} ${filler.with}`;
    const known = this.#codecs.get(key);
    if (known) return known;
    const made = fieldCodec({ ...field, pad: filler }, `DE${number}`, this.#strictness);
    this.#codecs.set(key, made);
    return made;
  }
}

/**
 * A dialect that fills up odd BCD numbers with another nibble, on the side that each field has; its own is still read.
 * @throws {IsoError} ISO_VALUE where it is no nibble
 */
export function withOddFiller(dialect: Dialect, nibble: string): Dialect {
  const filler = nibble.toUpperCase();
  if (!/^[0-9A-F]$/.test(filler)) {
    throw new IsoError('ISO_VALUE', {
      path: 'odd filler',
      expected: 'a nibble from 0 to F',
      found: `${nibble.length} characters`,
    });
  }
  return { ...dialect, fields: refilled(dialect.fields, filler) };
}

function refilled<F extends Field>(fields: Readonly<Record<string, F>>, filler: string): Record<string, F> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, refill(field, filler)]));
}

function refill<F extends Field>(field: F, filler: string): F {
  if (field.parts) return { ...field, parts: refilled(field.parts, filler) };
  if (field.encoding !== 'bcd') return field;
  const { side, with: usual, also } = field.pad ?? ({ side: 'left', with: '0' } as const);
  return {
    ...field,
    pad: { side, with: filler, also: { ...also, [side]: `${also?.[side] ?? ''}${usual}` } },
  };
}
