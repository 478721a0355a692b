// The settings of a retry: how soon, how often, after which answers. `switch/follow-up/retry-policy.ts` applies them.
// Every strategy ends: after its last attempt a follow-up is parked where people see it. Endless retries were rejected:
// nobody would ever look.

import { type Static, Type } from 'typebox';

/** When and how often a task is tried again. */
const strategy = {
  /** From the first attempt to the second. */
  firstDelayMs: Type.Integer({ minimum: 10, maximum: 60_000 }),
  /** By which each delay is longer than the one before; 1.5 where absent. */
  factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10 })),
  maxDelayMs: Type.Integer({ minimum: 100, maximum: 3_600_000 }),
  /** The share by which a delay may be longer or shorter, by chance; 0.1 where absent. */
  jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 0.5 })),
  /** After the last one people must look. */
  maxAttempts: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  /** Answers of a counterpart (DE39, or an HTTP status) after which the same may well succeed later. */
  retryableCodes: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9A-Z]{2,3}$' }), { maxItems: 64 })),
};

export const RetryStrategy = Type.Object(strategy);
export type RetryStrategy = Static<typeof RetryStrategy>;

/** What of a strategy is another for one task. */
export const RetryOverrides = Type.Partial(RetryStrategy);
export type RetryOverrides = Static<typeof RetryOverrides>;
