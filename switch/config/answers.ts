// What a network's answers are like, where it is not as its profile says. The tables of the profiles are compiled from
// public lists: who has the network's own specification puts here what differs.

import { type Static, Type } from 'typebox';

const Code = Type.String({ pattern: '^[0-9A-Z]{2}$' });
const Digits = Type.String({ pattern: '^[0-9]{4,12}$' });

const CodeMeaning = Type.Union([
  Type.Literal('approved'),
  Type.Literal('approved-in-part'),
  Type.Literal('approved-but-identify'),
  Type.Literal('approved-without-cash'),
  Type.Literal('wait'),
  Type.Literal('refused'),
  Type.Literal('soft-decline'),
]);

const ReversalMeaning = Type.Union([
  Type.Literal('reversed'),
  Type.Literal('already-reversed'),
  Type.Literal('repeat-known'),
  Type.Literal('not-found'),
  Type.Literal('try-again'),
  Type.Literal('refused'),
]);

/** By DE39. */
const table = <M extends typeof CodeMeaning | typeof ReversalMeaning>(meaning: M) =>
  Type.Record(Code, meaning, { additionalProperties: false });

export const NetworkAnswers = Type.Object(
  {
    /** Whose table of codes it follows; absent: that of its profile. */
    codes: Type.Optional(
      Type.Union([Type.Literal('plain'), Type.Literal('visa'), Type.Literal('mastercard')]),
    ),
    /** Of authorisations: what a code means, for every service. */
    authorisation: Type.Optional(table(CodeMeaning)),
    /** Of reversals; what is in no table is a refusal. */
    reversal: Type.Optional(table(ReversalMeaning)),
    /** After how long the network gives up an authorisation itself, in milliseconds. */
    timeOutMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 3_600_000 })),
    /** How often a reversal is sent again that finds nothing of a leg whose outcome nobody knows. */
    notFoundRepeats: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    /** The same, of a leg whose approval was seen, before people look. */
    notFoundRepeatsOfSeen: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    /** What must agree in an answer, where it is there; absent: all three. */
    compares: Type.Optional(
      Type.Array(Type.Union([Type.Literal('amount'), Type.Literal('currency'), Type.Literal('card')]), {
        maxItems: 3,
      }),
    ),
    /** Ranges of leading digits that are tokens: the network may answer with the card behind one. */
    tokens: Type.Optional(Type.Array(Type.Object({ from: Digits, to: Digits }), { maxItems: 1_000 })),
    /**
     * The elements that every answer to a payment, reversal or advice repeats (de11 among them), where they are others
     * than those of its profile.
     */
    matchedBy: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Literal('de7'),
          Type.Literal('de11'),
          Type.Literal('de32'),
          Type.Literal('de37'),
          Type.Literal('de41'),
          Type.Literal('de42'),
        ]),
        { minItems: 1, maxItems: 6, uniqueItems: true },
      ),
    ),
  },
  { additionalProperties: false },
);

export type NetworkAnswers = Static<typeof NetworkAnswers>;
