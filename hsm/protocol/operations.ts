import { bytes, type Field, flag, name, record, type ValueOf } from './codec.ts';

/** One operation of the HSM process: its number on the wire (never reused) and what travels each way. */
export interface Operation<Request, Reply> {
  readonly number: number;
  readonly request: Field<Request>;
  readonly reply: Field<Reply>;
}

function operation<Q extends Record<string, Field<unknown>>, R extends Record<string, Field<unknown>>>(
  number: number,
  request: Q,
  reply: R,
): Operation<ValueOf<Q>, ValueOf<R>> {
  return { number, request: record(request), reply: record(reply) };
}

/** PANs travel as ASCII digits in bytes, PIN blocks as bytes: neither becomes a string on the way. */
export const OPERATIONS = {
  ping: operation(1, {}, {}),
  generateMac: operation(2, { key: name, data: bytes }, { mac: bytes }),
  verifyMac: operation(3, { key: name, data: bytes, mac: bytes }, { valid: flag }),
  translatePin: operation(4, { from: name, to: name, pan: bytes, block: bytes }, { block: bytes }),
  keyCheckValue: operation(5, { key: name }, { value: bytes }),
  protectPan: operation(6, { pan: bytes }, { ciphertext: bytes, lookup: bytes }),
  revealPan: operation(7, { ciphertext: bytes }, { pan: bytes }),
};

export type OperationName = keyof typeof OPERATIONS;
export type RequestOf<N extends OperationName> =
  (typeof OPERATIONS)[N] extends Operation<infer Request, infer _> ? Request : never;
export type ReplyOf<N extends OperationName> =
  (typeof OPERATIONS)[N] extends Operation<infer _, infer Reply> ? Reply : never;

/** What the HSM process runs for each operation. */
export type Handlers = { readonly [N in OperationName]: (request: RequestOf<N>) => ReplyOf<N> };
