import { type Static, Type } from 'typebox';

// What a scheme allows, where an operator has its licensed rules: whatever is named here takes the place of what is
// built in (`connectors/scheme-rules.ts`), key by key.

/** Where schemes' rules differ by it; what is not said is taken for `eea`, where they are the strictest. */
export const Region = Type.Union([Type.Literal('eea'), Type.Literal('other')]);

/** In percent, by DE18. */
const PercentByCategory = Type.Record(
  Type.String({ pattern: '^[0-9]{4}$' }),
  Type.Number({ minimum: 0, maximum: 100 }),
  { additionalProperties: false },
);
const ByRegion = Type.Object(
  { eea: Type.Optional(PercentByCategory), other: Type.Optional(PercentByCategory) },
  { additionalProperties: false },
);

const HoldRow = Type.Object(
  {
    region: Type.Optional(Region),
    categories: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9]{4}$' }), { maxItems: 1_000 })),
    isCardPresent: Type.Optional(Type.Boolean()),
    initiator: Type.Optional(Type.Union([Type.Literal('cardholder'), Type.Literal('merchant')])),
    isFinal: Type.Optional(Type.Boolean()),
    days: Type.Number({ minimum: 0.01, maximum: 365 }),
    isExtended: Type.Boolean(),
  },
  { additionalProperties: false },
);

/** What a reversal says of the payment that it takes back; a row that is not named is as built in. */
const ReversalWords = Type.Object(
  {
    amount: Type.Union([
      Type.Literal('asked'),
      Type.Literal('approved'),
      Type.Literal('captured'),
      Type.Literal('held'),
    ]),
    names: Type.Union([Type.Literal('opening'), Type.Literal('completion')]),
    zeroReplacement: Type.Boolean(),
  },
  { additionalProperties: false },
);

const Reversals = Type.Partial(
  Type.Object({
    'no-answer': ReversalWords,
    approval: ReversalWords,
    'partial-approval': ReversalWords,
    completion: ReversalWords,
    'partial-reversal': ReversalWords,
  }),
  { additionalProperties: false },
);

export const SchemeRulesSettings = Type.Partial(
  Type.Object({
    maxIncrements: Type.Integer({ minimum: 0, maximum: 999 }),
    overCompletionPercent: PercentByCategory,
    overCompletionIn: ByRegion,
    tipPercent: PercentByCategory,
    tipIn: ByRegion,
    maxCompletions: Type.Integer({ minimum: 1, maximum: 99 }),
    /** The first row that fits decides; what a row does not name may be anything. */
    holds: Type.Array(HoldRow, { minItems: 1, maxItems: 1_000 }),
    /** Whether it takes back a part (DE95). */
    partialReversal: Type.Boolean(),
    /** Whether a reversal whose DE95 is the whole amount makes stand again what was reversed. */
    reinstatement: Type.Boolean(),
    reversals: Reversals,
  }),
  { additionalProperties: false },
);
export type SchemeRulesSettings = Static<typeof SchemeRulesSettings>;
