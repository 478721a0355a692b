import { type Static, Type } from 'typebox';

/** What a node keeps of its own writes, in case a fail-over loses them. Defaults are in `OWN_COPY_DEFAULTS`. */
export const OwnCopySettings = Type.Object(
  {
    /** Each process has a folder of its own in it. */
    folder: Type.Optional(Type.String({ minLength: 1, maxLength: 4_096 })),
    /** How far back it reaches: longer than a standby may lag, and than a fail-over may take. */
    keepMs: Type.Optional(Type.Integer({ minimum: 10_000, maximum: 604_800_000 })),
    /** It reaches less far back where it would need more. */
    maxMegabytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_048_576 })),
  },
  { additionalProperties: false },
);

export type OwnCopySettings = Static<typeof OwnCopySettings>;

export const OWN_COPY_DEFAULTS = { keepMs: 3_600_000, maxMegabytes: 512 } as const;
