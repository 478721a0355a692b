import { timingSafeEqual } from 'node:crypto';
import { developmentKey } from '../../hsm/index.ts';
import { type PinCipher, pinCipher } from '../crypto/pin-block.ts';
import { retailMac } from '../crypto/retail-mac.ts';
import type { Profile, TerminalMessage } from './profiles.ts';

/** What a terminal's secure module does with its keys. */
export interface TerminalKeys {
  pins: PinCipher;
  /** Writes the MAC of a packed message. @throws {IsoError} ISO_VALUE where it does not end in a MAC element */
  seal(profile: Profile, packed: Buffer): void;
  /** Whether a received message ends in a MAC that is right. */
  isSealed(profile: Profile, packed: Buffer): boolean;
}

export function terminalKeys(pinKey: Buffer, macKey: Buffer): TerminalKeys {
  const mac = retailMac(macKey);
  return {
    pins: pinCipher(pinKey),
    seal({ codec }, packed) {
      const covered = codec.macSlot(packed)?.covered ?? packed;
      codec.setMac(packed, mac(covered));
    },
    isSealed({ codec }, packed) {
      const slot = codec.macSlot(packed);
      return slot !== undefined && slot.mac.length === 8 && timingSafeEqual(slot.mac, mac(slot.covered));
    },
  };
}

/** The published keys of a development terminal. @throws where there is no such terminal */
export function developmentTerminalKeys(terminal: string): TerminalKeys {
  return terminalKeys(developmentKey(`TPK/${terminal}`), developmentKey(`TAK/${terminal}`));
}

/** Message types whose answer a terminal accepts only with a MAC. */
export function needsMac({ mti }: Pick<TerminalMessage, 'mti'>): boolean {
  return !mti.startsWith('08');
}
