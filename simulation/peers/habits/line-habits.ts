import { forge } from '../strangers.ts';
import type { Habit } from './habit.ts';
import type { LaterHabit } from './later-habit.ts';

// What happens to messages between a terminal and the switch.

const OFTEN = 0.3;

/** A concentrator that sends twice what it was not sure of. The terminal does not know, and believes any answer. */
export const DOUBLED_BY_THE_LINE = {
  name: 'doubled-by-the-line',
  says: 'is on a line that delivers some of its messages twice, which it does not know',
  share: 0.15,
  terminal: { doubles: (random) => random.chance(OFTEN) },
} as const satisfies Habit;

/** What nobody sends, each refused elsewhere; and what anybody might. */
const WRONGS = [
  {},
  { de49: undefined },
  { de3: '770000' },
  { de2: undefined },
  { de4: '000000000000' },
  { mti: '0600' },
] as const;

/** What it holds back arrives when its terminal has asked again, or taken it back. */
export const LATE_BY_THE_LINE = {
  name: 'late-by-the-line',
  says: 'is on a line that holds some of its messages back for seconds, behind what is sent later',
  share: 0.12,
  terminal: {
    delays: (random) => (random.chance(OFTEN) ? random.between(1_000, 12_000) : undefined),
  },
} as const satisfies Habit;

/** It has no key: what it is answered must be of no use to it. */
export const FORGED_REQUESTS = {
  name: 'forged-requests',
  says: 'has somebody on its line who sends requests in its name, badly sealed and badly formed',
  share: 0.15,
  plan(payment, { later }, random) {
    if (!random.chance(OFTEN)) return;
    const change = random.pick(WRONGS);
    later('forged request', 0, 8_000, () => forge(payment, change));
  },
} as const satisfies LaterHabit;
