import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { refuseCardNumbers } from './order.ts';
import { type FieldFault, Problem } from './problems.ts';
import { CardOrder, PaymentListQuery } from './schemas.ts';

// Bodies and parameters against their schemas. Fastify's own validator was rejected for what it is set to do: it turns
// "12" into 12, fills in defaults and drops what it does not know, and an amount is no place for good will. What is
// wrong is told by path and rule, never by value: the value may be a card number in the wrong place.

const MOST_FAULTS = 20;
const LONGEST_PATH = 200;

/**
 * Where a card number is asked for, it is in its place. A reference has twelve digits, one in ten of which pass for a
 * card number; no field of that query takes more.
 */
const MAY_HOLD: ReadonlySet<TSchema> = new Set<TSchema>([CardOrder, PaymentListQuery]);

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema }) => {
  const validator = Compile(schema);
  const mayHoldCardNumbers = MAY_HOLD.has(schema);
  return (data: unknown) => {
    try {
      if (!mayHoldCardNumbers) refuseCardNumbers(data);
      if (validator.Check(data)) return { value: data };
      return { error: new Problem('GW_FIELD', { faults: faultsOf(validator.Errors(data)) }) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Problem('GW_INTERNAL') };
    }
  };
};

interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

function faultsOf(errors: readonly Fault[]): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const { keyword, instancePath, params, message } of errors) {
    if (keyword === 'boolean' || keyword === 'const') continue; // said again, by the rest
    const named = (params as { requiredProperties?: string[] }).requiredProperties;
    const strange = (params as { additionalProperties?: string[] }).additionalProperties;
    if (named) faults.push(...named.map((name) => fault(`${instancePath}/${name}`, 'is missing')));
    else if (strange) faults.push(...strange.map((name) => fault(`${instancePath}/${name}`, 'is not known')));
    else faults.push(fault(instancePath, keyword === 'anyOf' ? 'is none of its values' : message));
  }
  return faults.slice(0, MOST_FAULTS);
}

/** A field's name is the sender's: it is cut short, and none that is a row of digits is repeated. */
function fault(path: string, message: string): FieldFault {
  const shown = path.replaceAll(/[0-9][0-9 -]{10,}[0-9]/g, '…').slice(0, LONGEST_PATH);
  return { path: shown, message };
}
