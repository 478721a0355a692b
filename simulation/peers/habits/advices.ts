import { THOUSAND } from '../../orders.ts';
import { toldOfNoService } from '../strangers.ts';
import type { LaterHabit } from './later-habit.ts';

// What is told afterwards is not always a sale: DE3 decides.

const OFTEN = 0.4;
const FIFTH = 5;
const MOST_TIPS = 3;
const APART_MS = 6_000;

/** DE4 of the advice is the new total, DE54 the tip; it may come again, with another one. */
export const TIPS = {
  name: 'tips',
  says: 'tells of a tip after the sale (0220, DE3 02): the sale gets another amount',
  share: 0.15,
  plan(payment, { later }, random) {
    if (payment.side !== 'captured' || !random.chance(OFTEN)) return;
    const times = random.chance(0.3) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      later('tip', 200, 12_000, () => {
        const tenths = 1 + random.integer(4);
        const tip = Math.max(1, Math.floor((payment.amount * tenths) / 20 / THOUSAND)) * THOUSAND;
        return payment.tip(payment.amount + tip);
      });
    }
  },
} as const satisfies LaterHabit;

/** Each tip is a share of what is on the slip by then, the tips before it included: so the second may be too much. */
export const TIPS_ON_TIPS = {
  name: 'tips-on-tips',
  says: 'tells of tips one after the other, each of a fifth of all that stands by then',
  share: 0.12,
  plan(payment, { later }, random) {
    if (payment.side !== 'captured' || !random.chance(OFTEN)) return;
    const tip = () => {
      const { minorUnits } = payment.standing;
      return payment.tip(minorUnits + Math.floor(minorUnits / FIFTH / THOUSAND) * THOUSAND);
    };
    for (let time = 0; time < MOST_TIPS; time += 1) {
      later('tip on a tip', time * APART_MS, (time + 1) * APART_MS, tip);
    }
  },
} as const satisfies LaterHabit;

/** Drawn with all other payments: see `Workload`. */
export const REFUND_ADVICES = {
  name: 'refund-advices',
  says: 'tells of refunds that it made by itself (0220, DE3 20)',
  share: 0.15,
  plan(payment, { later }) {
    if (payment.order.kind === 'refund-advice') later('refund told', 0, 1, () => true);
  },
} as const satisfies LaterHabit;

/** A balance inquiry, a transfer, a payment: DE3 of what no terminal here can have done by itself. */
const NO_SERVICES = ['310000', '400000', '500000', '920000'] as const;

/** Nobody may guess what money it moved: people are told, and no network. */
export const ADVICES_OF_NO_SERVICE = {
  name: 'advices-of-no-service',
  says: 'tells of things that are no service here (0220 with DE3 31, 40, 50, 92)',
  share: 0.12,
  plan(payment, { later }, random) {
    if (!random.chance(OFTEN)) return;
    const processing = random.pick(NO_SERVICES);
    const thousands = 1 + random.integer(100);
    later('advice of no service', 0, 12_000, () =>
      toldOfNoService(payment, processing, thousands * THOUSAND),
    );
  },
} as const satisfies LaterHabit;
