/** One attempt to tell a merchant of something, and what came of it. */
export interface Delivery {
  /** The notice's id: that of every attempt to tell the same. */
  readonly notice: string;
  readonly merchant: string;
  readonly transaction: string;
  readonly attempt: number;
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** What the merchant's address answered; absent: nothing. */
  readonly code?: number;
  /** Why there was no answer. */
  readonly reason?: string;
}

/**
 * The log of deliveries, for merchants. It decides nothing: how far a merchant was told is in the journal, so an
 * attempt that cannot be logged is none the less made.
 */
export interface DeliveryLog {
  /** Never rejects. */
  record(delivery: Delivery): Promise<void>;
}

export interface DeliveriesWanted {
  readonly merchant: string;
  readonly transaction?: string | undefined;
  readonly limit: number;
}

/** The newest first. */
export interface DeliveryReader {
  deliveries(wanted: DeliveriesWanted): Promise<Delivery[]>;
}
