/**
 * PIN keys that a device derives (DUKPT), as the simulated HSM and the simulated devices have them: one for each
 * counter of a device. That they are derived as ANSI X9.24 has it, the tests of hsm/ show with its published examples;
 * here it matters that no counter has the key of another, and that one is spent on one request, whatever node is asked.
 */
import { createDecipheriv, createHmac } from 'node:crypto';
import { HsmError } from '../../hsm/index.ts';
import type { World } from './world.ts';

/** The hexadecimal digits of a key serial number that say which device it is. */
const DEVICE_DIGITS = 14;
const KEY_BYTES = 16;
const BASE_KEYS: Readonly<Record<string, string>> = { 'BDK/TDES': 'the base key of simulated devices' };

/** By world, device and counter: the request that it is spent on. A process that dies forgets none of them. */
const spent = new WeakMap<World, Map<string, string>>();

/** @throws HsmError HSM_UNKNOWN_KEY */
export function derivedPinKey(baseKey: string, ksn: Uint8Array): Buffer {
  const value = BASE_KEYS[baseKey];
  if (value === undefined) throw new HsmError('HSM_UNKNOWN_KEY', baseKey);
  return createHmac('sha256', value).update(ksn).digest().subarray(0, KEY_BYTES);
}

/** @throws HsmError HSM_KSN_REPLAYED where the counter is spent on another request */
export function spendCounter(world: World, ksn: Uint8Array, request: string): void {
  const known = spent.get(world) ?? new Map<string, string>();
  spent.set(world, known);
  const name = Buffer.from(ksn).toString('hex');
  const owner = known.get(name);
  if (owner !== undefined && owner !== request) {
    throw new HsmError('HSM_KSN_REPLAYED', name.slice(0, DEVICE_DIGITS));
  }
  known.set(name, request);
}

/** The clear field of a block of format 0. */
export function clearField(baseKey: string, ksn: Uint8Array, block: Uint8Array): Buffer {
  const decipher = createDecipheriv('des-ede-ecb', derivedPinKey(baseKey, ksn), null).setAutoPadding(false);
  return decipher.update(block);
}
