import type { Field, Part } from '../dialect.ts';

/**
 * A French-style acceptor dialect of our own, to exercise typed sub-elements. It is NOT CB2A, whose field list is not
 * public: put the real table here under your agreement with the scheme.
 */
function typed<const N extends string, const T extends string>(tag: T, name: N, max: number) {
  return { tag, name, content: 'ans', encoding: 'ascii', length: { rest: max } } as const satisfies Part;
}

/** A type of four digits, a length of two digits, the value. Unknown types are kept byte for byte. */
const typedElements = {
  kind: 'tagged',
  tag: { encoding: 'ascii', characters: 4 },
  length: { prefix: 'ascii', width: 2 },
} as const;

function typedField<const N extends string, const P extends Record<string, Part>>(name: N, parts: P) {
  return {
    name,
    content: 'b',
    encoding: 'binary',
    length: { prefix: 'ascii', width: 3, max: 999 },
    composition: typedElements,
    parts,
  } as const satisfies Field;
}

export const cb2aLikeFields = {
  44: typedField('Additional response data', {
    reason: typed('0001', 'Reason for the answer', 4),
    label: typed('0002', 'Label to display', 40),
  }),
  47: typedField('Additional data, national', {
    contract: typed('0001', 'Merchant contract', 10),
    siret: typed('0002', 'SIRET of the outlet', 14),
    logicalTerminal: typed('0003', 'Logical terminal', 3),
  }),
  59: typedField('National data', {
    brandChosen: typed('0001', 'Brand chosen by the cardholder', 2),
    application: typed('0002', 'Application identifier of the card', 32),
    authentication: typed('0003', 'Cardholder authentication', 2),
    electronicCommerce: typed('0004', 'Electronic commerce indicator', 2),
  }),
} as const satisfies Record<number, Field>;
