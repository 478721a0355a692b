import { HsmError } from '../errors.ts';
import { counterOf, initialKsn } from './tdes.ts';

/**
 * The counter in a KSN: which device, which of its transactions, and whether a device can have got there at all.
 *
 * A device never sends counter 0: it would be the initial key itself. Nor does it send one with more ones than the
 * standard lets it keep keys for; it passes these by. What claims such a counter is no device, so it is refused before
 * any key is derived.
 *
 * Source: ANSI X9.24-1:2009 annex A (10 ones of 21 bits), X9.24-3:2017 (16 ones of 32 bits).
 */
const AES_KSN_LENGTH = 12;
const MOST_ONES_TDES = 10;
const MOST_ONES_AES = 16;

export interface DeviceCounter {
  /** Named by the KSN without the counter. */
  readonly device: string;
  readonly counter: number;
}

/** @throws HSM_REQUEST_INVALID where no device can have sent it */
export function deviceCounterOf(ksn: Buffer): DeviceCounter {
  const isAes = ksn.length === AES_KSN_LENGTH;
  const device = isAes ? ksn.toString('hex', 0, 8) : initialKsn(ksn).toString('hex');
  const counter = isAes ? ksn.readUInt32BE(8) : counterOf(ksn);

  const ones = onesOf(counter);
  const most = isAes ? MOST_ONES_AES : MOST_ONES_TDES;
  if (ones === 0) throw new HsmError('HSM_REQUEST_INVALID', 'DUKPT counter 0, which no device sends');
  if (ones > most) {
    throw new HsmError('HSM_REQUEST_INVALID', `a DUKPT counter of ${ones} ones, more than ${most}`);
  }
  return { device, counter };
}

function onesOf(counter: number): number {
  let ones = 0;
  for (let rest = counter; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
