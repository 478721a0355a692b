import type { IssuerWord } from '../network-ledger.ts';
import type { Asked, Habit } from './habit.ts';

// What issuers say that is neither 00 nor a plain decline. Which of it approves differs from network to network.

const RARELY = 0.25;
const HALF = 0.5;
/** DE3, positions 1 and 2. */
const CASHBACK = '09';
const REFUND = '20';
const PURCHASE = '00';

export const REFUND_85 = {
  name: 'refund-85',
  says: 'approves refunds with 85, no reason to decline',
  share: 0.15,
  network: {
    decides: (asked) => (serviceOf(asked) === REFUND ? { code: '85', isApproval: true } : undefined),
  },
} as const satisfies Habit;

/** What approves a refund says of a sale that there is none: its terminal must not read an approval. */
export const DECLINES_BY_85 = {
  name: 'declines-by-85',
  says: 'declines sales with 85, which elsewhere is an approval',
  share: 0.12,
  network: {
    decides: (asked, random) =>
      serviceOf(asked) === PURCHASE && random.chance(RARELY) ? { code: '85', isApproval: false } : undefined,
  },
} as const satisfies Habit;

/** 08: approved, look at the papers; 11 and 16: approved, as for important people and with a track to update. */
export const OTHER_APPROVALS = {
  name: 'other-approvals',
  says: 'approves with 08, 11 or 16 where its table has them (Visa: 11)',
  share: 0.12,
  network: {
    decides: ({ network, message }, random) => {
      if (!random.chance(RARELY) || message.de3?.startsWith('3')) return undefined;
      const code = network === 'visa' ? '11' : random.pick(['08', '11', '16'] as const);
      return { code, isApproval: true };
    },
  },
} as const satisfies Habit;

/** Whether the issuer holds anything under it, nobody knows: both happen. */
export const UNKNOWN_CODES = {
  name: 'unknown-codes',
  says: 'answers with a code that is in no table, and holds the money or does not',
  share: 0.12,
  network: {
    decides: ({ network }, random): IssuerWord | undefined => {
      if (!random.chance(RARELY)) return undefined;
      const code = network === 'visa' ? random.pick(['08', '16', 'Q9'] as const) : 'Q9';
      return { code, isApproval: random.chance(HALF) };
    },
  },
} as const satisfies Habit;

/** The goods, and none of the cash: less than was asked. */
export const WITHOUT_CASH = {
  name: 'without-cash',
  says: 'approves the purchase of a cashback without the cash (87)',
  share: 0.12,
  network: {
    decides: (asked, random) => {
      const { de4, de54 } = asked.message;
      const cash = Number(de54?.find(({ amountType }) => amountType === '40')?.amount ?? 0);
      if (asked.network === 'visa' || serviceOf(asked) !== CASHBACK || cash === 0) return undefined;
      return random.chance(HALF) ? { code: '87', amount: Number(de4) - cash, isApproval: true } : undefined;
    },
  },
} as const satisfies Habit;

/** 09: the request is in work, the answer follows. */
export const WAIT_FIRST = {
  name: 'wait-first',
  says: 'answers with 09 first, and says later what came of it',
  share: 0.2,
  network: {
    fares: (fortune, { network, message }, random) => {
      const isRequest = message.mti.startsWith('010') || message.mti.startsWith('020');
      const isHit = network === 'iso87' && isRequest && random.chance(RARELY);
      return isHit ? { ...fortune, announcedMs: random.between(20, 2_500) } : fortune;
    },
  },
} as const satisfies Habit;

function serviceOf({ message }: Asked): string | undefined {
  return message.de3?.slice(0, 2);
}
