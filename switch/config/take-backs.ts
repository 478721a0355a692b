// How long what is taken back is waited for, remembered and repeated. Each number ends something that had no end: a
// void that may yet be reversed, a reversal whose original never comes, a terminal that repeats for ever.

import { type Static, Type } from 'typebox';

const Milliseconds = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

export const TakeBackSettings = Type.Object(
  {
    /** How long the network is not told of a void yet, since its reversal may follow it. */
    voidWaitMs: Type.Optional(Milliseconds(0, 60_000)),
    /** How long a reversal is remembered that came before its original, or without one. */
    rememberMs: Type.Optional(Milliseconds(60_000, 7 * 86_400_000)),
    /** How often a reversal is refused; the next time it is acknowledged, and a case opens. */
    maxRefusals: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  },
  { additionalProperties: false },
);
export type TakeBackSettings = Static<typeof TakeBackSettings>;

const TAKE_BACK_DEFAULTS: Required<TakeBackSettings> = {
  voidWaitMs: 5_000,
  rememberMs: 86_400_000,
  maxRefusals: 10,
};

export function takeBackRules(settings: {
  readonly takeBacks?: TakeBackSettings;
}): Required<TakeBackSettings> {
  return { ...TAKE_BACK_DEFAULTS, ...settings.takeBacks };
}
