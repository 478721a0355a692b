import type { EntryBodies } from './entries.ts';
import { shareOut } from './increments.ts';
import type { Draft, Transaction, VoidOf } from './state.ts';

// What a void leaves in the state of its transaction. The terminal may reverse it, and then what it took back stands
// again: so that is kept beside it. To find it out by folding the entries up to the void again was rejected, since what
// the legs have told meanwhile would be lost.

/** What the repeat of a void hears that its reversal has undone. */
const NOT_EXECUTED = '12';

/** Only a void can be reversed, and only what stood before it. */
export function keepForItsReversal(draft: Draft, body: EntryBodies['taken-back']): void {
  const { by, key, original, toldFrom = 0 } = body;
  if (by !== 'void') return;
  const { state, standingMinorUnits } = draft;
  const increments = draft.increments.map((each) => ({ ...each }));
  draft.voids.push({
    key,
    original,
    toldFrom,
    isTold: false,
    isReversed: false,
    before: { state, standingMinorUnits, increments },
  });
}

/** The network knows of it, or may: it cannot be reversed any more as if nothing had happened. */
export function voidTold(draft: Draft): void {
  changeLastVoid(draft, { isTold: true });
}

/** Who repeats the void hears from now on that it was reversed. */
export function reverseVoid(draft: Draft, { void: key, reply }: EntryBodies['void-reversed']): void {
  const before = draft.voids.at(-1)?.before;
  if (!before) return;
  draft.standingMinorUnits = before.standingMinorUnits;
  for (const increment of draft.increments) {
    const was = before.increments.find((each) => each.key === increment.key);
    if (was?.state !== 'approved') continue;
    // What its terminal reversed beside the void stays reversed.
    if (increment.state === 'closed') draft.standingMinorUnits -= was.standingMinorUnits;
    else Object.assign(increment, { standingMinorUnits: was.standingMinorUnits });
  }

  changeLastVoid(draft, { isReversed: true });
  delete draft.takenBack;
  draft.replies.set(key, { ...reply, code: NOT_EXECUTED });
}

/** Whether a void took it back which its own reversal may still undo, or ask the network to. */
export function isVoided({ takenBack, voids }: Pick<Transaction, 'takenBack' | 'voids'>): boolean {
  return takenBack === 'void' && voids.at(-1)?.isReversed === false;
}

/** A part was reversed beside the void: where the void is undone, no more than the rest stands again. */
export function leaveNoMoreAgain(draft: Draft, remainingMinorUnits: number): void {
  const last = draft.voids.at(-1);
  if (!last) return;
  const { standingMinorUnits, increments } = last.before;
  if (remainingMinorUnits >= standingMinorUnits) return;
  const whole = {
    standingMinorUnits,
    networkMinorUnits: draft.networkMinorUnits,
    increments: increments.map((each) => ({ ...each })),
  };
  shareOut(whole, remainingMinorUnits);
  changeLastVoid(draft, {
    before: { ...last.before, standingMinorUnits: remainingMinorUnits, increments: whole.increments },
  });
}

function changeLastVoid(draft: Draft, change: Partial<VoidOf>): void {
  const last = draft.voids.pop();
  if (last) draft.voids.push({ ...last, ...change });
}

/** The network knows of one amount, and of no increment any more: that is so for what stands again, too. */
export function knowTakenAlong(draft: Draft): void {
  const last = draft.voids.at(-1);
  if (!last) return;
  const increments = last.before.increments.map((each) => ({ ...each, standingMinorUnits: 0 }));
  changeLastVoid(draft, { before: { ...last.before, increments } });
}
