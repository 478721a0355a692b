import { HsmError } from '../errors.ts';
import type { Ibm3624Rule } from './verify.ts';

/**
 * The rule by which an issuer makes IBM 3624 PINs: which digits of the PAN, how they are padded, and the table that
 * turns hexadecimal digits into decimal ones. It belongs to the PIN verification key, and is kept with it.
 *
 * A caller that may choose the table needs no key to learn a PIN: with a table of zeroes every natural PIN is 0000, and
 * the offset that verifies is the PIN (Clulow 2003; Bond and Zielinski 2003). So the request's rule must be the key's,
 * and a key's table must be one that spreads the digits.
 *
 * Rejected: a list of tables in the settings. Who may change the settings could then change what a PIN is compared to;
 * a key's identity on the token changes no more.
 */
const DIGITS_AT_LEAST = 8;
const OF_ONE_DIGIT_AT_MOST = 4;

/** What a key has that was stored without a rule: PAN digits 1 to 12, padded with F, and the table of the standard. */
const COMMON_RULE = '0012F0123456789012345';

const RULE = /^([0-9]{2})([0-9]{2})([0-9A-F])([0-9]{16})$/;

/** 21 characters: first digit and number of digits, two each, the pad, the table. */
function ruleText({ start, length, pad, conversionTable }: Ibm3624Rule): string {
  const place = [start, length].map((number) => String(number).padStart(2, '0')).join('');
  return `${place}${pad.toString(16).toUpperCase()}${Buffer.from(conversionTable.map((digit) => digit + 0x30)).toString('latin1')}`;
}

/** @throws HSM_KEY_USAGE where the request's rule is not the key's */
export function checkRuleOf(key: { name: string; subkey: string | undefined }, rule: Ibm3624Rule): void {
  if (ruleText(rule) !== (key.subkey ?? COMMON_RULE)) {
    throw new HsmError('HSM_KEY_USAGE', `${key.name} is for PINs of another rule or decimalisation table`);
  }
}

/**
 * What custodians write down for a PIN verification key: `0,12,F,0123456789012345`.
 * @returns the text kept with the key. @throws HSM_REQUEST_INVALID
 */
export function ruleOfOrder(order: string): string {
  const [start = '', length = '', pad = '', table = ''] = order.split(',').map((part) => part.trim());
  const text = `${start.padStart(2, '0')}${length.padStart(2, '0')}${pad.toUpperCase()}${table}`;
  if (!RULE.test(text)) {
    throw new HsmError(
      'HSM_REQUEST_INVALID',
      'a PIN rule is start,length,pad,table, such as 0,12,F,0123456789012345',
    );
  }
  checkTable(table);
  return text;
}

/** A table of few digits makes natural PINs that can be guessed. @throws HSM_REQUEST_INVALID */
function checkTable(table: string): void {
  const counts = new Map<string, number>();
  for (const digit of table) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  if (counts.size < DIGITS_AT_LEAST || Math.max(...counts.values()) > OF_ONE_DIGIT_AT_MOST) {
    throw new HsmError(
      'HSM_REQUEST_INVALID',
      `a decimalisation table has ${DIGITS_AT_LEAST} different digits or more, none more than ${OF_ONE_DIGIT_AT_MOST} times`,
    );
  }
}
