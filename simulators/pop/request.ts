import Type, { type Static } from 'typebox';
import { checker } from '../common/check.ts';
import { SimulatorError } from '../errors.ts';

const identifier = Type.String({ minLength: 1, maxLength: 128, pattern: '^[\\x21-\\x7e]+$' });
const MAX_SUPPLIERS = 8;

const purchase = Type.Object(
  {
    transaction_id: identifier,
    consumer_id: identifier,
    merchant_id: identifier,
    amount: Type.Integer({ minimum: 1, maximum: 1e12 }),
    currency: Type.String({ pattern: '^([A-Z]{3}|[0-9]{3})$' }),
    receipt_hash: Type.String({ pattern: '^[0-9a-fA-F]{64}$' }),
    receipt_data: Type.Optional(Type.String({ maxLength: 32_768, pattern: '^[A-Za-z0-9+/]*={0,2}$' })),
    supplier_ids: Type.Optional(Type.Array(identifier, { maxItems: MAX_SUPPLIERS })),
    token_references: Type.Optional(Type.Array(identifier, { maxItems: 64 })),
  },
  { additionalProperties: false },
);

/** The body of `POST /validations`; `amount` in minor units, `receipt_hash` 32 bytes in hex. */
export type PurchaseRequest = Static<typeof purchase>;
export type Purchase = Required<PurchaseRequest>;

const MAX_QUERIED = 1_000;

const checkPurchase = checker(purchase);
const checkQuery = checker(
  Type.Object(
    { validation_ids: Type.Array(identifier, { minItems: 1, maxItems: MAX_QUERIED }) },
    { additionalProperties: false },
  ),
);
const checkCancellation = checker(
  Type.Object({ reason: Type.String({ minLength: 1, maxLength: 256 }) }, { additionalProperties: false }),
);

/**
 * Checks a purchase and writes it in one order of fields, so that equal bodies hash alike.
 * The rules on parties are those of the chain: all must differ, ten at most.
 * @throws {SimulatorError} SIM_HTTP_BODY_INVALID, SIM_POP_PARTIES
 */
export function purchaseOf(body: unknown): Purchase {
  const checked = checkPurchase(body);
  const supplier_ids = checked.supplier_ids ?? [];
  const parties = [checked.consumer_id, checked.merchant_id, ...supplier_ids];
  if (new Set(parties).size !== parties.length) throw new SimulatorError('SIM_POP_PARTIES');
  return {
    transaction_id: checked.transaction_id,
    consumer_id: checked.consumer_id,
    merchant_id: checked.merchant_id,
    amount: checked.amount,
    currency: checked.currency,
    receipt_hash: checked.receipt_hash.toLowerCase(),
    receipt_data: checked.receipt_data ?? '',
    supplier_ids,
    token_references: checked.token_references ?? [],
  };
}

/** Of `POST /validations/query`. @throws {SimulatorError} SIM_HTTP_BODY_INVALID */
export function queriedIds(body: unknown): readonly string[] {
  return checkQuery(body).validation_ids;
}

/** @throws {SimulatorError} SIM_HTTP_BODY_INVALID */
export function cancellationReason(body: unknown): string {
  return checkCancellation(body).reason;
}

/** @throws {SimulatorError} SIM_POP_KEY_MISSING */
export function idempotencyKeyOf(header: string | undefined): string {
  if (header === undefined || !/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw new SimulatorError('SIM_POP_KEY_MISSING');
  }
  return header;
}
