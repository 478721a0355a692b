import { type Static, Type } from 'typebox';
import { TOKEN_PATTERN } from '../vault/card-tokens.ts';

// The bodies of the gateway: every field with its limit, and no other field. The names are the platform's own. What is
// checked here is what the schema language can say; card numbers in the wrong place, and parties that do not fit each
// other, are looked at in `order.ts`.

const closed = { additionalProperties: false };
const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
const MerchantId = Type.String({
  pattern: '^[!-~]([ -~]{0,13}[!-~])?$',
  description: 'that of the key',
});
const Party = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$' });
const Month = Type.Integer({ minimum: 1, maximum: 12 });
const Year = Type.Integer({ minimum: 2_000, maximum: 2_099 });
/** DE4 has twelve digits. */
const Value = Type.Integer({ minimum: 1, maximum: 999_999_999_999, description: 'in minor units' });
const Currency = Type.String({
  pattern: '^([A-Z]{3}|[0-9]{3})$',
  description: 'ISO 4217, by letters or digits',
});

const Amount = Type.Object({ value: Value, currency: Currency }, closed);
/** What an order says of the proof of its purchase. */
const witness = {
  consumer_id: Type.Optional(Party),
  receipt_data: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9+/]{2,}={0,2}$',
      maxLength: 16_384,
      description: 'base64; its SHA-256 is witnessed, and the receipt itself is not kept',
    }),
  ),
  supplier_ids: Type.Optional(Type.Array(Party, { maxItems: 8 })),
};

export const PaymentOrder = Type.Object(
  {
    merchant_id: Type.Optional(MerchantId),
    amount: Amount,
    capture: Type.Optional(
      Type.Union([Type.Literal('automatic'), Type.Literal('manual')], {
        description: 'manual: the amount is set aside, and taken by a capture; automatic where absent',
      }),
    ),
    card_token: Type.String({ pattern: TOKEN_PATTERN, description: 'never a card number' }),
    card_type: Type.Optional(
      Type.String({ pattern: '^[a-z_]{1,32}$', description: 'a hint; the card itself says where it leads' }),
    ),
    card_expiry_month: Type.Optional(Month),
    card_expiry_year: Type.Optional(Year),
    ...witness,
    session_id: Type.Optional(
      Type.String({ pattern: UUID, description: 'the session that it pays, with the same amount' }),
    ),
    token_refs: Type.Optional(
      Type.Array(Party, { maxItems: 0, description: 'of the token system, which is not served yet' }),
    ),
  },
  closed,
);
export type PaymentOrder = Static<typeof PaymentOrder>;

/** All that is set aside where no amount is given. The proof is of what is captured. */
export const CaptureOrder = Type.Object({ amount: Type.Optional(Amount), ...witness }, closed);
export type CaptureOrder = Static<typeof CaptureOrder>;

/** All that stands where no amount is given. */
export const RefundOrder = Type.Object({ amount: Type.Optional(Amount) }, closed);
export type RefundOrder = Static<typeof RefundOrder>;

export const CancelOrder = Type.Object({}, closed);

export const CardOrder = Type.Object(
  {
    pan: Type.String({
      pattern: '^[0-9]{12,19}$',
      description: 'the card number; no verification value is taken',
    }),
    expiry_month: Type.Optional(Month),
    expiry_year: Type.Optional(Year),
  },
  closed,
);
export type CardOrder = Static<typeof CardOrder>;

export const PaymentParams = Type.Object({
  id: Type.String({ pattern: UUID }),
});
export const CardTokenParams = Type.Object({ token: Type.String({ pattern: TOKEN_PATTERN }) });

/**
 * The platform's words for where a payment stands. `Authorized` and `Cancelled` are ours: it had none
 * for what is set aside or taken back.
 */
const PaymentStatus = Type.Union([
  Type.Literal('Initiated'),
  Type.Literal('Authorized'),
  Type.Literal('PaymentCompleted'),
  Type.Literal('PopProcessing'),
  Type.Literal('Completed'),
  Type.Literal('Failed'),
  Type.Literal('Cancelled'),
]);
export type PaymentStatus = Static<typeof PaymentStatus>;

const Moment = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z$',
  description: 'RFC 3339, in UTC',
});

export const SessionOrder = Type.Object(
  {
    merchant_id: Type.Optional(MerchantId),
    amount: Amount,
    consumer_id: Type.Optional(Party),
    supplier_ids: Type.Optional(Type.Array(Party, { maxItems: 8 })),
    reference: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$',
        description: 'the order’s, at the merchant',
      }),
    ),
    expires_in: Type.Optional(
      Type.Integer({ minimum: 10, maximum: 86_400, description: 'seconds; 300 where no end is given' }),
    ),
    expires_at: Type.Optional(Moment),
  },
  closed,
);
export type SessionOrder = Static<typeof SessionOrder>;

/** All of a query is text; what is no number is found out here, and what is no moment where it is read. */
export const PaymentListQuery = Type.Object(
  {
    status: Type.Optional(PaymentStatus),
    created_from: Type.Optional(Moment),
    created_to: Type.Optional(Moment),
    reference: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9]{12}$', description: 'of one payment, DE37' }),
    ),
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 20 where absent' }),
    ),
    cursor: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{32}$', description: 'next_cursor of the page before' }),
    ),
  },
  closed,
);
export type PaymentListQuery = Static<typeof PaymentListQuery>;

const Limit = Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 20 where absent' });
export const DeliveryListQuery = Type.Object(
  { transaction_id: Type.Optional(Type.String({ pattern: UUID })), limit: Type.Optional(Limit) },
  closed,
);
export type DeliveryListQuery = Static<typeof DeliveryListQuery>;

export const DeliveryListEnvelope = Type.Object({
  success: Type.Boolean(),
  data: Type.Object({
    deliveries: Type.Array(
      Type.Object({
        notice_id: Type.String({ description: 'as in the header Etika-Notice-Id' }),
        transaction_id: Type.String(),
        attempt: Type.Integer(),
        at: Type.String({ format: 'date-time' }),
        delivered: Type.Boolean(),
        status_code: Type.Union([Type.Integer(), Type.Null()]),
        reason: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
  }),
});

const PlatformError = Type.Object({
  code: Type.Union([
    Type.Literal('E001'),
    Type.Literal('E002'),
    Type.Literal('E003'),
    Type.Literal('E004'),
    Type.Literal('E005'),
  ]),
  message: Type.String(),
});

const PaymentData = Type.Object({
  transaction_id: Type.String(),
  status: PaymentStatus,
  transaction_time: Type.String({ format: 'date-time' }),
  amount: Type.Optional(Type.Object({ value: Type.Integer(), currency: Type.String() })),
  approval_code: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String({ description: 'retrieval reference, DE37' })),
  proof: Type.Optional(Type.String({ description: 'where the proof of purchase stands' })),
  queued_until: Type.Optional(
    Type.String({ format: 'date-time', description: 'it waits for its network, until then' }),
  ),
  error: Type.Union([PlatformError, Type.Null()]),
});
export type PaymentData = Static<typeof PaymentData>;

export const PaymentEnvelope = Type.Object({
  success: Type.Boolean(),
  data: PaymentData,
  error: Type.Optional(PlatformError),
});

export const PaymentListEnvelope = Type.Object({
  success: Type.Boolean(),
  data: Type.Object({
    payments: Type.Array(PaymentData),
    next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'null on the last page' }),
  }),
});

const SessionData = Type.Object({
  session_id: Type.String(),
  status: Type.Union([
    Type.Literal('open'),
    Type.Literal('paid'),
    Type.Literal('expired'),
    Type.Literal('cancelled'),
  ]),
  merchant_id: Type.String(),
  amount: Type.Object({ value: Type.Integer(), currency: Type.String() }),
  consumer_id: Type.Union([Type.String(), Type.Null()]),
  supplier_ids: Type.Array(Type.String()),
  reference: Type.Union([Type.String(), Type.Null()]),
  created_at: Type.String({ format: 'date-time' }),
  expires_at: Type.String({ format: 'date-time' }),
  transaction_id: Type.Union([Type.String(), Type.Null()], { description: 'the payment that paid it' }),
});
export type SessionData = Static<typeof SessionData>;

export const SessionEnvelope = Type.Object({ success: Type.Boolean(), data: SessionData });

export const CardTokenEnvelope = Type.Object({
  success: Type.Boolean(),
  data: Type.Object({ card_token: Type.String(), last_four: Type.String() }),
});

/** Server-sent events, `payment` by name, each with the payment as data. */
export const EventStream = Type.String({
  description: 'events named payment; data is a payment as GET tells it',
});

/** An answer without a body. */
export const Nothing = Type.Null();

export const ProblemBody = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
    success: Type.Literal(false),
    data: Type.Union([PaymentData, Type.Null()]),
    error: PlatformError,
  },
  { description: 'RFC 9457, and the envelope as well' },
);
