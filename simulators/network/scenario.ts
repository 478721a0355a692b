import Type, { type Static } from 'typebox';
import type { CardReference } from '../common/card.ts';
import { checker } from '../common/check.ts';
import type { ScenarioRule } from '../common/scenario.ts';

const ms = Type.Integer({ minimum: 0, maximum: 600_000 });
const lost = Type.Optional(Type.Union([Type.Literal('request'), Type.Literal('answer')]));
const strict = { additionalProperties: false };
const plain = (action: 'approve' | 'duplicate' | 'wrong-stan' | 'garbage') =>
  Type.Object({ action: Type.Literal(action) }, strict);

const scenario = Type.Union([
  plain('approve'),
  plain('duplicate'),
  plain('wrong-stan'),
  plain('garbage'),
  Type.Object({ action: Type.Literal('decline'), code: Type.String({ pattern: '^[0-9A-Z]{2}$' }) }, strict),
  Type.Object({ action: Type.Literal('amount-decides') }, strict),
  Type.Object(
    {
      action: Type.Literal('partial'),
      percent: Type.Optional(Type.Integer({ minimum: 1, maximum: 99 })),
    },
    strict,
  ),
  Type.Object({ action: Type.Literal('delay'), ms }, strict),
  Type.Object({ action: Type.Literal('late'), ms }, strict),
  Type.Object({ action: Type.Literal('silence'), lost }, strict),
  Type.Object({ action: Type.Literal('drop'), lost }, strict),
]);

/**
 * How the host treats a message. `decline` answers with the code and has no effect; `amount-decides` takes the
 * last two digits of DE4 as the code; `partial` approves so many percent (default 50) of what is to be taken or
 * held, with 10. `delay` acts and answers after `ms`; `late` acts at once and answers after
 * `ms`. `silence` and `drop` lose the answer after the effect (default), or the request before it.
 */
export type NetworkScenario = Static<typeof scenario>;
export type NetworkMessageKind = 'authorisation' | 'advice' | 'reversal' | 'network';

const rule = Type.Object(
  {
    on: Type.Optional(
      Type.Union([
        Type.Literal('authorisation'),
        Type.Literal('advice'),
        Type.Literal('reversal'),
        Type.Literal('network'),
      ]),
    ),
    card: Type.Optional(Type.String({ pattern: '^[0-9]{12,19}$' })),
    next: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    scenario,
  },
  strict,
);

/** The body of `POST /scenarios`: by default about authorisations. `card` is a PAN, kept as its reference only. */
export type NetworkRule = Static<typeof rule>;

const checkRule = checker(rule);

export function networkRule(body: unknown, nameCard: (pan: string) => CardReference) {
  const { on = 'authorisation', card, next, scenario } = checkRule(body);
  const named: ScenarioRule<NetworkMessageKind, NetworkScenario> = {
    on,
    scenario,
    ...(card === undefined ? {} : { subject: cardSubject(nameCard(card)) }),
    ...(next === undefined ? {} : { next }),
  };
  return named;
}

/** The published test cards that do not simply approve. */
export function testCardRules(nameCard: (pan: string) => CardReference) {
  const rules: ScenarioRule<NetworkMessageKind, NetworkScenario>[] = [
    {
      on: 'authorisation',
      subject: cardSubject(nameCard('4000000000000002')),
      scenario: { action: 'decline', code: '05' },
    },
    {
      on: 'authorisation',
      subject: cardSubject(nameCard('4000000000000036')),
      scenario: { action: 'silence' },
    },
  ];
  return rules;
}

function cardSubject(card: CardReference) {
  return { label: card.masked, key: card.reference };
}
