/**
 * A terminal that does two things in ways of its own: its PINs are under keys that it derives, with their serial number
 * in DE63, and it sends half of a MAC. Now and then it was put back to an older state and has spent its counter before:
 * nobody may be approved twice under one.
 */
import { PinBlock } from '../../messages/index.ts';
import { pinCipher } from '../../simulators/crypto/pin-block.ts';
import type { HabitOfTerminals } from '../peers/habits/habit.ts';
import { CARD_PIN } from '../peers/issuer.ts';
import type { Payment } from '../peers/payment.ts';
import { keysOf, type TerminalKeys } from '../peers/terminal-dialects.ts';
import { derivedPinKey } from '../world/derived-keys.ts';
import type { World } from '../world/world.ts';

export const OWN_WAYS_TERMINAL = {
  id: 'GUEST006',
  keyName: 'TERM0006',
  macBytes: 4,
  dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de63' },
} as const;

const DEVICE = 'FFFF9876543210E';
const COUNTER_DIGITS = 5;
const MAC_BYTES = 8;
/** Of its payments with a PIN. */
const PUT_BACK = 0.15;

/** Its secure module: the rest of the element is zeros. */
export function keysOfOwnWays(): TerminalKeys {
  const whole = keysOf(OWN_WAYS_TERMINAL.keyName);
  const { macBytes } = OWN_WAYS_TERMINAL;
  return {
    pins: whole.pins,
    mac: (data) => Buffer.concat([whole.mac(data).subarray(0, macBytes), Buffer.alloc(MAC_BYTES - macBytes)]),
  };
}

/** Of one device: it counts. */
export function derivedPins(): HabitOfTerminals {
  let counter = 0;
  return {
    name: 'derived-pins',
    terminal: {
      opens(message, { pan, wrongPin }, random) {
        if (!message.de52) return message;
        const isPutBack = counter > 0 && random.chance(PUT_BACK);
        if (!isPutBack) counter += 1;
        const digits = DEVICE + counter.toString(16).toUpperCase().padStart(COUNTER_DIGITS, '0');
        const key = derivedPinKey(OWN_WAYS_TERMINAL.dukpt.baseKey, Buffer.from(digits, 'hex'));
        const block = pinCipher(key).encrypt(wrongPin ? '0000' : CARD_PIN, pan);
        return { ...message, de52: PinBlock.of(block), de63: digits };
      },
    },
  };
}

/** I10: of all that came under one counter one request may be approved. */
export function checkCounters(payments: readonly Payment[], world: World): void {
  const approved = new Map<string, string>();
  const sent = new Set<string>();
  for (const { message, belief, id } of payments) {
    const ksn = message.de63;
    if (ksn === undefined || !message.de52) continue;
    if (sent.has(ksn)) world.sometimes('guests: counter spent before');
    sent.add(ksn);
    if (belief !== 'approved') continue;
    world.sometimes('guests: PIN under a derived key');
    const before = approved.get(ksn);
    if (before) world.violate('I10 fail closed', `${id} was approved under the counter of ${before}`);
    approved.set(ksn, id);
  }
}
