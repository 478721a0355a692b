import { timingSafeEqual } from 'node:crypto';
import { AES_DUKPT_USAGE, aesDukptKeyTypeOf, aesWorkingKey } from '../dukpt/aes.ts';
import { pinKey } from '../dukpt/tdes.ts';
import { HsmError } from '../errors.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { pinFormatOf } from '../pin/formats.ts';
import { type PinSide, translatePinBlock } from '../pin/translate.ts';
import { type Ibm3624Rule, matchesOffset, pvvOfBlock } from '../pin/verify.ts';
import type { RequestOf } from '../protocol/operations.ts';
import type { OperationContext } from './context.ts';

/** An encrypted PIN block and what opens it; an empty KSN for a key that is no DUKPT key. */
export interface PinSource {
  key: string;
  ksn: Uint8Array;
  transaction: string;
  format: number;
  block: Uint8Array;
}

/** The key of a PIN block: a PIN key, or the one DUKPT derives for this transaction. Counters are not used twice. */
export function pinSide(context: OperationContext, source: PinSource): PinSide {
  const { scratch } = context;
  const format = pinFormatOf(source.format);
  if (source.ksn.length === 0) {
    return pinSideOf(context.key(source.key, 'decrypt', ...PIN_COMES_UNDER), source.format);
  }
  const bdk = context.key(source.key, 'derive', 'B0');
  const ksn = Buffer.from(source.ksn);
  const use = { ksn, transaction: source.transaction, content: source.block };
  if (bdk.algorithm === 'A') {
    const key = aesWorkingKey(
      scratch,
      secretOf(bdk),
      ksn,
      AES_DUKPT_USAGE.pinEncryption,
      aesDukptKeyTypeOf(`AES${bdk.length * 8}`),
    );
    context.useCounter(bdk, 'pin', use);
    return { key, algorithm: 'A', format };
  }
  const key = pinKey(scratch, { key: secretOf(bdk), masked: secretOf(bdk, 'masked') }, ksn);
  context.useCounter(bdk, 'pin', use);
  return { key, algorithm: 'T', format };
}

/**
 * A PIN goes from a terminal to a zone, or from zone to zone: never towards a terminal, whose key lies in a shop.
 * Source: PCI PIN requirement 3; X9.24-1.
 */
export const PIN_COMES_UNDER = ['PT', 'P0'] as const;
export const PIN_GOES_UNDER = ['P0'] as const;

export function pinSideOf(key: SessionKey, format: number): PinSide {
  return {
    key: secretOf(key),
    algorithm: key.algorithm === 'A' ? 'A' : 'T',
    format: pinFormatOf(format),
  };
}

export function translatePin(context: OperationContext, request: RequestOf<'translatePin'>): Buffer {
  const to = pinSideOf(context.key(request.to, 'encrypt', ...PIN_GOES_UNDER), request.toFormat);
  return translatePinBlock(context.scratch, pinSide(context, request), to, request.pan, request.block);
}

export function verifyPvv(context: OperationContext, request: RequestOf<'verifyPvv'>): boolean {
  const pvk = secretOf(context.key(request.pvk, 'verify', 'V2'));
  const side = pinSide(context, request);
  const block = Buffer.from(request.block);
  const pvv = pvvOfBlock(context.scratch, side, pvk, request.pan, request.keyIndex, block);
  return timingSafeEqual(pvv, digitsOf(request.pvv, 4));
}

export function verifyOffset(context: OperationContext, request: RequestOf<'verifyOffset'>): boolean {
  const pvk = secretOf(context.key(request.pvk, 'verify', 'V1'));
  const rule: Ibm3624Rule = {
    start: request.start,
    length: request.length,
    pad: request.pad,
    conversionTable: digitsOf(request.table, 16),
  };
  const offset = digitsOf(request.offset, request.offset.length);
  if (offset.length < 4 || offset.length > 12) {
    throw new HsmError('HSM_REQUEST_INVALID', 'an offset has 4 to 12 digits');
  }
  const block = Buffer.from(request.block);
  return matchesOffset(context.scratch, pinSide(context, request), pvk, rule, request.pan, offset, block);
}

function digitsOf(text: string, length: number): Buffer {
  if (text.length !== length || !/^[0-9]*$/.test(text)) {
    throw new HsmError('HSM_REQUEST_INVALID', `${length} decimal digits are needed`);
  }
  return Buffer.from([...text].map(Number));
}
