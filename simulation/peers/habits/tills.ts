import { partOf, TEST_CARDS } from '../../orders.ts';
import type { Payment } from '../payment.ts';
import { reversedForAnotherCard, takenBackByStranger } from '../strangers.ts';
import type { LaterHabit } from './later-habit.ts';

const OFTEN = 0.35;
const SOON_MS = 300;
const LATE_MS = 20_000;

/** The other till, the reception desk: what one sold another voids, completes, refunds. */
export const OTHER_TILL = {
  name: 'other-till',
  says: 'voids, completes and refunds what another till of the same merchant sold',
  share: 0.2,
  plan(payment, { beside, later, refund }, random) {
    const [other] = beside;
    if (!other || !payment.side || !random.chance(OFTEN)) return;
    const what = random.pick(['void', 'completion', 'refund'] as const);
    later(`${what} at another till`, SOON_MS, LATE_MS, () => {
      if (other.isSettling) return false;
      if (what === 'void') return payment.void({ at: other });
      if (what === 'refund') return payment.side !== 'refunded' && refund(payment, other);
      const isHeld = payment.order.kind === 'pre-authorisation';
      return isHeld && payment.complete(partOf(payment.amount, random), other);
    });
  },
} as const satisfies LaterHabit;

/** DE41 is unique only within DE42: nothing that the one says may touch what the other sold. */
export const SAME_DE41 = {
  name: 'same-de41',
  says: 'has the DE41 of another merchant, and takes back by number what that one sold',
  share: 0.15,
  plan(payment, { elsewhere, later }, random) {
    const { id } = payment.terminal.settings;
    const namesake = elsewhere.find(({ settings }) => settings.id === id);
    if (!namesake || !payment.side || !random.chance(OFTEN)) return;
    const what = random.pick(['void', 'reversal'] as const);
    later(`${what} by a namesake`, SOON_MS, LATE_MS, () => takenBackByStranger(payment, what, namesake));
  },
} as const satisfies LaterHabit;

/** A number was taken from the wrong slip: what the numbers lead to is not what is meant. */
export const REVERSES_FOR_ANOTHER_CARD = {
  name: 'reverses-for-another-card',
  says: 'reverses with the numbers of one payment and the card of another',
  share: 0.12,
  plan(payment, { later }, random) {
    if (!payment.side || !random.chance(OFTEN)) return;
    const pan = random.pick([...TEST_CARDS.visa, ...TEST_CARDS.iso87]);
    later('reversal for another card', SOON_MS, LATE_MS, () => reversedForAnotherCard(payment, pan));
  },
} as const satisfies LaterHabit;

/** A void that was not heard of is reversed, as any request is: the sale stands again, or 12 says that it cannot. */
export const VOID_REVERSED = {
  name: 'void-reversed',
  says: 'reverses a void that it has not heard an answer to',
  share: 0.15,
  plan(payment, { later }, random) {
    if (!payment.side || payment.side === 'refunded' || !random.chance(OFTEN)) return;
    const afterMs = random.pick([
      random.between(0, 60),
      random.between(60, 3_000),
      random.between(3_000, 9_000),
    ]);
    const beside = random.stream('beside');
    const left = partOf(payment.amount, beside);
    later('void that will be reversed', SOON_MS, LATE_MS, () => {
      const isBegun = payment.voidAndReverse(afterMs);
      if (isBegun && beside.chance(OFTEN)) partBeside(payment, left, beside.between(0, afterMs));
      return isBegun;
    });
    if (!random.chance(OFTEN)) return;
    const remaining = partOf(payment.amount, random);
    later('part of what is voided', SOON_MS, LATE_MS, () => {
      payment.takeBackPart(remaining);
      return true;
    });
  },
} as const satisfies LaterHabit;

/** Before the void is answered, or its reversal said. */
function partBeside(payment: Payment, remaining: number, afterMs: number): void {
  const { terminal } = payment;
  terminal.process.clock.after(afterMs, () => {
    if (!terminal.isSettling) payment.takeBackPart(remaining);
  });
}

/** The batch is closed, then the customer is back at the till: a reversal is never refused for that. */
export const REVERSED_AFTER_CLOSE = {
  name: 'reversed-after-close',
  says: 'reverses and voids what is in a batch that it has closed',
  share: 0.15,
  plan(payment, { later }, random) {
    if (!random.chance(OFTEN)) return;
    const what = random.chance(0.7) ? 'reversal' : 'void';
    later(`${what} after the batch`, LATE_MS, LATE_MS + 5_000, () => {
      if (!payment.isSettled) return false;
      return what === 'void' ? payment.void() : payment.reverse();
    });
  },
} as const satisfies LaterHabit;

/** The customer comes back in the evening, to whichever till is free: the sale is in a batch of another one. */
export const OTHER_TILL_AFTER_CLOSE = {
  name: 'other-till-after-close',
  says: 'voids and refunds what is in a batch that another till of the same merchant has closed',
  share: 0.12,
  plan(payment, { beside, later, refund }, random) {
    const [other] = beside;
    if (!other || !payment.side) return;
    const what = random.chance(0.7) ? 'void' : 'refund';
    later(`${what} at another till after the batch`, LATE_MS, LATE_MS + 8_000, () => {
      if (!payment.isSettled || other.isSettling) return false;
      return what === 'void'
        ? payment.void({ at: other })
        : payment.side === 'captured' && refund(payment, other);
    });
  },
} as const satisfies LaterHabit;

/** What it has in its memory it tells again, heard or not. */
export const TELLS_AGAIN = {
  name: 'tells-again',
  says: 'crashes, and tells once more all that it remembers: advices, reversals, voids, completions',
  share: 0.15,
  plan(payment, { later }, random) {
    if (!random.chance(OFTEN)) return;
    later('all again after a crash', SOON_MS, LATE_MS, () => payment.tellAllAgain());
  },
} as const satisfies LaterHabit;

/** The customer stands at one till with the goods, and somebody has called the other: both refund it. */
export const REFUNDED_AT_ONCE = {
  name: 'refunded-at-once',
  says: 'refunds a payment at two tills in the same moment, or twice at one',
  share: 0.12,
  plan(payment, { beside, later, refund }, random) {
    if (payment.side !== 'captured' || !random.chance(OFTEN)) return;
    later('two refunds at once', SOON_MS, LATE_MS, () => {
      const [other = payment.terminal] = beside;
      if (other.isSettling) return false;
      return refund(payment, payment.terminal) && refund(payment, other);
    });
  },
} as const satisfies LaterHabit;
