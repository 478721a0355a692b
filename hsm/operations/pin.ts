import { timingSafeEqual } from 'node:crypto';
import { AES_DUKPT_USAGE, aesDukptKeyTypeOf, aesWorkingKey } from '../dukpt/aes.ts';
import { deviceCounterOf } from '../dukpt/counter.ts';
import { pinKey } from '../dukpt/tdes.ts';
import { HsmError } from '../errors.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { pinFormatOf } from '../pin/formats.ts';
import { PinGuard, type PinWork } from '../pin/guard.ts';
import { checkRuleOf } from '../pin/rule.ts';
import { checkDirection, type PinSide, translatePinBlock } from '../pin/translate.ts';
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

/** What is done with a block, as a DUKPT counter is spent on it. */
export interface PinUse {
  work: PinWork;
  pan: Uint8Array;
  /** Names of the other keys, and what else makes this request another one. */
  with: readonly string[];
}

/** The key of a PIN block: a PIN key, or the one DUKPT derives for this transaction. Counters are not used twice. */
export function pinSide(context: OperationContext, source: PinSource, use: PinUse): NamedSide {
  const { scratch } = context;
  const format = pinFormatOf(source.format);
  PinGuard.checkFormat(use.work, format);
  if (source.ksn.length === 0) {
    return pinSideOf(context.key(source.key, 'decrypt', ...PIN_COMES_UNDER), source.format);
  }
  const bdk = context.key(source.key, 'derive', 'B0');
  const ksn = Buffer.from(source.ksn);
  deviceCounterOf(ksn);
  const bound = [use.work, use.pan, String(format), ...use.with];
  const claim = { ksn, transaction: source.transaction, content: source.block, bound };
  if (bdk.algorithm === 'A') {
    const type = aesDukptKeyTypeOf(`AES${bdk.length * 8}`);
    const key = aesWorkingKey(scratch, secretOf(bdk), ksn, AES_DUKPT_USAGE.pinEncryption, type);
    context.useCounter(bdk, 'pin', claim);
    return { key, algorithm: 'A', format, name: bdk.name };
  }
  const key = pinKey(scratch, { key: secretOf(bdk), masked: secretOf(bdk, 'masked') }, ksn);
  context.useCounter(bdk, 'pin', claim);
  return { key, algorithm: 'T', format, name: bdk.name };
}

/** With the name of its key, for the alarm. */
export interface NamedSide extends PinSide {
  readonly name: string;
}

/**
 * A PIN goes from a terminal to a zone, or from zone to zone: never towards a terminal, whose key lies in a shop.
 * Source: PCI PIN requirement 3; X9.24-1.
 */
export const PIN_COMES_UNDER = ['PT', 'P0'] as const;
export const PIN_GOES_UNDER = ['P0'] as const;

export function pinSideOf(key: SessionKey, format: number): NamedSide {
  return {
    name: key.name,
    key: secretOf(key),
    algorithm: key.algorithm === 'A' ? 'A' : 'T',
    format: pinFormatOf(format),
  };
}

export function translatePin(context: OperationContext, request: RequestOf<'translatePin'>): Buffer {
  const target = context.key(request.to, 'encrypt', ...PIN_GOES_UNDER);
  const to = pinSideOf(target, request.toFormat);
  const use = { work: 'translate', pan: request.pan, with: [target.name, String(request.toFormat)] } as const;
  checkDirection(request.format, request.toFormat);
  return translateGuarded(context, pinSide(context, request, use), to, request);
}

/** Translates a block that is known for no other PAN, and counts it where it is malformed. */
export function translateGuarded(
  context: PinContext,
  from: NamedSide,
  to: PinSide,
  { pan, block }: { pan: Uint8Array; block: Uint8Array },
): Buffer {
  const { pinGuard } = context;
  pinGuard.checkTranslation(context, pan);
  const { blocks } = pinGuard;
  const owner = blocks.ownerOf(pan);
  try {
    if (blocks.isOfAnother(block, owner)) throw new HsmError('HSM_PIN_BLOCK_INVALID');
    const translated = translatePinBlock(context.scratch, from, to, pan, block);
    blocks.isOfAnother(translated, owner);
    return translated;
  } catch (error) {
    throw counted(context, from.name, pan, error);
  }
}

/** What is asked of a request's context: the self-test gives it a guard of its own. */
export type PinContext = Pick<OperationContext, 'scratch' | 'pinGuard' | 'peer' | 'cardMark'>;

/** @throws HSM_PIN_BLOCK_INVALID, HSM_PIN_LIMIT */
function guarded<T>(
  context: PinContext,
  key: string,
  { pan, block }: { pan: Uint8Array; block: Uint8Array },
  work: () => T,
): T {
  const { pinGuard } = context;
  pinGuard.checkTranslation(context, pan);
  try {
    if (pinGuard.blocks.isOfAnother(block, pinGuard.blocks.ownerOf(pan))) {
      throw new HsmError('HSM_PIN_BLOCK_INVALID');
    }
    return work();
  } catch (error) {
    throw counted(context, key, pan, error);
  }
}

function counted(context: PinContext, key: string, pan: Uint8Array, error: unknown): unknown {
  if (error instanceof HsmError && error.code === 'HSM_PIN_BLOCK_INVALID') {
    context.pinGuard.failed('malformed', context, pan, key);
  }
  return error;
}

/** A comparison of a PIN: refused where this card had too many wrong ones, and counted where it is wrong. */
function verified(
  context: OperationContext,
  side: NamedSide,
  request: { pan: Uint8Array; block: Uint8Array },
  compare: () => boolean,
): boolean {
  const { pinGuard } = context;
  pinGuard.checkVerification(context, request.pan);
  const isRight = guarded(context, side.name, request, compare);
  if (isRight) pinGuard.succeeded(context, request.pan);
  else pinGuard.failed('wrong', context, request.pan, side.name);
  return isRight;
}

/** The clear PIN of a block that goes to a card. */
export function openForCard<T>(
  context: OperationContext,
  side: NamedSide,
  request: { pan: Uint8Array; block: Uint8Array },
  work: () => T,
): T {
  return guarded(context, side.name, request, work);
}

/** Of a PVV's key, on the card: 0 says that there is none. */
const PVV_KEYS = 6;

export function verifyPvv(context: OperationContext, request: RequestOf<'verifyPvv'>): boolean {
  const { pan, keyIndex } = request;
  const key = context.key(request.pvk, 'verify', 'V2');
  const expected = digitsOf(request.pvv, 4);
  if (keyIndex < 1 || keyIndex > PVV_KEYS) {
    throw new HsmError('HSM_REQUEST_INVALID', `PVV key index ${keyIndex}: 1 to ${PVV_KEYS}`);
  }

  const use = { work: 'verify', pan, with: [key.name, String(keyIndex), request.pvv] } as const;
  const side = pinSide(context, request, use);
  const block = Buffer.from(request.block);
  return verified(context, side, request, () =>
    timingSafeEqual(pvvOfBlock(context.scratch, side, secretOf(key), pan, keyIndex, block), expected),
  );
}

export function verifyOffset(context: OperationContext, request: RequestOf<'verifyOffset'>): boolean {
  const key = context.key(request.pvk, 'verify', 'V1');
  const rule: Ibm3624Rule = {
    start: request.start,
    length: request.length,
    pad: request.pad,
    conversionTable: digitsOf(request.table, 16),
  };
  checkRuleOf(key, rule);
  const offset = digitsOf(request.offset, request.offset.length);
  if (offset.length < 4 || offset.length > 12) {
    throw new HsmError('HSM_REQUEST_INVALID', 'an offset has 4 to 12 digits');
  }

  const { pan } = request;
  const side = pinSide(context, request, { work: 'verify', pan, with: [key.name, request.offset] });
  const block = Buffer.from(request.block);
  return verified(context, side, request, () =>
    matchesOffset(context.scratch, side, secretOf(key), rule, pan, offset, block),
  );
}

function digitsOf(text: string, length: number): Buffer {
  if (text.length !== length || !/^[0-9]*$/.test(text)) {
    throw new HsmError('HSM_REQUEST_INVALID', `${length} decimal digits are needed`);
  }
  return Buffer.from([...text].map(Number));
}
