import type { PaymentKind } from './services.ts';

/** What a terminal was told of a payment, by which it refers to it. */
export interface Referred {
  /** DE37. */
  readonly rrn: string | undefined;
  /** DE38. */
  readonly approvalCode: string | undefined;
}

export interface PaymentOrder {
  readonly kind: PaymentKind;
  readonly mti: string;
  /** 0400 or 0420. */
  readonly reversalMti: string;
  readonly pan: string;
  /** Minor units; the last three digits are no other payment's of the run, and stay whatever is left of it. */
  readonly amount: number;
  /** Of a cashback: what is handed out, in whole thousands of minor units. */
  readonly cash: number | undefined;
  readonly currency: string;
  /** Of a refund: what is refunded; absent: nothing that the terminal knows. */
  readonly refersTo: Referred | undefined;
  readonly withPin: boolean;
  /** The PIN entered is wrong. */
  readonly wrongPin: boolean;
  /** The seal is broken: nothing may come of it. */
  readonly brokenMac: boolean;
  /** Sent twice at once. */
  readonly doubled: boolean;
  /** How long the terminal waits for an answer. */
  readonly patienceMs: number;
  /** The terminal is never heard of again where its first question finds no answer: nobody repeats or reverses. */
  readonly isLost: boolean;
  /** Repeats in vain after which it reverses. */
  readonly maxRepeats: number;
  /** Reverses so long after it asked, whatever it heard; absent: it does not change its mind. */
  readonly reversesAfterMs: number | undefined;
}
