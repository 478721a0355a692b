import { Type } from 'typebox';

/** By element number, what becomes of an element that is not as its dialect says (docs/messages-of-terminals.md). */
export const ElementPolicies = Type.Record(
  Type.String({ pattern: '^[0-9]{1,3}$' }),
  Type.Union([Type.Literal('refuse'), Type.Literal('pass'), Type.Literal('replace'), Type.Literal('drop')]),
);
