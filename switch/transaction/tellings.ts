import type { CompletionPart, EntryBodies } from './entries.ts';
import type { Increment } from './increments.ts';
import { isLast } from './several-completions.ts';

// What the network is told about a transaction behind what began it, each by a message of its own: that the amount is
// another, or one of several completions. They are kept in the order in which they came, until each is acknowledged.

/** Something about a transaction that the network is told by a message of its own. */
export interface Telling extends Pick<CompletionPart, 'stan' | 'transmittedAt' | 'minorUnits'> {
  readonly key: string;
  /** Of one of several completions; absent: the amount is another than before. */
  readonly part?: CompletionPart;
  readonly isTold: boolean;
}

/** Another amount than before, by the keys that find the message that said so. */
export interface Adjustment {
  readonly key: string;
  readonly original: string | undefined;
  /** What stood with it. */
  readonly minorUnits: number;
  /** What stands once it is reversed. */
  readonly beforeMinorUnits: number;
}

interface Adjusted {
  readonly standingMinorUnits: number;
  untippedMinorUnits?: number;
  adjustments: readonly Adjustment[];
}

export function adjust(draft: Adjusted, { key, original, minorUnits }: EntryBodies['adjusted']): void {
  const beforeMinorUnits = draft.standingMinorUnits;
  draft.untippedMinorUnits ??= beforeMinorUnits;
  draft.adjustments = [...draft.adjustments, { key, original, minorUnits, beforeMinorUnits }];
}

/** A part was taken back: no reversal of an adjustment brings it up again. */
export function leaveNoMore(draft: Adjusted, remainingMinorUnits: number): void {
  if (draft.untippedMinorUnits !== undefined) {
    draft.untippedMinorUnits = Math.min(draft.untippedMinorUnits, remainingMinorUnits);
  }
  draft.adjustments = draft.adjustments.map((each) => ({
    ...each,
    beforeMinorUnits: Math.min(each.beforeMinorUnits, remainingMinorUnits),
  }));
}

interface Told {
  tellings: readonly Telling[];
  readonly capturedMinorUnits?: number;
}

/** What was to be told before, and was not, is overtaken where the amount itself is replaced. */
export function tell(
  draft: Told,
  { key, stan, transmittedAt, minorUnits, part }: Omit<Telling, 'isTold'>,
): void {
  const kept = part ? draft.tellings : draft.tellings.filter(({ isTold, part: other }) => isTold || other);
  const telling = { key, stan, transmittedAt, minorUnits, ...(part && { part }), isTold: false };
  draft.tellings = [...kept, telling];
}

/** The network has acknowledged it. @returns what it was told, where that is still known */
export function toldToNetwork(draft: Told, key: string): Telling | undefined {
  const telling = draft.tellings.find((each) => each.key === key);
  draft.tellings = draft.tellings.map((each) => (each === telling ? { ...each, isTold: true } : each));
  return telling;
}

/** The network wants to hear no more of it. @param key absent where nobody wrote down of which: then of all */
export function endTellings(draft: Told, key: string | undefined): void {
  draft.tellings = draft.tellings.map((each) =>
    key === undefined || each.key === key ? { ...each, isTold: true } : each,
  );
}

/** What the network holds once it was told; nothing where more of it is to come, and the rest stays held. */
export function heldAfter(
  { part, minorUnits }: Telling,
  { capturedMinorUnits = 0 }: Told,
): number | undefined {
  if (!part) return minorUnits;
  return isLast(part) ? capturedMinorUnits : undefined;
}

interface Lived {
  holdUntil?: number | undefined;
  isHoldWarned: boolean;
  readonly increments: readonly Pick<Increment, 'key' | 'facts'>[];
}

/** An increment begins a hold's days anew where its scheme says so. */
export function extendHold(draft: Lived, { key, approved }: EntryBodies['increment-decided']): void {
  const life = draft.increments.find((each) => each.key === key)?.facts.hold;
  if (!approved || !life?.isExtended) return;
  draft.holdUntil = Math.max(draft.holdUntil ?? 0, life.until);
  draft.isHoldWarned = false;
}
