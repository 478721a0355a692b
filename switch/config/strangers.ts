import { type Static, Type } from 'typebox';

const between = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/**
 * What an address is granted for peers that have not proven themselves yet: no right MAC, no client certificate.
 * docs/admission.md says what follows from each. A limit on all that comes from an address was rejected: behind one
 * address there may be a thousand terminals, and whoever floods from it must not cost them anything.
 */
export const StrangerSettings = Type.Object(
  {
    /** Connections of one address that have proven nothing; the oldest gives way to the next. */
    connectionsPerAddress: between(1, 100_000),
    /** Messages of one address whose proof failed: so many at once, and then so many a second. */
    proofsAtOnce: between(1, 100_000),
    proofsPerSecond: between(1, 100_000),
    /** Wrong MACs in a row after which a connection that never had a right one is closed. */
    wrongMacsPerConnection: between(1, 10_000),
    /** TLS handshakes of one address that proved nobody: so many at once, and then so many a second. */
    handshakesAtOnce: between(1, 10_000),
    handshakesPerSecond: between(1, 10_000),
  },
  { additionalProperties: false },
);

export type StrangerSettings = Static<typeof StrangerSettings>;

/** What holds where the settings say nothing. */
export const DEFAULT_STRANGERS: StrangerSettings = {
  connectionsPerAddress: 2_048,
  proofsAtOnce: 256,
  proofsPerSecond: 100,
  wrongMacsPerConnection: 10,
  handshakesAtOnce: 128,
  handshakesPerSecond: 100,
};
