import { type Static, Type } from 'typebox';

const Time = Type.String({ description: 'RFC 3339, UTC' });
const Scenario = Type.Union([
  Type.Literal('network-failure'),
  Type.Literal('blockchain-failure'),
  Type.Literal('timeout'),
  Type.Literal('inconsistency'),
]);

const MODE_PATTERN = '^(network-degraded:[a-z0-9-]{1,32}|pop-degraded|journal-degraded|hsm-degraded)$';

/** The latest change of a mode: by an operator for all nodes, or by the trend of one node. */
export const DegradedModeView = Type.Object({
  position: Type.Integer(),
  mode: Type.String(),
  open: Type.Boolean(),
  /** Absent where an operator changed it, for all nodes. */
  node: Type.Optional(Type.String()),
  by: Type.String(),
  why: Type.String(),
  since: Time,
});
export type DegradedModeView = Static<typeof DegradedModeView>;

/** Who does it and why: there is no sign-in yet, so they say so themselves. */
const said = {
  by: Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\x00-\\x1f]+$' }),
  why: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\x00-\\x1f]+$' }),
};

export const DegradedModeChange = Type.Object(
  { mode: Type.String({ pattern: MODE_PATTERN }), open: Type.Boolean(), ...said },
  { additionalProperties: false },
);
export type DegradedModeChange = Static<typeof DegradedModeChange>;

export const ReplayRequest = Type.Object(said, { additionalProperties: false });
export type ReplayRequest = Static<typeof ReplayRequest>;

export const ParkedFollowUpView = Type.Object({
  position: Type.Integer(),
  transaction: Type.String(),
  lane: Type.String(),
  task: Type.String(),
  /** The attempt that ended in parking. */
  attempt: Type.Integer(),
  reason: Type.String(),
  parkedAt: Time,
});
export type ParkedFollowUpView = Static<typeof ParkedFollowUpView>;

export const AlertView = Type.Object({
  position: Type.Integer(),
  raisedAt: Time,
  kind: Type.String(),
  /** The runbook of docs/fallback.md that helps. */
  scenario: Type.Optional(Scenario),
  subject: Type.String(),
  summary: Type.String(),
  transaction: Type.Optional(Type.String()),
  /** How often it was raised while it was open, and when last. */
  count: Type.Integer(),
  lastAt: Time,
  /** Absent while it is open. */
  closedAt: Type.Optional(Time),
  closedBy: Type.Optional(Type.String()),
  acknowledgedAt: Type.Optional(Time),
  acknowledgedBy: Type.Optional(Type.String()),
  note: Type.Optional(Type.String()),
  /** Of the payments that it is about, as they were asked for. */
  amounts: Type.Array(Type.Object({ currency: Type.String(), minorUnits: Type.Integer() })),
  /** What to do about it. */
  action: Type.String(),
});
export type AlertView = Static<typeof AlertView>;
