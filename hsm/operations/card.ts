import { timingSafeEqual } from 'node:crypto';
import { cardVerificationValue } from '../card/verification-value.ts';
import { CardScheme, type CardTransaction, cryptogramVersionOf } from '../emv/schemes.ts';
import { secretOf } from '../keys/key.ts';
import type { RetailMacKey } from '../mac/mac.ts';
import { decodePinBlock, LONGEST_PIN } from '../pin/formats.ts';
import { decryptPinBlock } from '../pin/translate.ts';
import type { RequestOf } from '../protocol/operations.ts';
import type { OperationContext } from './context.ts';
import { openForCard, pinSide } from './pin.ts';

export function generateCardValue(
  context: OperationContext,
  request: RequestOf<'generateCardValue'>,
): string {
  return cardValueUnder(context, context.halvedKey(request.key, 'generate', 'C0'), request);
}

function cardValueUnder(
  context: OperationContext,
  key: RetailMacKey,
  request: RequestOf<'generateCardValue'>,
): string {
  return cardVerificationValue(
    context.scratch,
    key,
    textOf(request.pan),
    request.expiry,
    request.serviceCode,
  );
}

export function verifyCardValue(context: OperationContext, request: RequestOf<'verifyCardValue'>): boolean {
  const key = context.halvedKey(request.key, 'verify', 'C0');
  const expected = Buffer.from(cardValueUnder(context, key, request), 'latin1');
  const given = Buffer.from(request.value, 'latin1');
  return given.length === expected.length && timingSafeEqual(expected, given);
}

/** The answer's cryptogram is made only for a request whose own is right. */
export function verifyArqc(
  context: OperationContext,
  request: RequestOf<'verifyArqc'>,
): { valid: boolean; arpc: Buffer } {
  const key = secretOf(context.key(request.key, 'derive', 'E0'));
  const scheme = cardScheme(context, request, { cryptogram: key, integrity: key, confidentiality: key });
  const expected = scheme.requestCryptogram(Buffer.from(request.data));
  const valid = request.arqc.length === expected.length && timingSafeEqual(expected, request.arqc);
  if (!valid || request.status.length === 0) return { valid, arpc: Buffer.alloc(0) };
  return {
    valid,
    arpc: scheme.responseCryptogram(Buffer.from(request.status), Buffer.from(request.proprietaryData)),
  };
}

export function scriptMac(context: OperationContext, request: RequestOf<'scriptMac'>): Buffer {
  const key = secretOf(context.key(request.integrity, 'derive', 'E2'));
  const scheme = cardScheme(context, request, { cryptogram: key, integrity: key, confidentiality: key });
  return scheme.commandMac(Buffer.from(request.header), Buffer.from(request.data));
}

/** The new PIN arrives as an encrypted block and leaves encrypted for the card: in between it is in the scratch. */
export function changeCardPin(context: OperationContext, request: RequestOf<'changeCardPin'>): Buffer {
  const { scratch } = context;
  const { pan, block } = request;
  const names = [request.cryptogram, request.integrity, request.confidentiality];
  const card = [request.version, request.sequenceNumber, request.counter, request.arqc].map(String);
  const side = pinSide(context, request, { work: 'change', pan, with: [...names, ...card] });
  const pin = scratch.host(LONGEST_PIN).bytes;
  const length = openForCard(context, side, request, () => {
    const clear = decryptPinBlock(scratch, side, pan, Buffer.from(block), false);
    return decodePinBlock(side.format, scratch.bytesOf(clear), pan, pin);
  });
  const scheme = cardScheme(context, request, {
    cryptogram: secretOf(context.key(request.cryptogram, 'derive', 'E0')),
    integrity: secretOf(context.key(request.integrity, 'derive', 'E2')),
    confidentiality: secretOf(context.key(request.confidentiality, 'derive', 'E1')),
  });
  return scheme.pinChangeCommand(pin.subarray(0, length), undefined);
}

type CardFields = Pick<
  RequestOf<'verifyArqc'>,
  'version' | 'pan' | 'sequenceNumber' | 'counter' | 'unpredictableNumber' | 'arqc'
>;

function cardScheme(
  context: OperationContext,
  request: CardFields,
  keys: ConstructorParameters<typeof CardScheme>[2],
): CardScheme {
  const present = (value: Uint8Array) => (value.length === 0 ? undefined : Buffer.from(value));
  const transaction: CardTransaction = {
    pan: textOf(request.pan),
    sequenceNumber: request.sequenceNumber,
    counter: present(request.counter),
    unpredictableNumber: present(request.unpredictableNumber),
    cryptogram: present(request.arqc),
  };
  return new CardScheme(context.scratch, cryptogramVersionOf(request.version), keys, transaction);
}

function textOf(digits: Uint8Array): string {
  return Buffer.from(digits).toString('latin1');
}
