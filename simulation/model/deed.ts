import type { PaymentRecord, ToldLater } from './records.ts';

/** What was asked or told, from its first sending to its answer: it took effect at one moment of that time or never. */
export interface Deed {
  readonly what: 'request' | 'batch' | ToldLater['kind'];
  /** Whose of the family; 0 is the payment, the others are its refunds. */
  readonly place: number;
  readonly payment: PaymentRecord;
  readonly from: number;
  /** Infinity: no answer was heard. */
  readonly to: number;
  readonly code: string | undefined;
  /** What stays, is taken, or is approved. */
  readonly minorUnits: number;
  readonly isForged: boolean;
  /** Its place among what the terminal told later. */
  readonly index?: number;
  /** Of the reversal of a void: the place of the void, and how it was answered. */
  readonly undoes?: number | undefined;
  readonly voidCode?: string | undefined;
  /** It may have matched nothing and been remembered, and people have been told. */
  readonly mayBeUnmatched: boolean;
  /** What may count as refunded meanwhile, though nobody knows: asked for at the same time, or without an answer. */
  readonly clouded: number;
  /** Another payment of the merchant has the same retrieval reference. */
  readonly isAmbiguous: boolean;
}
