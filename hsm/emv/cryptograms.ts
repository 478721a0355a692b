import { HsmError } from '../errors.ts';
import { type RetailMacKey, retailMac } from '../mac/mac.ts';
import type { PaddingMethod } from '../mac/padding.ts';
import type { Scratch } from '../token/secrets.ts';

const ARPC_METHOD_2_LENGTH = 4;
const MAX_PROPRIETARY_DATA = 8;

/** ARQC, TC or AAC over the transaction data (EMV Book 2, 8.1.2): 8 bytes. */
export function applicationCryptogram(
  scratch: Scratch,
  key: RetailMacKey,
  data: Buffer,
  padding: PaddingMethod,
): Buffer {
  return retailMac(scratch, key, data, padding);
}

/** ARPC method 1 (8.2.1): 8 bytes. @param responseCode 2 bytes */
export function arpcMethod1(scratch: Scratch, key: RetailMacKey, arqc: Buffer, responseCode: Buffer): Buffer {
  checkArqc(arqc);
  if (responseCode.length !== 2) {
    throw new HsmError('HSM_REQUEST_INVALID', 'an ARPC response code has 2 bytes');
  }
  const block = Buffer.from(arqc);
  for (let i = 0; i < 2; i++) block[i] = (block[i] ?? 0) ^ (responseCode[i] ?? 0);
  return scratch.encrypt(key.whole, 'T', block);
}

/** ARPC method 2 (8.2.2): 4 bytes. @param cardStatusUpdate 4 bytes. @param proprietaryData up to 8 bytes */
export function arpcMethod2(
  scratch: Scratch,
  key: RetailMacKey,
  arqc: Buffer,
  cardStatusUpdate: Buffer,
  proprietaryData: Buffer,
): Buffer {
  checkArqc(arqc);
  if (cardStatusUpdate.length !== 4 || proprietaryData.length > MAX_PROPRIETARY_DATA) {
    throw new HsmError(
      'HSM_REQUEST_INVALID',
      'card status update (4 bytes) and proprietary data (0 to 8) of an ARPC',
    );
  }
  const data = Buffer.concat([arqc, cardStatusUpdate, proprietaryData]);
  return retailMac(scratch, key, data, 2).subarray(0, ARPC_METHOD_2_LENGTH);
}

function checkArqc(arqc: Buffer): void {
  if (arqc.length !== 8) throw new HsmError('HSM_REQUEST_INVALID', 'a cryptogram has 8 bytes');
}
