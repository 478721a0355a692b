import { type Static, Type } from 'typebox';

/** How the ends of the journal's hash chain are signed and published. Defaults are in `AUDIT_DEFAULTS`. */
export const AuditSettings = Type.Object(
  {
    /** Created where it is missing. Better on another machine's disk, or copied there: see docs/audit.md. */
    headsFolder: Type.Optional(Type.String({ minLength: 1, maxLength: 4_096 })),
    /** A key pair on the HSM's token. */
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** A head is due after so long, or so many entries, whichever comes first. */
    everyMs: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 3_600_000 })),
    everyEntries: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** How long entries may wait for a head before that is an alarm. */
    lateAfterMs: Type.Optional(Type.Integer({ minimum: 2_000, maximum: 86_400_000 })),
  },
  { additionalProperties: false },
);

export type AuditSettings = Static<typeof AuditSettings>;

export const AUDIT_DEFAULTS = {
  key: 'AUDIT/1',
  everyMs: 10_000,
  everyEntries: 10_000,
  lateAfterMs: 60_000,
} as const;
