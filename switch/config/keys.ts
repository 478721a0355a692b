import { type Static, Type } from 'typebox';
import { HOUR_MS } from '../../runtime/index.ts';

/** How long keys live that are changed while the switch runs. */
export const KeyLife = Type.Object({
  /** For how long the keys before new ones are still good. */
  overlapMs: Type.Integer({ minimum: 1_000, maximum: 604_800_000 }),
  /** For how long a terminal may take to use or confirm what it was given; then it gets others. */
  pendingMs: Type.Integer({ minimum: 1_000, maximum: 604_800_000 }),
});

export type KeyLife = Static<typeof KeyLife>;

/** Where the settings say nothing. */
export const DEFAULT_KEY_LIFE: KeyLife = { overlapMs: HOUR_MS, pendingMs: 24 * HOUR_MS };
