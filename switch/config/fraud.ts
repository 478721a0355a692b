/**
 * Rules of fraud as data: what is counted of whom, from when on it is too much, and what is done then. A rule asks for
 * one or more checks and fires where all of them do. docs/fraud.md says what each check looks at. A language of its own
 * for conditions was rejected: nobody could say what a rule costs, and a wrong one would be found by a customer.
 */
import { type Static, Type } from 'typebox';
import { DAY_MS } from '../../runtime/index.ts';

const Digits = (min: number, max: number) => Type.String({ pattern: `^[0-9]{${min},${max}}$` });
const oneOf = <const Word extends string>(...words: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(words.map((word) => Type.Literal(word))));

const LONGEST_MS = 31 * DAY_MS;
const MOST_COUNTED = 1_000_000;
const MOST_MINOR_UNITS = 999_999_999_999;
const Within = Type.Integer({ minimum: 1_000, maximum: LONGEST_MS });
const MinorUnits = Type.Integer({ minimum: 1, maximum: MOST_MINOR_UNITS });
const Currency = Digits(3, 3);

/** By what payments are told apart. */
export const SUBJECTS = [
  ...(['card', 'terminal', 'merchant', 'address', 'range'] as const),
  ...(['amount', 'receipt', 'consumer', 'supplier'] as const),
] as const;
/** What is counted: a request, how its network leg ended, and how its proof did. */
export const EVENTS = ['asked', 'approved', 'declined', 'wrong-pin', 'proven', 'proof-failed'] as const;
const ACTIONS = ['monitor', 'flag', 'review', 'block'] as const;
const FORKED_KINDS = [
  ...(['purchase', 'cash', 'cashback', 'pre-authorisation'] as const),
  ...(['account-verification', 'refund', 'balance'] as const),
] as const;

const Subject = oneOf(...SUBJECTS);
const Event = oneOf(...EVENTS);
const Action = oneOf(...ACTIONS);
const Kind = oneOf(...FORKED_KINDS);
const closed = { additionalProperties: false };

/** More than so many of an event, of the same subjects, within a while. */
const Velocity = Type.Object(
  {
    check: Type.Literal('velocity'),
    by: Type.Array(Subject, { minItems: 1, maxItems: 3 }),
    of: Event,
    withinMs: Within,
    moreThan: Type.Integer({ minimum: 0, maximum: MOST_COUNTED }),
    /** Of `declined`: only with these codes (DE39). */
    codes: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9A-Z]{2}$' }), { minItems: 1, maxItems: 64 }),
    ),
    /** Only what asks for no more than that. */
    minorUnitsAtMost: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_MINOR_UNITS })),
  },
  closed,
);

/** More money than that, of the same subjects, within a while. */
const Total = Type.Object(
  {
    check: Type.Literal('total'),
    by: Type.Array(Subject, { minItems: 1, maxItems: 3 }),
    of: Event,
    withinMs: Within,
    currency: Currency,
    moreThanMinorUnits: MinorUnits,
  },
  closed,
);

/** More different values of one subject than that, at another. */
const Distinct = Type.Object(
  {
    check: Type.Literal('distinct'),
    by: Subject,
    what: Subject,
    of: Event,
    withinMs: Within,
    moreThan: Type.Integer({ minimum: 1, maximum: 63 }),
  },
  closed,
);

const Amount = Type.Object(
  { check: Type.Literal('amount'), currency: Currency, moreThanMinorUnits: MinorUnits },
  closed,
);

/** So many times the card's own mean, once so many payments of it are known. */
const Outlier = Type.Object(
  {
    check: Type.Literal('outlier'),
    times: Type.Number({ minimum: 1.1, maximum: 1_000 }),
    from: Type.Integer({ minimum: 2, maximum: 1_000 }),
  },
  closed,
);

/** The card is read in another region than a while before. */
const Travel = Type.Object({ check: Type.Literal('travel'), withinMs: Within }, closed);

/** How unlike the card's earlier payments it is, 0 to 1. */
const Behaviour = Type.Object(
  { check: Type.Literal('behaviour'), moreThan: Type.Number({ minimum: 0, maximum: 1 }) },
  closed,
);

/** How much of a merchant's proofs name one supplier, and come from few consumers, 0 to 1. */
const Collusion = Type.Object(
  {
    check: Type.Literal('collusion'),
    withinMs: Within,
    from: Type.Integer({ minimum: 2, maximum: 10_000 }),
    moreThan: Type.Number({ minimum: 0, maximum: 1 }),
  },
  closed,
);

const Luhn = Type.Object({ check: Type.Literal('luhn') }, closed);
const Expiry = Type.Object({ check: Type.Literal('expiry') }, closed);

/** Which payments a rule counts and judges; what is absent is any. */
const Scope = Type.Object(
  {
    kinds: Type.Optional(Type.Array(Kind, { minItems: 1, maxItems: FORKED_KINDS.length })),
    merchants: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 15 }), { maxItems: 10_000 })),
    /** Leading digits of the PAN, six at most; both ends have the same length. */
    ranges: Type.Optional(
      Type.Array(Type.Object({ from: Digits(1, 6), to: Digits(1, 6) }, closed), { maxItems: 1_000 }),
    ),
    profiles: Type.Optional(Type.Array(oneOf('visa', 'mastercard', 'iso87'), { minItems: 1, maxItems: 3 })),
    card: Type.Optional(oneOf('present', 'absent')),
    /** Refunds that name no original. */
    untied: Type.Optional(Type.Literal(true)),
  },
  closed,
);

const FraudRule = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Z0-9][A-Z0-9-]{0,31}$' }),
    description: Type.String({ minLength: 1, maxLength: 200 }),
    severity: oneOf('low', 'medium', 'high', 'critical'),
    action: Action,
    /** It is judged and journalled, and never acts. */
    shadow: Type.Optional(Type.Boolean()),
    scope: Type.Optional(Scope),
    checks: Type.Array(
      Type.Union([Velocity, Total, Distinct, Amount, Outlier, Travel, Behaviour, Collusion, Luhn, Expiry]),
      { minItems: 1, maxItems: 4 },
    ),
  },
  closed,
);

export const FraudSettings = Type.Object(
  {
    /** `monitor`: everything is judged and journalled, and nothing is done; `enforce`: rules act. */
    mode: oneOf('monitor', 'enforce'),
    /** DE39 of what a rule blocks; 59 where absent. */
    refusalCode: Type.Optional(oneOf('05', '59')),
    /** In the place of those that are built in (switch/fraud/catalogue.ts). */
    rules: Type.Optional(Type.Array(FraudRule, { maxItems: 256 })),
    /** Another action for single rules, by their id; `off` takes one out. */
    actions: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Z0-9][A-Z0-9-]{0,31}$' }), oneOf(...ACTIONS, 'off')),
    ),
    /** Cards, terminals and the like that each counter remembers; 50,000 where absent. */
    keysPerCounter: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 1_000_000 })),
    /** How much of the journal a node reads as it starts; a day where absent. */
    lookBackMs: Type.Optional(Type.Integer({ minimum: 60_000, maximum: LONGEST_MS })),
  },
  closed,
);

export type FraudSettings = Static<typeof FraudSettings>;
export type FraudRule = Static<typeof FraudRule>;
export type FraudScope = Static<typeof Scope>;
export type FraudCheck = FraudRule['checks'][number];
export type CheckName = FraudCheck['check'];
export type CheckOf<Name extends CheckName> = Extract<FraudCheck, { readonly check: Name }>;
export type FraudSubject = (typeof SUBJECTS)[number];
export type FraudEvent = (typeof EVENTS)[number];
