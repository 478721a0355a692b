// What the model is given of a run: what each party wrote down for itself, as plain data. Nothing here is the switch's,
// but what people see of it (cases and parked work), since that is part of what the docs promise.

/** Where money of a payment is. */
export type Account = 'held' | 'captured' | 'refunded';
export type Sums = Readonly<Record<Account, number>>;

/** What a terminal said about a payment after it, from its first sending to its answer. */
export interface ToldLater {
  readonly kind: 'reversal' | 'partial reversal' | 'void' | 'void reversal' | 'completion' | 'tip';
  readonly from: number;
  /** Absent: it was never answered for good. */
  readonly to?: number;
  /** DE39 of that answer. */
  readonly code?: string;
  /** What stays, is taken, or is the new total, in minor units. */
  readonly minorUnits: number;
  /** Its seal was broken: nothing may come of it. */
  readonly isForged: boolean;
  /** It names a repeat by a DE7 that only that one had: whoever never heard that finds nothing. */
  readonly namesRepeat: boolean;
  /** Of the reversal of a void: the place of the void among these. */
  readonly undoes?: number;
}

/** One payment, by its terminal's own record. */
export interface PaymentRecord {
  readonly id: string;
  /** The last three digits of its amount, which are those of nothing else. */
  readonly number: number;
  readonly kind: string;
  /** Where its money goes; absent: nothing moves. */
  readonly account: Account | undefined;
  readonly terminal: string;
  readonly merchant: string;
  readonly network: string;
  readonly pan: string;
  readonly currency: string;
  readonly minorUnits: number;
  /** Of a cashback: what is handed out. */
  readonly cash: number;
  /** It has happened already, and is only told of. */
  readonly isTold: boolean;
  /** Whether its terminal can ask for the rest of what is approved in part. */
  readonly takesPart: boolean;
  /** Nobody stands there who could look at papers. */
  readonly isUnattended: boolean;
  /** The seal was broken, the PIN wrong or the chip data none: it may not be approved. */
  readonly isBad: boolean;
  readonly from: number;
  /** What its terminal believed first; absent: it heard nothing. */
  readonly answer?: {
    readonly at: number;
    readonly code: string;
    readonly minorUnits: number;
    readonly approvalCode?: string;
  };
  /** DE37, its own or as it was told. */
  readonly rrn: string | undefined;
  readonly later: readonly ToldLater[];
  /** Of a refund: the id of the payment that it gives back. */
  readonly refunds?: string;
  /** By this name a network knows it. */
  readonly name: string;
}

/** One line of a network's ledger. */
export interface NetworkLine extends Sums {
  readonly network: string;
  readonly name: string;
  readonly number: number;
  readonly approved: number;
  readonly code: string;
  readonly approvalCode: string;
  /** Nobody asked: the network was told. */
  readonly isAdvised: boolean;
}

export interface ProofLine {
  readonly number: number;
  readonly currency: string;
  readonly minorUnits: number;
  readonly status: string;
}

/** What people see: a case, or a follow-up that was given up. */
export interface Attention {
  readonly number: number;
  /** The kind of the case, or the task. */
  readonly what: string;
}

export interface BatchRecord {
  readonly merchant: string;
  readonly terminal: string;
  readonly currency: string;
  readonly from: number;
  readonly to: number;
}

export interface Limit {
  readonly currency: string;
  readonly count: number;
  readonly minorUnits: number;
}

/** What was agreed on before. */
export interface Terms {
  /** Merchants whose sales the consensus witnesses. */
  readonly witnessed: ReadonlySet<string>;
  /** What may be stood in for, by merchant; who is not there has no stand-in. */
  readonly standIn: ReadonlyMap<string, readonly (Limit & { readonly floor: number })[]>;
  readonly perCard: readonly Limit[];
  readonly listedCards: readonly string[];
  /** Where days are cut, in milliseconds of the run; nothing where clocks were moved. */
  readonly midnight: number | undefined;
}

export interface Records {
  readonly payments: readonly PaymentRecord[];
  readonly lines: readonly NetworkLine[];
  readonly proofs: readonly ProofLine[];
  readonly attention: readonly Attention[];
  readonly batches: readonly BatchRecord[];
  readonly terms: Terms;
}

/** Where answers or ledgers are not as the docs say that they must be, in words. */
export interface Finding {
  /** The payment, or the name that a network knows something by. */
  readonly payment: string;
  readonly what: string;
}
