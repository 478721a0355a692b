import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { SimulatorError } from '../errors.ts';

/**
 * A checker of outside JSON that gives it its type.
 * @throws {SimulatorError} SIM_HTTP_BODY_INVALID with the path of the value and the reason, never the value
 */
export function checker<S extends TSchema>(schema: S): (value: unknown) => Static<S> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return value;
    const first = compiled.Errors(value)[0];
    const path = `/${(first?.instancePath ?? '').slice(1, 200)}`;
    throw new SimulatorError('SIM_HTTP_BODY_INVALID', { path, reason: first?.message ?? 'is not valid' });
  };
}
