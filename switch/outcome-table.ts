import type { NetworkOutcome, PopOutcome } from '../connectors/index.ts';

/** What a merchant agreed to: may a purchase stand without its proof? */
export type PopPolicy = 'optional' | 'required';

/** Work that a verdict leaves behind; each is carried until it is acknowledged or parked where people see it. */
export type FollowUpTask =
  /** Reverse the network leg until the network acknowledges. */
  | 'reverse-network'
  /** See the PoP leg through to its finality, initiating it (again) where it is absent. */
  | 'complete-pop'
  /** Make sure that no PoP stands for a purchase that does not. */
  | 'cancel-pop';

export interface Verdict {
  readonly approved: boolean;
  /** DE39 of the reply, in the network's vocabulary of ISO 8583:1987. */
  readonly code: string;
  readonly followUps: readonly FollowUpTask[];
  /** Set where people must look although the answer is final. */
  readonly caseKind?: 'pop-rejected';
}

const APPROVED_WITHOUT_PROOF_REFUSED = '05';
const ISSUER_OR_SWITCH_INOPERATIVE = '91';

/**
 * The outcome table: how two legs become one answer (docs/architecture.md, "The outcome table").
 * Pure: the same outcomes always give the same verdict.
 */
export function decideOutcome(network: NetworkOutcome, pop: PopOutcome, policy: PopPolicy): Verdict {
  switch (network.status) {
    case 'approved':
      return decideApproved(network.code, pop, policy);
    case 'refused':
      return { approved: false, code: network.code, followUps: undoPop(pop) };
    case 'unreachable':
      return { approved: false, code: ISSUER_OR_SWITCH_INOPERATIVE, followUps: undoPop(pop) };
    case 'unknown':
      return {
        approved: false,
        code: ISSUER_OR_SWITCH_INOPERATIVE,
        followUps: ['reverse-network', ...undoPop(pop)],
      };
  }
}

function decideApproved(code: string, pop: PopOutcome, policy: PopPolicy): Verdict {
  switch (pop.status) {
    case 'not-applicable':
    case 'validated':
      return { approved: true, code, followUps: [] };
    case 'accepted':
    case 'unreachable':
    case 'unknown':
      return { approved: true, code, followUps: ['complete-pop'] };
    case 'rejected':
      if (policy === 'required') {
        return {
          approved: false,
          code: APPROVED_WITHOUT_PROOF_REFUSED,
          followUps: ['reverse-network'],
          caseKind: 'pop-rejected',
        };
      }
      return { approved: true, code, followUps: [], caseKind: 'pop-rejected' };
  }
}

/** Only a leg that may stand has to be undone. */
function undoPop(pop: PopOutcome): readonly FollowUpTask[] {
  switch (pop.status) {
    case 'accepted':
    case 'validated':
    case 'unknown':
      return ['cancel-pop'];
    case 'rejected':
    case 'unreachable':
    case 'not-applicable':
      return [];
  }
}
