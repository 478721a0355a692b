import type { OwnFault, PopOutcome } from '../../connectors/index.ts';
import type { NetworkLegOutcome, StandInDecision } from '../stand-in/stand-in.ts';
import { isApprovalCode } from './approval-codes.ts';

/** What the parties agreed to. */
export interface OutcomePolicy {
  /** May a purchase stand that the consensus rejects? */
  readonly proof: 'optional' | 'required';
  /** Can the terminal deal with a partial approval? */
  readonly partialApproval: boolean;
  /** Can it deal with an approval of the purchase without its cash? Absent: as with a partial one. */
  readonly withoutCash?: boolean;
  /** Is somebody there who can look at the customer's papers? Absent: nobody is. */
  readonly canIdentify?: boolean;
  /** Does an approval move or hold money, so that an unknown outcome must be reversed? */
  readonly movesMoney: boolean;
}

/** Work that a verdict leaves behind; each is carried until it is acknowledged or parked where people see it. */
export type FollowUpTask =
  /** Reverse the network leg until the network acknowledges. */
  | 'reverse-network'
  /** See the PoP leg through to its finality, initiating it (again) where it is absent. */
  | 'complete-pop'
  /** Make sure that no PoP stands for a purchase that does not. */
  | 'cancel-pop'
  /** Tell the network of what was approved without it. */
  | 'advise-network'
  /** Close an increment whose node did not: nobody knows what the network made of it. */
  | 'close-increment'
  /** Have a hold looked at before its end, and at its end. */
  | 'watch-hold';

export interface Verdict {
  readonly approved: boolean;
  /** DE39 of the reply, in the network's vocabulary of ISO 8583:1987. */
  readonly code: string;
  readonly followUps: readonly FollowUpTask[];
  /** Set where people must look although the answer is final. */
  readonly caseKind?: 'pop-rejected';
}

const APPROVED = '00';
const PARTIAL = '10';
const IDENTIFY = '08';
const WITHOUT_CASH = '87';
const DO_NOT_HONOUR = '05';
const APPROVED_WITHOUT_PROOF_REFUSED = '05';
/** What a terminal is told that cannot deal with less than it asked for. */
const INSUFFICIENT_FUNDS = '51';
const ISSUER_OR_SWITCH_INOPERATIVE = '91';
/** What the terminal hears where the network was not asked, and the network is not to blame. */
const OWN_FAULT_CODES: Readonly<Record<OwnFault, string>> = {
  inexpressible: '30',
  'number-taken': '96',
  overloaded: '96',
};

/**
 * The outcome table: how two legs become one answer (docs/architecture.md, "The outcome table").
 * Pure: the same outcomes always give the same verdict.
 */
export function decideOutcome(network: NetworkLegOutcome, pop: PopOutcome, policy: OutcomePolicy): Verdict {
  switch (network.status) {
    case 'approved': {
      const unusable = whyUnusable(network.code, policy);
      if (unusable !== undefined) {
        return { approved: false, code: unusable, followUps: ['reverse-network', ...undoPop(pop)] };
      }
      // A word for an approval that only this network knows would be a decline to its terminal.
      return decideApproved(isApprovalCode(network.code) ? network.code : APPROVED, pop, policy);
    }
    case 'refused': {
      const code = isApprovalCode(network.code) ? DO_NOT_HONOUR : network.code;
      return { approved: false, code, followUps: undoPop(pop) };
    }
    case 'unreachable':
      return decideUnreachable(network.standIn, pop);
    case 'not-asked':
      return { approved: false, code: OWN_FAULT_CODES[network.fault], followUps: undoPop(pop) };
    case 'unknown':
      return {
        approved: false,
        code: ISSUER_OR_SWITCH_INOPERATIVE,
        followUps: [...(policy.movesMoney ? (['reverse-network'] as const) : []), ...undoPop(pop)],
      };
  }
}

/** What the terminal is told of an approval that it cannot make use of; nothing where it can. */
function whyUnusable(code: string, policy: OutcomePolicy): string | undefined {
  switch (code) {
    case PARTIAL:
      return policy.partialApproval ? undefined : INSUFFICIENT_FUNDS;
    case WITHOUT_CASH:
      return (policy.withoutCash ?? policy.partialApproval) ? undefined : INSUFFICIENT_FUNDS;
    case IDENTIFY:
      return policy.canIdentify ? undefined : DO_NOT_HONOUR;
    default:
      return undefined;
  }
}

function decideApproved(code: string, pop: PopOutcome, policy: OutcomePolicy): Verdict {
  switch (pop.status) {
    case 'not-applicable':
      return { approved: true, code, followUps: [] };
    case 'validated':
      // Of a partial approval the proof witnesses too much: it is looked at again. Cash it never witnesses.
      return { approved: true, code, followUps: code === PARTIAL ? ['complete-pop'] : [] };
    case 'accepted':
    case 'unreachable':
    case 'unknown':
      return { approved: true, code, followUps: ['complete-pop'] };
    case 'rejected':
      if (policy.proof === 'required') {
        return {
          approved: false,
          code: APPROVED_WITHOUT_PROOF_REFUSED,
          followUps: ['reverse-network', ...undoPop(pop)],
          caseKind: 'pop-rejected',
        };
      }
      return { approved: true, code, followUps: [], caseKind: 'pop-rejected' };
  }
}

/** Where nothing was sent the switch may answer in the issuer's stead, if the consensus does not speak against it. */
function decideUnreachable(standIn: StandInDecision | undefined, pop: PopOutcome): Verdict {
  if (!standIn?.approved) {
    const code = standIn?.code ?? ISSUER_OR_SWITCH_INOPERATIVE;
    return { approved: false, code, followUps: undoPop(pop) };
  }
  switch (pop.status) {
    case 'validated':
    case 'not-applicable':
      return { approved: true, code: APPROVED, followUps: ['advise-network'] };
    case 'accepted':
    case 'unreachable':
      return { approved: true, code: APPROVED, followUps: ['advise-network', 'complete-pop'] };
    case 'rejected':
    case 'unknown':
      return { approved: false, code: ISSUER_OR_SWITCH_INOPERATIVE, followUps: undoPop(pop) };
  }
}

/** What undoes two legs whose verdict nobody will hear: whatever of them may stand. */
export function undoLegs(network: NetworkLegOutcome, pop: PopOutcome): readonly FollowUpTask[] {
  const mayHold = network.status === 'approved' || network.status === 'unknown';
  return [...(mayHold ? (['reverse-network'] as const) : []), ...undoPop(pop)];
}

/** Only a leg that may stand has to be undone. A rejection may yet be contradicted: it is made certain. */
function undoPop(pop: PopOutcome): readonly FollowUpTask[] {
  switch (pop.status) {
    case 'accepted':
    case 'validated':
    case 'unknown':
    case 'rejected':
      return ['cancel-pop'];
    case 'unreachable':
    case 'not-applicable':
      return [];
  }
}
