import { systemClock } from '../../../runtime/index.ts';
import { type TerminalKeys, terminalKeys } from '../../../simulators/terminal/keys.ts';
import { cardMessage, frameOf, type Sender } from '../../../simulators/terminal/messages.ts';
import { profiles } from '../../../simulators/terminal/profiles.ts';
import { cardOf, MERCHANT, PIN, terminalKey, terminalNames } from '../fleet.ts';
import type { Traffic } from './traffic.ts';

/** What a purchase costs in every case, in minor units. */
export const AMOUNT = 2_500;
const CURRENCY = '978';
const MAX_STAN = 999_999;

export const PROFILE = profiles['iso87-ascii'];

/** A terminal's two keys, made once in a process: a cipher object costs more than its work. */
const known = new Map<string, TerminalKeys>();

export function keysOf(terminal: string): TerminalKeys {
  const keys =
    known.get(terminal) ?? terminalKeys(terminalKey(`TPK/${terminal}`), terminalKey(`TAK/${terminal}`));
  known.set(terminal, keys);
  return keys;
}

/**
 * Every frame of a case, built before its clock starts: PIN block, trace number, MAC and length in place. Purchase `i`
 * belongs to terminal `i % terminals` and has the trace number `firstStan + i / terminals`, so a reply finds its
 * purchase by arithmetic.
 */
export function buildFrames({ rate, total, terminals, firstStan }: Traffic): Buffer[] {
  const senders: Sender[] = terminalNames(terminals).map((terminal) => {
    return { terminal, merchant: MERCHANT, profile: PROFILE, keys: keysOf(terminal) };
  });
  if (firstStan + total / terminals > MAX_STAN) {
    throw new Error('a terminal runs out of trace numbers: shorter cases, or fewer of them');
  }
  const began = Date.now();

  return Array.from({ length: total }, (_, index) => {
    const sender = senders[index % terminals] as Sender;
    const due = began + (index * 1_000) / rate;
    const stan = String(firstStan + Math.floor(index / terminals)).padStart(6, '0');
    const order = { amount: AMOUNT, currency: CURRENCY, card: cardOf(index), pin: PIN };
    const moment = { stan, clock: { ...systemClock, wall: () => due } };
    return frameOf(cardMessage('purchase', order, sender, moment), sender);
  });
}
