import type { NetworkFault } from '../faults.ts';
import type { SeededRandom } from '../world/seeded-random.ts';

/** How one message fares at a network: when it is acted on, when it is answered, and what becomes of the answer. */
export interface Fortune {
  readonly actAfterMs: number;
  readonly answerAfterMs: number;
  readonly loses?: 'request' | 'answer';
  readonly spoils?: 'stan' | 'rrn' | 'bytes' | 'cut short' | 'twice' | 'connection';
  /** Its answer and that of the next one are given each to the other. */
  readonly isSwapped?: true;
  /** First the answer says to wait (09); what it is comes so long after. */
  readonly announcedMs?: number;
}

const GRAY_LOSS = 0.1;

/** Where nothing is wrong. */
export function usualFortune(random: SeededRandom): Fortune {
  return { actAfterMs: random.between(0.5, 15), answerAfterMs: random.between(0.5, 25) };
}

/** @param sinceDeadlineMs how long ago the switch gave up waiting (negative: it still waits), if it is known */
export function fortuneUnder(
  kind: NetworkFault,
  usual: Fortune,
  sinceDeadlineMs: number | undefined,
  random: SeededRandom,
): Fortune {
  switch (kind) {
    case 'silent':
      return { ...usual, loses: random.chance(0.5) ? 'request' : 'answer' };
    case 'slow':
      return { ...usual, answerAfterMs: random.between(200, 4_000) };
    case 'slow-to-act':
      return { ...usual, actAfterMs: random.between(500, 8_000) };
    case 'gray':
      if (random.chance(GRAY_LOSS)) return { ...usual, loses: 'answer' };
      return { ...usual, answerAfterMs: random.between(300, 2_500) };
    case 'at-the-deadline':
      return { ...usual, answerAfterMs: aroundDeadline(sinceDeadlineMs, usual.actAfterMs, random) };
    case 'spoilt':
      return {
        ...usual,
        spoils: random.pick(['stan', 'rrn', 'bytes', 'cut short', 'twice', 'connection'] as const),
      };
  }
}

/** Aims an answer at the moment in which the switch gives up: a millisecond before, after, or just then. */
function aroundDeadline(
  sinceDeadlineMs: number | undefined,
  actAfterMs: number,
  random: SeededRandom,
): number {
  if (sinceDeadlineMs === undefined) return 10;
  const aim = random.pick([-1, -0.5, -0.001, 0, 0.001, 0.5, 1] as const);
  const journeyMs = random.between(0.05, 2);
  return Math.max(0, aim - journeyMs - sinceDeadlineMs - actAfterMs);
}
