import { charsets } from '../fields/charsets.ts';
import { checkRows } from './check.ts';
import type { Row } from './rows.ts';

/** Helpers for tests with rows of our own, in the words of each peer, written from what the peers document. */

/** ISO 8859-1 text as hex. */
export const a = (text: string) => Buffer.from(text, 'latin1').toString('hex');
/** EBCDIC text as hex. */
export const e = (text: string) =>
  Buffer.from(Array.from(text, (c) => charsets['ebcdic-500'].fromLatin1[c.charCodeAt(0)] ?? 0)).toString(
    'hex',
  );
/** Hex digits of several pieces, blanks aside. */
export const hex = (...parts: string[]) => parts.join('').replaceAll(' ', '').toUpperCase();

/** What the check says of one row: its outcome, or the reason why it failed. */
export function outcome(row: Partial<Row>): string {
  const whole: Row = { id: 'own', kind: 'good', group: 'ref', hex: '', ...row };
  const [result] = checkRows([whole]);
  const found = result?.[1];
  return found?.outcome === 'failed' ? found.reason : (found?.outcome ?? 'none');
}

/** The row packs to the same bytes. */
export const exact = { verified: { repackIdentical: true } };
export const none = '0000000000000000';
