// Payments that wait for their network, and where they are kept. A row changes hands by its state alone: whoever makes
// `sending` of `waiting` sends it, and what is `sending` cannot be cancelled any more.

/** `sent` is told by the journal; `refused` never came there. */
export type QueuedState = 'waiting' | 'sending' | 'sent' | 'refused' | 'cancelled';

export interface QueuedPayment {
  /** The transaction that it becomes. */
  readonly payment: string;
  readonly merchant: string;
  /** By which the same request finds it again, and a hash of all that was asked for. */
  readonly name: string;
  readonly content: string;
  readonly network: string;
  readonly minorUnits: number;
  /** ISO 4217, numeric. */
  readonly currency: string;
  /** The order and its card, sealed. */
  readonly sealed: string;
  readonly state: QueuedState;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Of one that was sent: the transaction of its key. Another id than its own where its key had made one before. */
  readonly became?: string;
}

export interface DueWanted {
  /** Networks that can be asked now; what is over is due whatever its network is. */
  readonly networks: readonly string[];
  readonly now: number;
  /** What was taken before and nobody has ended. */
  readonly takenBefore: number;
  readonly limit: number;
}

/** Every method throws a Refusal SW_VAULT where the database cannot be asked. */
export interface QueuedPayments {
  /** @returns the one under this name: this one or one that was there; nothing where so many wait already */
  put(queued: QueuedPayment, most: number): Promise<QueuedPayment | undefined>;
  named(merchant: string, name: string): Promise<QueuedPayment | undefined>;
  find(merchant: string, payment: string): Promise<QueuedPayment | undefined>;
  /** @returns whether it is cancelled by this, or was before */
  cancel(merchant: string, payment: string): Promise<boolean>;
  /** Takes what is due: nobody else gets it meanwhile. */
  take(wanted: DueWanted): Promise<QueuedPayment[]>;
  /** The transaction of its key is in the journal: what was sealed is no longer needed. */
  sent(payment: string, became: string): Promise<void>;
  /** It never came to the journal, and never will. */
  refused(payment: string): Promise<void>;
}
