/** Sums per currency and kind of effect; amounts in minor units. */
export type Totals = Record<string, Record<string, { count: number; amount: number }>>;

export interface Tally {
  add(currency: string, kind: string, amount: number): void;
  totals(): Totals;
}

export function tally(): Tally {
  const totals: Totals = {};
  return {
    add(currency, kind, amount) {
      totals[currency] ??= {};
      const sums = totals[currency];
      sums[kind] ??= { count: 0, amount: 0 };
      sums[kind].count += 1;
      sums[kind].amount += amount;
    },
    totals: () => totals,
  };
}
