import { timingSafeEqual } from 'node:crypto';
import { AES_DUKPT_USAGE, aesDukptKeyTypeOf, aesWorkingKey } from '../dukpt/aes.ts';
import { deviceCounterOf } from '../dukpt/counter.ts';
import { type Direction, dataKey, type TdesBdk, mac as tdesDukptMac } from '../dukpt/tdes.ts';
import { HsmError } from '../errors.ts';
import type { KeyAct } from '../keys/attributes.ts';
import { type SessionKey, secretOf } from '../keys/key.ts';
import { cbcMac, cmac, retailMac } from '../mac/mac.ts';
import { pad } from '../mac/padding.ts';
import type { RequestOf } from '../protocol/operations.ts';
import type { OperationContext } from './context.ts';

export function generateMac(context: OperationContext, request: RequestOf<'generateMac'>): Buffer {
  return macUnder(context, macKey(context, request.key, 'generate'), request, 'response');
}

function macKey(context: OperationContext, reference: string, act: KeyAct): SessionKey {
  return context.key(reference, act, 'M3', 'M1', 'M6', 'M7', 'B0');
}

type MacContext = Pick<OperationContext, 'scratch' | 'key'>;

/** What a key of each usage authenticates with; padding method 1 where the algorithm leaves it open. */
function macUnder(
  context: MacContext,
  key: SessionKey,
  { ksn, data }: { ksn: Uint8Array; data: Uint8Array },
  direction: Direction,
): Buffer {
  const { scratch } = context;
  switch (key.usage) {
    case 'M3':
      return retailMac(scratch, { whole: secretOf(key), left: secretOf(key, 'left') }, data, 1);
    case 'M1':
      return cbcMac(scratch, secretOf(key), 'T', pad(data, 8, 1));
    case 'M6':
      return cmac(scratch, secretOf(key), key.algorithm === 'A' ? 'A' : 'T', Buffer.from(data));
    case 'M7':
      return scratch.hmac(secretOf(key), 'sha256', Buffer.from(data));
    default:
      return dukptMac(context, key, Buffer.from(ksn), Buffer.from(data), direction);
  }
}

/** Triple DES DUKPT makes retail MACs of 8 bytes, AES DUKPT CMACs of 16. */
function dukptMac(
  context: MacContext,
  bdk: SessionKey,
  ksn: Buffer,
  data: Buffer,
  direction: Direction,
): Buffer {
  const { scratch } = context;
  deviceCounterOf(ksn);
  if (bdk.algorithm === 'T') return tdesDukptMac(scratch, bdkOf(bdk), ksn, direction, data);
  const usage = direction === 'request' ? AES_DUKPT_USAGE.macGeneration : AES_DUKPT_USAGE.macVerification;
  const key = aesWorkingKey(scratch, secretOf(bdk), ksn, usage, aesDukptKeyTypeOf(`AES${bdk.length * 8}`));
  return cmac(scratch, key, 'A', data);
}

function bdkOf(bdk: SessionKey): TdesBdk {
  return { key: secretOf(bdk), masked: secretOf(bdk, 'masked') };
}

const SHORTEST_MAC = 4;

/** A MAC truncated to its leftmost 4 bytes or more is compared over those. */
export function verifyMac(context: OperationContext, request: RequestOf<'verifyMac'>): boolean {
  const key = macKey(context, request.key, 'verify');
  const valid = isSame(macUnder(context, key, request, 'request'), request.mac);
  if (valid && key.usage === 'B0') {
    const { ksn, transaction, data: content } = request;
    context.useCounter(key, 'mac', { ksn, transaction, content, bound: ['verifyMac', request.mac] });
  }
  return valid;
}

const NO_KSN = new Uint8Array(0);

/** The same under a key that derives none, and has no counter to claim. */
export function isMacUnder(
  context: MacContext,
  reference: string,
  data: Uint8Array,
  mac: Uint8Array,
): boolean {
  const key = context.key(reference, 'verify', 'M3', 'M1', 'M6', 'M7');
  return isSame(macUnder(context, key, { ksn: NO_KSN, data }, 'request'), mac);
}

function isSame(expected: Buffer, mac: Uint8Array): boolean {
  if (mac.length < SHORTEST_MAC || mac.length > expected.length) {
    throw new HsmError('HSM_REQUEST_INVALID', `a MAC of ${mac.length} bytes`);
  }
  return timingSafeEqual(expected.subarray(0, mac.length), mac);
}

/** Encrypts or decrypts whole blocks under a DUKPT data key, in CBC. */
export function dukptData(context: OperationContext, request: RequestOf<'dukptData'>): Buffer {
  const { scratch } = context;
  const bdk = context.key(request.key, 'derive', 'B0');
  const algorithm = bdk.algorithm === 'A' ? 'A' : 'T';
  const block = algorithm === 'A' ? 16 : 8;
  if (request.data.length % block !== 0 || request.iv.length !== block) {
    throw new HsmError('HSM_REQUEST_INVALID', `data and IV of whole blocks of ${block} bytes`);
  }
  const ksn = Buffer.from(request.ksn);
  deviceCounterOf(ksn);
  const direction = request.request ? 'request' : 'response';
  const usage = request.request ? AES_DUKPT_USAGE.dataEncryption : AES_DUKPT_USAGE.dataDecryption;
  const key =
    algorithm === 'T'
      ? dataKey(scratch, bdkOf(bdk), ksn, direction)
      : aesWorkingKey(scratch, secretOf(bdk), ksn, usage, aesDukptKeyTypeOf(`AES${bdk.length * 8}`));
  const [data, iv] = [Buffer.from(request.data), Buffer.from(request.iv)];
  if (request.encrypt) return scratch.encrypt(key, algorithm, data, iv);
  const bound = ['decrypt', direction, iv];
  context.useCounter(bdk, 'data', { ksn, transaction: request.transaction, content: data, bound });
  return scratch.decrypt(key, algorithm, data, iv);
}
