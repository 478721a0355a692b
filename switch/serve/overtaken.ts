import type { NetworkOutcome } from '../../connectors/index.ts';
import { recordUnawaited, type UnawaitedPorts } from '../follow-up/unawaited-answers.ts';

/**
 * An approval whose transaction was taken back, or closed by another node, while its network was asked: it came beside
 * the reversal, or after it. It is handed to nobody, and written down as a late one: where the reversal found nothing
 * it is sent again. Nobody waits for that: the terminal has its answer by another way.
 *
 * @param increment the key of the increment that was asked for; absent: the transaction itself
 */
export function recordOvertaken(
  transaction: string,
  network: NetworkOutcome,
  ports: UnawaitedPorts,
  increment?: string,
): void {
  if (network.status !== 'approved') return;
  const { code, approvalCode, networkReference, approvedMinorUnits } = network;
  const answer = {
    code,
    approved: true,
    isInTime: true as const,
    ...(approvalCode !== undefined && { approvalCode }),
    ...(networkReference !== undefined && { networkReference }),
    ...(approvedMinorUnits !== undefined && { approvedMinorUnits }),
    ...(increment !== undefined && { increment }),
  };
  recordUnawaited(transaction, () => answer, ports).catch((error: unknown) => {
    ports.log.error({ event: 'network.late-answer-lost', transaction, code, err: error });
  });
}
