import { type Static, Type } from 'typebox';

const Digits = (min: number, max: number) => Type.String({ pattern: `^[0-9]{${min},${max}}$` });
const MinorUnits = Type.Integer({ minimum: 1, maximum: 999_999_999_999 });
/** Where a digit stands in the track's discretionary data, from 0. */
const Position = Type.Integer({ minimum: 0, maximum: 16 });

const Limit = {
  /** ISO 4217, numeric. What has no row is not stood in for. */
  currency: Digits(3, 3),
  count: Type.Integer({ minimum: 1, maximum: 10_000 }),
  minorUnits: MinorUnits,
};

/** What a merchant lets the switch approve by itself while the network is unreachable. */
export const MerchantStandIn = Type.Array(
  Type.Object({
    ...Limit,
    /** The largest purchase. */
    floorMinorUnits: MinorUnits,
  }),
  { maxItems: 16 },
);

/** How a PIN is checked without the issuer: what the issuer wrote on the track, and the key it did so with. */
const PinVerification = Type.Union([
  Type.Object({
    method: Type.Literal('pvv'),
    key: Type.String({ minLength: 1 }),
    keyIndexAt: Position,
    valueAt: Position,
  }),
  Type.Object({
    method: Type.Literal('ibm-3624'),
    key: Type.String({ minLength: 1 }),
    offsetAt: Position,
    offsetLength: Type.Integer({ minimum: 4, maximum: 12 }),
    /** Which digits of the PAN are validated, and how they become digits of a PIN. */
    start: Type.Integer({ minimum: 0, maximum: 18 }),
    length: Type.Integer({ minimum: 1, maximum: 16 }),
    pad: Type.String({ pattern: '^[0-9A-Fa-f]$' }),
    table: Digits(16, 16),
  }),
]);

const IssuerStandIn = Type.Object({
  /** Inclusive range of leading digits of the PAN; both ends have the same length. */
  from: Digits(1, 8),
  to: Digits(1, 8),
  /** Cards of which no element says when they expire: refused, which is the default, or stood in for. */
  withoutExpiry: Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('accept')])),
  /** Per card and day, over all merchants. */
  perCardDay: Type.Array(Type.Object(Limit), { maxItems: 16 }),
  /** With it the track's CVV must be there and right. */
  cvv: Type.Optional(Type.Object({ key: Type.String({ minLength: 1 }), valueAt: Position })),
  /** Without it nothing with a PIN is stood in for. */
  pin: Type.Optional(PinVerification),
  /** PINs that are verified per card and day, right or wrong. */
  pinTriesPerCardDay: Type.Integer({ minimum: 1, maximum: 100 }),
});

export const StandInSettings = Type.Object({
  /** Cards whose issuer agreed to it; the longest range that fits rules. */
  issuers: Type.Array(IssuerStandIn, { maxItems: 10_000 }),
  /** Card references (keyed hash of the PAN, hexadecimal) that are never stood in for. */
  negativeList: Type.Array(Type.String({ pattern: '^[0-9a-f]{16,64}$' }), { maxItems: 1_000_000 }),
});

export type StandInSettings = Static<typeof StandInSettings>;
export type IssuerStandIn = Static<typeof IssuerStandIn>;
export type MerchantStandIn = Static<typeof MerchantStandIn>;
