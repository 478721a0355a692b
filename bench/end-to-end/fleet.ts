import { createHash } from 'node:crypto';
import { developmentKey } from '../../hsm/index.ts';
import type { Settings } from '../../switch/index.ts';

/**
 * The terminals and cards of a run. A development token has keys for ten terminals; a bench with a thousand gives the
 * token keys for the others, made from their names, so that no two terminals share one: the HSM meets as many keys as
 * it would in a shop. Terminals that share ten keys were rejected for that reason.
 */

export const MERCHANT = 'MERCHANT0000001';
export const PIN = '1234';
const DEVELOPMENT_TERMINALS = 10;
const KEY_LENGTH = 16;
const CARDS = 5_000;
/** The published test range 4242 42…, which the simulated network approves. */
const CARD_RANGE = '424242';
const CARD_DIGITS = 9;

/** TERM0001, TERM0002 … */
export function terminalNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `TERM${String(index + 1).padStart(4, '0')}`);
}

/** Terminals that a development token has no keys for. */
export function addedTerminals(count: number): string[] {
  return terminalNames(count).slice(DEVELOPMENT_TERMINALS);
}

/** The clear value of `TPK/TERM0001` or `TAK/TERM0001`: 16 bytes of odd parity. */
export function terminalKey(name: string): Buffer {
  const index = Number(name.slice(-4));
  if (index <= DEVELOPMENT_TERMINALS) return developmentKey(name);
  const seed = createHash('sha256').update(`etika-payment-integration bench key ${name}`).digest();
  return Buffer.from(seed.subarray(0, KEY_LENGTH).map(withOddParity));
}

/** The settings of the development switch, for so many terminals. */
export function withTerminals(settings: Settings, count: number): Settings {
  const added = addedTerminals(count).map((id) => ({
    id,
    merchant: MERCHANT,
    pinKey: `TPK/${id}`,
    macKey: `TAK/${id}`,
    partialApproval: true,
  }));
  return { ...settings, terminals: [...settings.terminals, ...added] };
}

/** The card of the purchase with this number: every card of the range, its first six digits, has its turn. */
export function cardOf(purchase: number, range = CARD_RANGE): string {
  const account = String((purchase * 7_919) % CARDS).padStart(CARD_DIGITS, '0');
  return `${range}${account}${checkDigit(range + account)}`;
}

function withOddParity(byte: number): number {
  let ones = 0;
  for (let bits = byte >> 1; bits > 0; bits >>= 1) ones += bits & 1;
  return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
}

/** Of ISO/IEC 7812: the digit that makes the number pass Luhn's check. */
function checkDigit(digits: string): string {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]) * (at % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return String((10 - (sum % 10)) % 10);
}
