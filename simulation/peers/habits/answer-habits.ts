import type { HostMessage } from '../../../simulators/network/host-dialect.ts';
import type { Asked, Habit } from './habit.ts';

// What becomes of a network's answers: late, swapped, with less in them than was asked.

const SOMETIMES = 0.3;
const OFTEN = 0.7;
const LATE_MS = 5_000;
const NEVER_MIND = '05';

export const ANSWERS_AFTER_5_S = {
  name: 'answers-after-5-s',
  says: 'answers now and then after 5 s, as if that were no time',
  share: 0.12,
  network: {
    fares: (fortune, asked, random) =>
      isOfMoney(asked) && random.chance(SOMETIMES) ? { ...fortune, answerAfterMs: LATE_MS } : fortune,
  },
} as const satisfies Habit;

/** What nobody waits for at a till it answers when it comes to it: just when its asker has stopped listening. */
export const ANSWERS_REVERSALS_LATE = {
  name: 'answers-reversals-late',
  says: 'answers every reversal after 5 s',
  share: 0.1,
  network: {
    fares: (fortune, { message: { mti } }) =>
      mti.startsWith('04') ? { ...fortune, answerAfterMs: LATE_MS } : fortune,
  },
} as const satisfies Habit;

/** The numbers are those of the one, and card, amount and decision those of the other. */
export const SWAPS_ANSWERS = {
  name: 'swaps-answers',
  says: 'gives two payments that it was asked at once each the answer of the other',
  share: 0.1,
  network: {
    fares: (fortune, asked, random) =>
      isRequest(asked) && random.chance(OFTEN) ? { ...fortune, isSwapped: true } : fortune,
  },
} as const satisfies Habit;

/** Elements that nobody needs in order to find what an answer is to. */
export const ECHOES_LESS = {
  name: 'echoes-less',
  says: 'leaves out of its answers what it was told: DE7, DE3, DE25, DE32, DE42, and what it did not change',
  share: 0.15,
  network: {
    answers: (reply, asked) => (isOfMoney(asked) ? withoutEcho(reply) : reply),
  },
} as const satisfies Habit;

export const REFUSES_ADVICES = {
  name: 'refuses-advices',
  says: 'refuses to be told of what was decided elsewhere',
  share: 0.1,
  network: {
    refuses: ({ message }) => (isAdvice(message) && isOdd(message) ? NEVER_MIND : undefined),
  },
} as const satisfies Habit;

/** The same advice is answered alike, however often it is told. */
function isOdd({ de4 }: HostMessage): boolean {
  return Number(de4) % 2 === 1;
}

function isAdvice({ mti }: HostMessage): boolean {
  return mti.startsWith('012') || mti.startsWith('022');
}

function withoutEcho(reply: HostMessage): HostMessage {
  const { de7: _, de3: _3, de25: _25, de32: _32, de42: _42, ...rest } = reply;
  return rest;
}

function isOfMoney({ message }: Asked): boolean {
  return !message.mti.startsWith('08');
}

function isRequest({ message }: Asked): boolean {
  return message.mti.startsWith('010') || message.mti.startsWith('020');
}
