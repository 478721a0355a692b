import type { Monotonic } from '../runtime/index.ts';
import type { Money } from './authorisation.ts';

/** What Étika's Proof-of-Purchase consensus is asked to witness. */
export interface PopPurchase {
  /** Our transaction id: the consensus knows the purchase by it. */
  readonly transaction: string;
  readonly consumer: string;
  readonly merchant: string;
  readonly amount: Money;
  /** SHA-256 of the receipt, 64 hexadecimal digits. */
  readonly receiptHash: string;
  readonly suppliers: readonly string[];
  readonly tokenReferences: readonly string[];
}

/** How the PoP leg stands at the join. `unreachable` promises that nothing was sent. */
export type PopOutcome =
  | { readonly status: 'accepted' | 'validated'; readonly validation: string }
  | { readonly status: 'rejected'; readonly reason: string }
  | { readonly status: 'unreachable'; readonly reason: string }
  | { readonly status: 'unknown'; readonly reason: string }
  /** Card or merchant is not enrolled: the network leg alone decides. */
  | { readonly status: 'not-applicable' };

/** What the consensus says of a validation later on. */
export type PopStanding =
  | {
      readonly status: PopStandingStatus;
      readonly validation: string;
    }
  /** It never heard of this transaction. */
  | { readonly status: 'absent' }
  | { readonly status: 'unavailable'; readonly reason: string };

/** What the consensus says of many validations at once, by validation. */
export type PopStandings =
  /** What it said; what it left out, or said in words nobody knows, is not in it. */
  | { readonly status: 'answered'; readonly standings: ReadonlyMap<string, PopStandingStatus> }
  /** It cannot be asked for many at once. */
  | { readonly status: 'unsupported' }
  | { readonly status: 'unavailable'; readonly reason: string };

export type PopStandingStatus = 'pending' | 'validated' | 'rejected' | 'expired' | 'cancelled';

export type PopCancellation =
  | { readonly status: 'cancelled' }
  /** Already validated (or otherwise final): the chain cannot take it back. */
  | { readonly status: 'too-late'; readonly reason: string }
  | { readonly status: 'unavailable'; readonly reason: string };

/** Étika's PoP consensus. Its methods never reject: what went wrong is the outcome. */
export interface PopConnector {
  initiate(purchase: PopPurchase, deadline: Monotonic): Promise<PopOutcome>;
  /** Looks a validation up by our transaction id. */
  standing(transaction: string, deadline: Monotonic): Promise<PopStanding>;
  /** Looks up to 1,000 validations up by their own ids. */
  standings(validations: readonly string[], deadline: Monotonic): Promise<PopStandings>;
  cancel(validation: string, reason: string, deadline: Monotonic): Promise<PopCancellation>;
  close(): Promise<void>;
}
