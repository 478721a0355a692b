import { bytes, type Field, flag, instant, name, record, reference, u8, u32, type ValueOf } from './codec.ts';
import { list, optional, outcome } from './composite.ts';

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

const pinSource = { key: reference, ksn: bytes, transaction: name, format: u8, block: bytes };
const card = {
  version: name,
  pan: bytes,
  sequenceNumber: name,
  counter: bytes,
  unpredictableNumber: bytes,
  arqc: bytes,
};
const keyPlan = { owner: name, state: name, notBefore: instant, notAfter: instant, useLimit: u32 };

/** A terminal's keys that may be the ones: the one in use, one that expires, one that was given and not used yet. */
const MOST_CANDIDATES = 8;
/** In the place of a candidate's number: none fits, or there was no MAC to verify. */
export const NONE_FITTED = 0xff;

const seal = record({
  data: bytes,
  mac: bytes,
  keys: list(record({ mac: reference, pin: reference }), MOST_CANDIDATES),
});
/** An empty `key` stands for the PIN key of the candidate that fitted. */
const pinPart = record({ key: reference, format: u8, block: bytes, to: reference, toFormat: u8 });

/**
 * PANs travel as ASCII digits in bytes, PIN blocks as bytes: neither becomes a string on the way. An empty `ksn` stands
 * for a key that is no DUKPT key; `transaction` tells a request that is repeated from one that is replayed.
 */
export const OPERATIONS = {
  ping: operation(1, {}, {}),
  generateMac: operation(2, { key: reference, ksn: bytes, data: bytes }, { mac: bytes }),
  verifyMac: operation(
    3,
    { key: reference, ksn: bytes, transaction: name, data: bytes, mac: bytes },
    { valid: flag },
  ),
  translatePin: operation(4, { ...pinSource, pan: bytes, to: reference, toFormat: u8 }, { block: bytes }),
  keyCheckValue: operation(5, { key: reference }, { value: name }),
  protectPan: operation(6, { pan: bytes }, { ciphertext: bytes, lookup: bytes }),
  revealPan: operation(7, { ciphertext: bytes }, { pan: bytes }),
  verifyPvv: operation(
    8,
    { ...pinSource, pan: bytes, pvk: reference, keyIndex: u8, pvv: name },
    { valid: flag },
  ),
  verifyOffset: operation(
    9,
    { ...pinSource, pan: bytes, pvk: reference, offset: name, start: u8, length: u8, pad: u8, table: name },
    { valid: flag },
  ),
  verifyCardValue: operation(
    10,
    { key: reference, pan: bytes, expiry: name, serviceCode: name, value: name },
    { valid: flag },
  ),
  generateCardValue: operation(
    11,
    { key: reference, pan: bytes, expiry: name, serviceCode: name },
    { value: name },
  ),
  verifyArqc: operation(
    12,
    { key: reference, ...card, data: bytes, status: bytes, proprietaryData: bytes },
    { valid: flag, arpc: bytes },
  ),
  scriptMac: operation(13, { integrity: reference, ...card, header: bytes, data: bytes }, { mac: bytes }),
  changeCardPin: operation(
    14,
    {
      cryptogram: reference,
      integrity: reference,
      confidentiality: reference,
      ...card,
      ...pinSource,
    },
    { command: bytes },
  ),
  generateKey: operation(
    15,
    { usage: name, algorithm: name, length: u8, ...keyPlan },
    { record: reference, kcv: name },
  ),
  importKeyBlock: operation(
    16,
    { protection: reference, block: reference, kcv: name, ...keyPlan },
    { record: reference, kcv: name, header: reference },
  ),
  exportKeyBlock: operation(
    17,
    {
      protection: reference,
      record: reference,
      version: name,
      mode: name,
      exportability: name,
      optional: reference,
    },
    { block: reference },
  ),
  setKeyState: operation(18, { record: reference, state: name, notAfter: instant }, { record: reference }),
  describeKey: operation(19, { record: reference }, { facts: reference }),
  status: operation(20, {}, { status: reference }),
  dukptData: operation(
    21,
    { key: reference, ksn: bytes, transaction: name, request: flag, encrypt: flag, iv: bytes, data: bytes },
    { data: bytes },
  ),
  sign: operation(22, { key: reference, data: bytes }, { signature: bytes }),
  publicKey: operation(23, { key: reference }, { key: bytes }),
  openRequest: operation(
    24,
    { seal: optional(seal), pan: bytes, protect: flag, pin: optional(pinPart) },
    {
      fitted: u8,
      card: outcome(record({ ciphertext: bytes, lookup: bytes })),
      pin: outcome(record({ block: bytes })),
    },
  ),
};

export type OperationName = keyof typeof OPERATIONS;
export type RequestOf<N extends OperationName> =
  (typeof OPERATIONS)[N] extends Operation<infer Request, infer _> ? Request : never;
export type ReplyOf<N extends OperationName> =
  (typeof OPERATIONS)[N] extends Operation<infer _, infer Reply> ? Reply : never;
