import type { MovementRow } from '../projection/movement-rows.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { ACCOUNTS, type Account } from '../transaction/movements.ts';
import { dayStates, endOfDay } from './day-states.ts';

/** What was moved on a business day, by the journal alone. Once the day is over it never changes. */
export interface MovedLine {
  readonly network: string;
  /** ISO 4217 numeric. */
  readonly currency: string;
  readonly account: Account;
  /** `opened`: approved on the day; else what moved it later: void, reversal, captured … */
  readonly kind: string;
  readonly count: number;
  /** Signed, in minor units. */
  readonly amount: number;
}

type Moved = Omit<MovedLine, 'count'>;

export function movedOn(
  date: string | null,
  rows: readonly StoredTransaction[],
  movements: ReadonlyMap<string, readonly MovementRow[]>,
): MovedLine[] {
  if (date === null) return [];
  const lines = new Map<string, { -readonly [K in keyof MovedLine]: MovedLine[K] }>();
  for (const row of rows) {
    for (const moved of movedOf(row, movements.get(row.transaction) ?? [], date)) {
      const { network, currency, account, kind, amount } = moved;
      const key = `${network}|${currency}|${account}|${kind}`;
      const line = lines.get(key) ?? { ...moved, count: 0, amount: 0 };
      line.count += 1;
      line.amount += amount;
      lines.set(key, line);
    }
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

function movedOf(row: StoredTransaction, movements: readonly MovementRow[], date: string): Moved[] {
  const { network, currency } = row;
  const states = dayStates(row, movements, date);
  const opened = states.within.at(-1) ?? endOfDay(states);
  const first = ACCOUNTS.flatMap((account): Moved[] => {
    const amount = states.isOpenedThen ? opened[account] : 0;
    return amount === 0 ? [] : [{ network, currency, account, kind: 'opened', amount }];
  });
  const later = movements
    .filter(({ business_date: day }) => day === date)
    .map(({ account, kind, amount }): Moved => ({ network, currency, account, kind, amount }));
  return [...first, ...later];
}
