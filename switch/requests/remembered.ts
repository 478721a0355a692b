// What a claim says whose original nobody has seen: a reversal came, and what it names is refused should it come late.
// The claim itself tells for how long, and what else the reversal says of it, so that nothing more need be read. A list
// of such reversals in memory was rejected: it would be forgotten with the process, and no other node would have it.

import type { EntryBodies } from '../transaction/entries.ts';

const MARK = 'remembered';
const FIELDS = /^remembered\|(\d+)\|([^|]*)\|([^|]*)\|([^|]*)$/;

/** What the original must be as well, where its key alone names it badly, as a retrieval reference does. */
export interface RememberedMeaning {
  readonly stan?: string | undefined;
  readonly minorUnits?: number | undefined;
  readonly maskedPan?: string | undefined;
}

/** Whether a reversal that matched nothing said something else of what it means than this. */
export function contradicts(
  { stan, amount, maskedPan }: Pick<EntryBodies['remembered'], 'stan' | 'amount' | 'maskedPan'>,
  says: RememberedMeaning,
): boolean {
  const isOther = <T>(one: T | undefined, other: T | undefined) =>
    one !== undefined && other !== undefined && one !== other;
  const minorUnits = amount && amount.minorUnits > 0 ? amount.minorUnits : undefined;
  return (
    isOther(stan, says.stan) || isOther(minorUnits, says.minorUnits) || isOther(maskedPan, says.maskedPan)
  );
}

/** @param until wall clock, milliseconds */
export function rememberedFingerprint(until: number, meaning: RememberedMeaning = {}): string {
  const { stan, minorUnits, maskedPan } = meaning;
  return [MARK, until, stan ?? '', minorUnits ?? '', maskedPan ?? ''].join('|');
}

/** Whether a claim is a reversal's whose original never came, be it over or not. */
export function isRemembered(fingerprint: string): boolean {
  return fingerprint === MARK || FIELDS.test(fingerprint);
}

/** Whether such a claim counts no more, or means something else than what comes now. */
export function isForgotten(fingerprint: string, nowMs: number, coming: RememberedMeaning = {}): boolean {
  const [, until, ...meant] = FIELDS.exec(fingerprint) ?? [];
  if (until === undefined) return false;
  const { stan, minorUnits, maskedPan } = coming;
  const is = [stan, minorUnits, maskedPan].map((each) => (each === undefined ? '' : String(each)));
  const isOther = meant.some((each, index) => each !== '' && is[index] !== '' && each !== is[index]);
  return Number(until) <= nowMs || isOther;
}
