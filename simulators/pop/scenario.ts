import Type, { type Static } from 'typebox';
import { checker } from '../common/check.ts';
import type { ScenarioRule } from '../common/scenario.ts';

const ms = Type.Integer({ minimum: 0, maximum: 600_000 });
const lost = Type.Optional(Type.Union([Type.Literal('request'), Type.Literal('answer')]));
const strict = { additionalProperties: false };
type Plain = 'accept' | 'validate' | 'reject' | 'reject-later' | 'expire' | 'garbage' | 'absent' | 'partial';
const plain = <Action extends Plain>(action: Action) => Type.Object({ action: Type.Literal(action) }, strict);

const scenario = Type.Union([
  plain('accept'),
  plain('validate'),
  plain('reject'),
  plain('reject-later'),
  plain('expire'),
  plain('garbage'),
  plain('absent'),
  plain('partial'),
  Type.Object({ action: Type.Literal('delay'), ms }, strict),
  Type.Object({ action: Type.Literal('late'), ms }, strict),
  Type.Object({ action: Type.Literal('silence'), lost }, strict),
  Type.Object({ action: Type.Literal('drop'), lost }, strict),
  Type.Object({ action: Type.Literal('error'), lost }, strict),
]);

/**
 * How the service behaves. `validate`, `reject`, `reject-later` and `expire` are fates of a new validation;
 * the others happen on the wire: `delay` acts and answers after `ms`, `late` acts at once and answers after
 * `ms`; `silence`, `drop` and `error` (500) lose the answer after acting, or the request before acting. `absent` and
 * `partial` are about the query of a set: the service does not know it (404), or leaves out every other answer and
 * turns the order round.
 */
export type PopScenario = Static<typeof scenario>;
export type PopMessageKind = 'initiate' | 'query' | 'query-set' | 'cancel';

const rule = Type.Object(
  {
    on: Type.Optional(
      Type.Union([
        Type.Literal('initiate'),
        Type.Literal('query'),
        Type.Literal('query-set'),
        Type.Literal('cancel'),
      ]),
    ),
    consumer: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    next: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    scenario,
  },
  strict,
);

/** The body of `POST /scenarios`: by default about `initiate`. `consumer` has no meaning for a query. */
export type PopRule = Static<typeof rule>;

const checkRule = checker(rule);

export function popRule(body: unknown): ScenarioRule<PopMessageKind, PopScenario> {
  const { on = 'initiate', consumer, next, scenario } = checkRule(body);
  return {
    on,
    scenario,
    ...(consumer === undefined ? {} : { subject: { label: consumer, key: consumer } }),
    ...(next === undefined ? {} : { next }),
  };
}
