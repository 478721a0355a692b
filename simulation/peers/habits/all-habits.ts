import { ADVICES_OF_NO_SERVICE, REFUND_ADVICES, TIPS, TIPS_ON_TIPS } from './advices.ts';
import {
  ANSWERS_AFTER_5_S,
  ANSWERS_REVERSALS_LATE,
  ECHOES_LESS,
  REFUSES_ADVICES,
  SWAPS_ANSWERS,
} from './answer-habits.ts';
import { BELIEVES_REFUSALS } from './believes-refusals.ts';
import { GARBLED_CHIP, LONG_CHIP } from './chip.ts';
import { CHIP_CERTIFICATES } from './chip-certificates.ts';
import {
  DE37_FOR_DE90,
  DE90_LOCAL_TIME,
  DE90_OF_THE_REPEAT,
  DE90_OF_ZEROS,
  DE90_WITHOUT_TIME,
  NO_DE90,
} from './de90.ts';
import type { Habit, HabitOfNetworks, HabitOfTerminals } from './habit.ts';
import {
  DECLINES_BY_85,
  OTHER_APPROVALS,
  REFUND_85,
  UNKNOWN_CODES,
  WAIT_FIRST,
  WITHOUT_CASH,
} from './issuer-codes.ts';
import type { LaterHabit } from './later-habit.ts';
import { LETTERS, LETTERS_IN_ANSWERS } from './letters.ts';
import { DOUBLED_BY_THE_LINE, FORGED_REQUESTS, LATE_BY_THE_LINE } from './line-habits.ts';
import { NEW_DE7_ON_REPEAT } from './new-de7-on-repeat.ts';
import { OLD_ADVICES } from './old-advices.ts';
import { OTHER_CLOCK } from './other-clock.ts';
import { OTHER_PORT } from './other-port.ts';
import {
  ACTS_AFTER_ITS_TIME_OUT,
  DUPLICATE_REVERSALS,
  FORGETS_EARLY_REVERSALS,
  REFUSES_PARTIAL_REVERSALS,
} from './reversal-answers.ts';
import { SILENT_ISSUER } from './silent-issuer.ts';
import { RRN_FOR_A_DAY } from './terminal-numbers.ts';
import {
  OTHER_TILL,
  OTHER_TILL_AFTER_CLOSE,
  REFUNDED_AT_ONCE,
  REVERSED_AFTER_CLOSE,
  REVERSES_FOR_ANOTHER_CARD,
  SAME_DE41,
  TELLS_AGAIN,
  VOID_REVERSED,
} from './tills.ts';
import { TIME_ZONE } from './time-zone.ts';
import { UNATTENDED_TILL } from './unattended.ts';

const PEERS = [
  OTHER_PORT,
  NEW_DE7_ON_REPEAT,
  BELIEVES_REFUSALS,
  OTHER_CLOCK,
  TIME_ZONE,
  RRN_FOR_A_DAY,
  DE90_WITHOUT_TIME,
  DE90_LOCAL_TIME,
  DE90_OF_THE_REPEAT,
  DE90_OF_ZEROS,
  NO_DE90,
  DE37_FOR_DE90,
  LETTERS,
  LETTERS_IN_ANSWERS,
  GARBLED_CHIP,
  LONG_CHIP,
  DOUBLED_BY_THE_LINE,
  LATE_BY_THE_LINE,
  OLD_ADVICES,
  FORGETS_EARLY_REVERSALS,
  ACTS_AFTER_ITS_TIME_OUT,
  DUPLICATE_REVERSALS,
  REFUSES_PARTIAL_REVERSALS,
  REFUND_85,
  DECLINES_BY_85,
  OTHER_APPROVALS,
  UNKNOWN_CODES,
  WITHOUT_CASH,
  WAIT_FIRST,
  ANSWERS_AFTER_5_S,
  ANSWERS_REVERSALS_LATE,
  SWAPS_ANSWERS,
  ECHOES_LESS,
  REFUSES_ADVICES,
  SILENT_ISSUER,
  UNATTENDED_TILL,
] as const satisfies readonly Habit[];

const LATER = [
  OTHER_TILL,
  SAME_DE41,
  VOID_REVERSED,
  REVERSED_AFTER_CLOSE,
  REVERSES_FOR_ANOTHER_CARD,
  TELLS_AGAIN,
  REFUNDED_AT_ONCE,
  TIPS,
  REFUND_ADVICES,
  ADVICES_OF_NO_SERVICE,
  FORGED_REQUESTS,
  CHIP_CERTIFICATES,
  TIPS_ON_TIPS,
  OTHER_TILL_AFTER_CLOSE,
] as const satisfies readonly LaterHabit[];

export type HabitName = (typeof PEERS)[number]['name'] | (typeof LATER)[number]['name'];

export const LATER_HABITS: readonly (LaterHabit & { readonly name: HabitName })[] = LATER;
/** Every habit there is. */
export const HABITS: readonly { readonly name: HabitName; readonly says: string; readonly share: number }[] =
  [...PEERS, ...LATER];

export function isHabitName(name: string): name is HabitName {
  return HABITS.some((habit) => habit.name === name);
}

export function terminalHabits(names: ReadonlySet<HabitName>): HabitOfTerminals[] {
  const habits: readonly Habit[] = PEERS.filter(({ name }) => names.has(name));
  return habits.flatMap(({ name, terminal }) => (terminal ? [{ name, terminal }] : []));
}

export function networkHabits(names: ReadonlySet<HabitName>): HabitOfNetworks[] {
  const habits: readonly Habit[] = PEERS.filter(({ name }) => names.has(name));
  return habits.flatMap(({ name, network }) => (network ? [{ name, network }] : []));
}
