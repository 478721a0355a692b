import type { Notice } from './notice.ts';
import type { Side } from './services.ts';

/** What the terminal believes to stand of an approved payment, in minor units, and where. */
export interface Standing {
  readonly side: Side | undefined;
  readonly minorUnits: number;
}

/** What cannot be undone any more is answered so. */
const TOO_LATE = '12';

/** @param approved as it was told @param notices what it said about it afterwards: what was accepted counts */
export function standingOf(side: Side, approved: number, notices: readonly Notice[]): Standing {
  const counting = notices.filter((notice) => counts(notice, notices)).map(({ order }) => order);
  // A tip is told where nothing else was: what comes after it is less.
  const whole = counting.findLast(({ kind }) => kind === 'tip')?.remaining ?? approved;
  const less = counting.filter(({ kind }) => kind !== 'tip').map(({ remaining }) => remaining);
  const minorUnits = Math.min(whole, ...less);
  const isCompleted = counting.some(({ kind }) => kind === 'completion');
  return { side: isCompleted ? 'captured' : side, minorUnits };
}

function counts(notice: Notice, notices: readonly Notice[]): boolean {
  const { kind } = notice.order;
  if (kind === 'void reversal') return false;
  const undone =
    kind === 'void' ? notices.find(({ order }) => order.undoes === notice.order.message) : undefined;
  if (!undone) return notice.isAccepted;
  if (undone.isAccepted) return false;
  return notice.isAccepted || (notice.outcome === undefined && undone.outcome === TOO_LATE);
}
