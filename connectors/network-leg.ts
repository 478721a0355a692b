import type { Pan } from '../messages/index.ts';
import type { Monotonic } from '../runtime/index.ts';
import type { CardData, TransactionFacts } from './authorisation.ts';

/**
 * How a network leg ended. `unreachable` promises that no byte of the request left;
 * `unknown` means that it may have, and that only a reversal can make it certain.
 */
export type NetworkOutcome =
  | {
      readonly status: 'approved';
      /** DE39: 00, or 10 for a partial amount. */
      readonly code: string;
      /** DE38. */
      readonly approvalCode?: string;
      /** Of a partial approval: what was approved, in the transaction's minor units. */
      readonly approvedMinorUnits?: number;
      /** The network's own identifier of the transaction (Visa F62.2), needed in its reversal. */
      readonly networkReference?: string;
      /** DE55 of the reply: issuer data for the chip, hexadecimal. */
      readonly emvHex?: string;
    }
  | { readonly status: 'refused'; readonly code: string; readonly emvHex?: string }
  | { readonly status: 'unreachable'; readonly reason: string }
  | { readonly status: 'unknown'; readonly reason: string };

export type ReversalOutcome =
  /** The network holds no money for this transaction any more, whatever it held before. */
  | { readonly status: 'acknowledged'; readonly code: string }
  /** The network answered, and will answer the same again: a case for people. */
  | { readonly status: 'refused'; readonly code: string }
  | { readonly status: 'unreachable'; readonly reason: string }
  | { readonly status: 'unknown'; readonly reason: string };

export interface ReversalRequest {
  readonly facts: TransactionFacts;
  readonly pan: Pan;
  readonly networkReference?: string;
  readonly approvalCode?: string;
  /** True from the second attempt on: the repeat MTI is sent. */
  readonly repeat: boolean;
}

/** An answer to an authorisation that came after its leg was closed: money that the network may hold. */
export interface LateAnswer {
  readonly transaction: string;
  readonly approved: boolean;
  readonly code: string;
}

export type NetworkLinkState = 'down' | 'connected' | 'signed-on';

/** One card network. Its methods never reject: what went wrong is the outcome. */
export interface NetworkConnector {
  readonly name: string;
  /** Name of the zone key under which PIN blocks travel to this network. */
  readonly zonePinKey: string;
  authorise(facts: TransactionFacts, card: CardData, deadline: Monotonic): Promise<NetworkOutcome>;
  reverse(request: ReversalRequest, deadline: Monotonic): Promise<ReversalOutcome>;
  state(): NetworkLinkState;
  close(): Promise<void>;
}
