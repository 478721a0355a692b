import { randomBytes } from 'node:crypto';
import type * as Pkcs11 from 'pkcs11js';
import { HsmError } from '../errors.ts';
import {
  call,
  finalise,
  type Handle,
  initialise,
  labelOf,
  pkcs11,
  slotOf,
  type TokenSettings,
} from './pkcs11.ts';

/**
 * Gives the token of this label a user PIN: SoftHSM's on a free slot, NSS softokn's in its empty database. The
 * security officer gets a random PIN nobody keeps. Does nothing where the user PIN is set. For software tokens only.
 */
export function initialiseToken(settings: TokenSettings, userPin: string): void {
  const module = new pkcs11.PKCS11();
  call('load', () => module.load(settings.modulePath));
  initialise(module, settings);
  try {
    const slots = call('C_GetSlotList', () => module.C_GetSlotList(true));
    const present = slots.find((slot) => labelOf(module, slot) === settings.label);
    if (present && hasUserPin(module, present)) return;
    // A new database of softokn lets its officer in without a PIN.
    const officerPin = present ? '' : randomBytes(16).toString('hex');
    if (!present) initialiseFreeSlot(module, slots, settings.label, officerPin);
    const flags = pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION;
    const slot = slotOf(module, settings.label);
    const session = call('C_OpenSession', () => module.C_OpenSession(slot, flags));
    call('C_Login', () => module.C_Login(session, pkcs11.CKU_SO, officerPin));
    call('C_InitPIN', () => module.C_InitPIN(session, userPin));
  } finally {
    finalise(module);
  }
}

function hasUserPin(module: Pkcs11.PKCS11, slot: Handle): boolean {
  const { flags } = call('C_GetTokenInfo', () => module.C_GetTokenInfo(slot));
  return (flags & pkcs11.CKF_USER_PIN_INITIALIZED) !== 0;
}

function initialiseFreeSlot(
  module: Pkcs11.PKCS11,
  slots: readonly Handle[],
  label: string,
  pin: string,
): void {
  const free = slots.at(-1);
  if (!free) throw new HsmError('HSM_TOKEN_FAILED', 'no free slot');
  call('C_InitToken', () => module.C_InitToken(free, pin, label.padEnd(32)));
}
