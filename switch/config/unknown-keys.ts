import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

interface Shape {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly anyOf?: readonly TSchema[];
}

/**
 * Keys that a schema does not know, at any depth, each by its path: a misspelt one leaves its default in force without
 * a word. Records, whose keys are names of somebody's choice, are passed over.
 */
export function* unknownKeys(schema: TSchema & Shape, value: unknown, path = ''): Generator<string> {
  if (schema.anyOf) {
    const chosen = schema.anyOf.find((alternative) => Value.Check(alternative, value));
    if (chosen) yield* unknownKeys(chosen, value, path);
    return;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) {
      for (const [index, item] of value.entries()) yield* unknownKeys(items, item, `${path}/${index}`);
    }
    return;
  }
  if (typeof value !== 'object' || value === null || !schema.properties) return;
  for (const [key, inner] of Object.entries(value)) {
    const known = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (known) yield* unknownKeys(known, inner, `${path}/${key}`);
    else yield `${path}/${key}: no such key`;
  }
}
