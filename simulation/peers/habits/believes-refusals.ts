import type { Habit } from './habit.ts';

/**
 * Most terminals take any answer for the answer, be it to a repeat: nobody tells them that a refusal for want of time
 * says nothing of the first request. So a repeat that cannot be served must stay unanswered.
 */
export const BELIEVES_REFUSALS = {
  name: 'believes-refusals',
  says: 'takes a 96 for the end of it, also where it is the answer to its repeat',
  share: 0.15,
  terminal: { believesRefusals: true },
} as const satisfies Habit;
