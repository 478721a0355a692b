// What a payment session is, and where it is kept. A session is claimed before it is paid: the claim names the request
// that pays, so that of many at once one may, and the same request that comes again may too. What became of a claim
// whose node died is in the journal, under the same name.

export type SessionState = 'open' | 'paid' | 'expired' | 'cancelled';

export interface Claim {
  /** The hashed Idempotency-Key of the request that pays. */
  readonly by: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
}

export interface PaymentSession {
  readonly session: string;
  readonly merchant: string;
  /** By which the same request finds it again, and a hash of all that was asked for. */
  readonly name: string;
  readonly content: string;
  readonly minorUnits: number;
  /** ISO 4217, numeric. */
  readonly currency: string;
  /** Who takes part, sealed. */
  readonly details: string;
  readonly state: SessionState;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly payment?: string;
  readonly claim?: Claim;
}

/** Every method throws a Refusal SW_VAULT where the database cannot be asked. */
export interface PaymentSessions {
  /** @returns the one that is kept under this name: this one, or one that was there */
  open(session: PaymentSession): Promise<PaymentSession>;
  find(merchant: string, session: string): Promise<PaymentSession | undefined>;
  /**
   * Of all who claim at once one does: it is open, its time is not over, and nobody has claimed it.
   * @returns whether it is this one's now
   */
  claim(session: string, claim: Claim): Promise<boolean>;
  /** It was paid for by the one who has claimed it. */
  pay(session: string, by: string, payment: string, at: number): Promise<void>;
  /** The claim came to nothing; one that was made anew meanwhile stays. */
  release(session: string, claim: Claim): Promise<void>;
  /** Where it is open and nobody has claimed it. @returns whether it is closed by this */
  close(session: string, state: 'expired' | 'cancelled', at: number): Promise<boolean>;
  /** Takes out what was over before a moment, so many at most. */
  forget(before: number, limit: number): Promise<number>;
}
