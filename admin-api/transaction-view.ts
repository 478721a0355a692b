import { type Static, Type } from 'typebox';

/**
 * One transaction as operators see it. The card is masked: the full number is not in the journal's readable part,
 * and a serialiser built from this schema drops whatever it does not name.
 */
export const TransactionView = Type.Object({
  id: Type.String({ format: 'uuid' }),
  kind: Type.String(),
  /** When the intention was written: RFC 3339, UTC. */
  receivedAt: Type.String(),
  listener: Type.String(),
  terminal: Type.String(),
  merchant: Type.String(),
  maskedPan: Type.String(),
  amount: Type.Object({ minorUnits: Type.Integer(), currency: Type.String() }),
  stan: Type.String(),
  rrn: Type.String(),
  legs: Type.Object({
    network: Type.Object({
      name: Type.String(),
      state: Type.String(),
      code: Type.Optional(Type.String()),
      /** DE11 and DE37 as the network knows them; `stan` and `rrn` above are the terminal's. */
      stan: Type.String(),
      rrn: Type.String(),
    }),
    pop: Type.Object({ state: Type.String(), validation: Type.Optional(Type.String()) }),
  }),
  /** Absent while nothing is decided. */
  verdict: Type.Optional(
    Type.Object({
      approved: Type.Boolean(),
      code: Type.String(),
      approvalCode: Type.Optional(Type.String()),
      approvedMinorUnits: Type.Optional(Type.Integer()),
    }),
  ),
  followUps: Type.Array(Type.String()),
  /** What people must look at. */
  cases: Type.Array(Type.String()),
  history: Type.Array(Type.Object({ version: Type.Integer(), kind: Type.String(), at: Type.String() })),
});
export type TransactionView = Static<typeof TransactionView>;
