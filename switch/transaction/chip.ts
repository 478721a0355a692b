import { type Bytes, isTlv, packTlv, parseTlv } from '../../messages/index.ts';
import type { Transaction } from './state.ts';

// What a chip says once a payment is over (EMV Book 3, GENERATE AC): a certificate that it was approved (TC), or that
// it was not (AAC). Of its data only what is listed here is written down: the rest may name the card.

/** Cryptogram information data. */
const CID = '9F27';
/** The two highest bits of it: the kind of cryptogram. */
const KIND = 0xc0;
const KINDS: ReadonlyMap<number, string> = new Map([
  [0x00, 'AAC'],
  [0x40, 'TC'],
  [0x80, 'ARQC'],
]);

/** Data objects that prove a payment and name no card. */
const KEPT: ReadonlySet<string> = new Set([
  '9F26',
  CID,
  '9F10',
  '9F37',
  '9F36',
  '95',
  '9A',
  '9C',
  '9F02',
  '9F03',
  '5F2A',
  '82',
  '9F1A',
  '9F33',
  '9F34',
  '9F35',
  '84',
  '9F09',
  '9F1E',
  '9F41',
  '9F53',
  '9B',
  '8A',
  '91',
  'DF31',
  '9F5B',
]);

/** What the chip said, and what of it may be kept. */
export interface ChipWord {
  readonly cryptogram: string;
  readonly emvHex: string;
}

/** @returns nothing where it says nothing of its own, or nobody can read it: what it is about has happened */
export function chipWord(emv: Bytes | undefined): ChipWord | undefined {
  if (!emv || !isTlv(emv)) return undefined;
  const objects = parseTlv(emv, { path: 'DE55', duplicates: true });
  const [information] = objects.find(({ tag }) => tag === CID)?.value.buffer() ?? [];
  if (information === undefined) return undefined;
  const kept = objects.filter(({ tag }) => KEPT.has(tag));
  return { cryptogram: KINDS.get(information & KIND) ?? 'unknown', emvHex: packTlv(kept).hex() };
}

/** What a chip's word is a case of, where it says another thing of its payment than was decided. */
export function contradictionOf(
  cryptogram: string,
  { state, standingMinorUnits, takenBack }: Pick<Transaction, 'state' | 'standingMinorUnits' | 'takenBack'>,
): 'chip-refused' | 'chip-approved' | undefined {
  if (isRefusedByChip(cryptogram)) return standingMinorUnits > 0 ? 'chip-refused' : undefined;
  // Who reverses what was declined knows that it was: nothing is left of it.
  const isDeclined = state === 'declined' && takenBack === undefined;
  return cryptogram === 'TC' && isDeclined ? 'chip-approved' : undefined;
}

export function isRefusedByChip(cryptogram: string): boolean {
  return cryptogram === 'AAC';
}
