import type { Moves, NetworkRow } from './rows.ts';

/** What a card owns where nobody set its funds: 10,000.00 of a currency with two decimals. */
const UNLIMITED_SHOWS = 1_000_000;

/** Sums of moves, in minor units. */
export type Standing = Required<Moves>;

type Holder = Pick<NetworkRow, 'card' | 'currency'>;

/** What stands on each card and in each currency. */
export interface CardAccounts {
  apply(row: NetworkRow): void;
  /** Whether the card can spend so much more. */
  covers(holder: Holder, amount: number): boolean;
  /** In minor units; `ledger` does not know of holds, `available` does. Negative: in debit. */
  balance(holder: Holder): { ledger: number; available: number };
  positions(): Record<string, Standing>;
}

/** @param funds of every card per currency; absent: no limit */
export function cardAccounts(funds: number | undefined): CardAccounts {
  const cards = new Map<string, Standing>();
  const positions: Record<string, Standing> = {};

  const balance = ({ card, currency }: Holder) => {
    const { captured, held, refunded } = cards.get(`${card.reference}|${currency}`) ?? nothing();
    const ledger = (funds ?? UNLIMITED_SHOWS) - captured + refunded;
    return { ledger, available: ledger - held };
  };

  return {
    apply({ card, currency, moves }) {
      if (!moves) return;
      const key = `${card.reference}|${currency}`;
      const standing = cards.get(key) ?? nothing();
      cards.set(key, standing);
      positions[currency] ??= nothing();
      add(standing, moves);
      add(positions[currency], moves);
    },
    covers: (holder, amount) => funds === undefined || balance(holder).available >= amount,
    balance,
    positions: () => positions,
  };
}

function nothing(): Standing {
  return { held: 0, captured: 0, refunded: 0 };
}

function add(standing: Standing, { held = 0, captured = 0, refunded = 0 }: Moves): void {
  standing.held += held;
  standing.captured += captured;
  standing.refunded += refunded;
}
