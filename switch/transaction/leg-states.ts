import type { NetworkOutcome, PopOutcome } from '../../connectors/index.ts';

// How the two legs of a transaction stand, and what an outcome at the join makes of them.

export type NetworkLegState =
  | 'planned'
  | 'approved'
  | 'refused'
  | 'not-sent'
  | 'unknown'
  /** The network has to be told of an offline or stand-in approval. */
  | 'to-advise'
  | 'advised'
  | 'advice-refused'
  | 'reversed'
  | 'reversal-refused'
  /** No reversal found it, and nobody saw it approved: closed once the clearing file has nothing of it. */
  | 'not-found';

export type PopLegState =
  | 'planned'
  | 'accepted'
  | 'validated'
  | 'rejected'
  | 'not-sent'
  | 'unknown'
  | 'cancelled'
  | 'stands'
  | 'not-applicable';

export const NETWORK_STATE: Record<NetworkOutcome['status'], NetworkLegState> = {
  approved: 'approved',
  refused: 'refused',
  unreachable: 'not-sent',
  'not-asked': 'not-sent',
  unknown: 'unknown',
};

export const POP_STATE: Record<PopOutcome['status'], PopLegState> = {
  accepted: 'accepted',
  validated: 'validated',
  rejected: 'rejected',
  unreachable: 'not-sent',
  unknown: 'unknown',
  'not-applicable': 'not-applicable',
};
