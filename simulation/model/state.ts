import type { Account, Sums } from './records.ts';

/** What the docs say that a payment is, and what of it stands. */
export interface State extends Sums {
  /** `barred`: its reversal came first, so it will be refused (originals.md, "Remembered"). */
  readonly life: 'unasked' | 'barred' | 'refused' | 'stands' | 'gone';
  readonly isCompleted: boolean;
  /** It is in a batch that is closed. */
  readonly isSettled: boolean;
  /** Of a void that may still be undone: what stood before it. */
  readonly before?: Sums;
  /** The reversal of a void came before that void: its place among what was told later. */
  readonly barredVoid?: number;
}

/** A payment and its refunds, in this order: the refunds are taken of it. */
export type Family = readonly State[];

export const NOTHING: Sums = { held: 0, captured: 0, refunded: 0 };
export const UNASKED: State = {
  ...NOTHING,
  life: 'unasked',
  isCompleted: false,
  isSettled: false,
};

export function sumOf({ held, captured, refunded }: Sums): number {
  return held + captured + refunded;
}

export function standing(state: State, account: Account, minorUnits: number): State {
  return { ...state, ...NOTHING, life: 'stands', [account]: minorUnits };
}

/** Each account brought down to what remains. */
export function downTo(state: State, remaining: number): State {
  return {
    ...state,
    held: Math.min(state.held, remaining),
    captured: Math.min(state.captured, remaining),
    refunded: Math.min(state.refunded, remaining),
  };
}

export function gone({ before: _, ...state }: State): State {
  return { ...state, ...NOTHING, life: 'gone' };
}

/** What its refunds have given back of a payment for certain. */
export function givenBack([, ...refunds]: Family): number {
  return refunds.reduce((sum, { refunded }) => sum + refunded, 0);
}

export function withState(family: Family, place: number, state: State): Family {
  return family.map((each, index) => (index === place ? state : each));
}
