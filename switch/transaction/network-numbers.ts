import { OPENING_REPLY, type Transaction } from './fold.ts';
import { traceOf } from './leg-traces.ts';

// What a network itself calls a payment: its own identifier (Visa F62.2, Mastercard's Trace ID and TLID) and its
// approval code, as far as it told us; or was told, of what was approved in its stead. Later messages name the payment
// by these before any number of ours.

/** What the network calls one message of a transaction. */
export interface NetworkNames {
  readonly networkReference?: string;
  /** DE38. */
  readonly approvalCode?: string;
}

/**
 * @param increment by its key: what its answer did not say is that of what it adds to. One whose answer nobody heard is
 *   known by its numbers alone: whoever looks for it by the names of its hold finds the hold
 */
export function networkNumbers(transaction: Transaction, increment?: string): NetworkNames {
  const opening = { ...firstNames(transaction), ...namesIn(lateNames(transaction)) };
  if (increment === undefined) return opening;
  const trace = traceOf(transaction, increment);
  if (!trace.isSeen) return {};
  const own = transaction.increments.find(({ key }) => key === increment);
  return { ...opening, ...namesIn(own ?? {}), ...namesIn(trace) };
}

/** By the answer that came in time, or by what the network was told instead of being asked. */
function firstNames({ decided, isTold, replies }: Transaction): NetworkNames {
  const network = decided?.network;
  if (network?.status === 'approved') return namesIn(network);
  if (network?.status === 'unreachable' && network.standIn?.approved) {
    return { approvalCode: network.standIn.approvalCode };
  }
  return isTold ? namesIn({ approvalCode: replies.get(OPENING_REPLY)?.approvalCode }) : {};
}

/** Of what was approved in time a late answer is a copy, and names nothing else. */
function lateNames(transaction: Transaction): Possible {
  return transaction.decided?.network.status === 'approved' ? {} : traceOf(transaction);
}

type Possible = { readonly [K in keyof NetworkNames]?: string | undefined };

function namesIn({ networkReference, approvalCode }: Possible): NetworkNames {
  return {
    ...(networkReference !== undefined && { networkReference }),
    ...(approvalCode?.trim() && { approvalCode }),
  };
}
