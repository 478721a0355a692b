import type { TransactionFacts } from '../../connectors/index.ts';
import type { NetworkLegOutcome } from '../stand-in/stand-in.ts';
import type { ReplyFields } from './entries.ts';
import type { Verdict } from './outcome-table.ts';

/** What the terminal is told once both legs have ended. */
export function legsReply(
  facts: TransactionFacts,
  verdict: Verdict,
  network: NetworkLegOutcome,
): ReplyFields {
  const { rrn } = facts;
  const emvHex = 'emvHex' in network ? network.emvHex : undefined;
  const chip = emvHex === undefined ? {} : { emvHex };
  if (verdict.approved && network.status === 'unreachable' && network.standIn?.approved) {
    return { code: verdict.code, rrn, approvalCode: network.standIn.approvalCode };
  }
  if (!verdict.approved || network.status !== 'approved') return { code: verdict.code, rrn, ...chip };
  const { approvalCode, approvedMinorUnits, balances } = network;
  return {
    code: verdict.code,
    rrn,
    ...(approvalCode !== undefined && { approvalCode }),
    ...(approvedMinorUnits !== undefined && { approvedMinorUnits }),
    ...(balances && { balances }),
    ...chip,
  };
}

/** A refusal that has nothing else to say. */
export function declineReply({ rrn }: Pick<TransactionFacts, 'rrn'>, code: string): ReplyFields {
  return { code, rrn };
}
