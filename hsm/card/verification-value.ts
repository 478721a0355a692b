import { HsmError } from '../errors.ts';
import { type RetailMacKey, retailMac } from '../mac/mac.ts';
import { decimalDigits } from '../pin/verify.ts';
import type { Scratch } from '../token/secrets.ts';

/**
 * A card verification value (CVV, CVC): 3 digits over PAN, expiry and service code. The expiry is in the order the
 * issuer uses (YYMM on the stripe); service code 000 makes CVV2, 999 iCVV. It is the retail MAC of two blocks.
 */
export function cardVerificationValue(
  scratch: Scratch,
  cvk: RetailMacKey,
  pan: string,
  expiry: string,
  serviceCode: string,
): string {
  if (!/^[0-9]{1,19}$/.test(pan)) throw new HsmError('HSM_REQUEST_INVALID', 'a PAN has up to 19 digits');
  return valueOver(scratch, cvk, pan, expiry, serviceCode);
}

/** @param leading the PAN, or what stands in its place */
function valueOver(
  scratch: Scratch,
  cvk: RetailMacKey,
  leading: string,
  expiry: string,
  serviceCode: string,
): string {
  if (!/^[0-9]{4}$/.test(expiry) || !/^[0-9]{3}$/.test(serviceCode)) {
    throw new HsmError('HSM_REQUEST_INVALID', 'expiry (4 digits) and service code (3 digits) of a CVV');
  }
  if (cvk.whole.length !== 16) throw new HsmError('HSM_REQUEST_INVALID', 'a CVK is of double length');
  const data = `${leading}${expiry}${serviceCode}`;
  const mac = retailMac(scratch, cvk, Buffer.from(data.padEnd(32, '0'), 'hex'), 1);
  return decimalDigits(mac).subarray(0, 3).join('');
}

/** Visa CAVV: a CVV whose expiry is the unpredictable number and whose service code tells how it was authenticated. */
export function cardholderAuthenticationValue(
  scratch: Scratch,
  cvk: RetailMacKey,
  pan: string,
  unpredictableNumber: string,
  authenticationResult: string,
  secondFactor: string,
): string {
  return cardVerificationValue(
    scratch,
    cvk,
    pan,
    unpredictableNumber,
    `${authenticationResult}${secondFactor}`,
  );
}

/**
 * Visa dCVV: a CVV under the card's own key, with the transaction counter in place of the first four PAN digits.
 * @param transactionCounter 4 digits, decimal or hexadecimal as the issuer's cards have it
 */
export function dynamicCardVerificationValue(
  scratch: Scratch,
  cardKey: RetailMacKey,
  pan: string,
  expiry: string,
  serviceCode: string,
  transactionCounter: string,
): string {
  if (!/^[0-9]{4,19}$/.test(pan) || !/^[0-9A-Fa-f]{4}$/.test(transactionCounter)) {
    throw new HsmError('HSM_REQUEST_INVALID', 'PAN and transaction counter (4 digits) of a dCVV');
  }
  return valueOver(scratch, cardKey, `${transactionCounter}${pan.slice(4)}`, expiry, serviceCode);
}

/**
 * Mastercard dynamic CVC3: 5 digits over the MAC of the track template, the unpredictable number and the counter.
 * @param unpredictableNumber 4 bytes. @param transactionCounter 2 bytes
 */
export function dynamicCvc3(
  scratch: Scratch,
  cardKey: RetailMacKey,
  trackTemplate: Buffer,
  unpredictableNumber: Buffer,
  transactionCounter: Buffer,
): string {
  if (unpredictableNumber.length !== 4 || transactionCounter.length !== 2) {
    throw new HsmError(
      'HSM_REQUEST_INVALID',
      'unpredictable number (4 bytes) and counter (2 bytes) of a CVC3',
    );
  }
  const track = retailMac(scratch, cardKey, trackTemplate, 2).subarray(6);
  const block = Buffer.concat([track, unpredictableNumber, transactionCounter]);
  const encrypted = scratch.encrypt(cardKey.whole, 'T', block);
  return String(encrypted.readUInt16BE(6)).padStart(5, '0');
}
