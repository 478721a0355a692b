import type { ReversalReason, ReversalRequest } from '../../connectors/index.ts';
import type { Ports } from '../ports.ts';
import type { Transaction } from '../transaction.ts';
import { appendNext, readTransaction } from './append-next.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';

export type NetworkPorts = Pick<Ports, 'journal' | 'networks' | 'hsm' | 'clock' | 'settings' | 'log'> & {
  readonly retry: Retry;
};

/**
 * Reverses the network leg, down to what stands of the transaction, until the network acknowledges. From the second
 * attempt on the repeat MTI is sent: the network makes one effect of it, however often it hears of it.
 */
export async function reverseNetwork(job: FollowUpJob, ports: NetworkPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  const { opening, standingMinorUnits } = transaction;
  if (!opening || transaction.networkMinorUnits <= standingMinorUnits) return { done: true };
  if (transaction.network === 'reversal-refused') return { done: true };
  const connector = ports.networks.get(opening.network);
  if (!connector) return { park: `no connector for network ${opening.network}` };

  const outcome = await connector.reverse(
    {
      facts: opening.facts,
      pan: await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64')),
      ...networkNumbers(transaction),
      original: originalOf(transaction),
      reason: reasonOf(transaction),
      ...(standingMinorUnits > 0 && { remainingMinorUnits: standingMinorUnits }),
      repeat: job.attempt > 1,
    },
    ports.clock.monotonic() + ports.settings.followUps.attemptTimeoutMs,
  );
  const attempts = job.attempt;
  switch (outcome.status) {
    case 'acknowledged':
      await appendNext(ports.journal, job.transaction, (now) =>
        now.networkMinorUnits <= standingMinorUnits
          ? undefined
          : {
              kind: 'network-reversed',
              body: { code: outcome.code, attempts, remainingMinorUnits: standingMinorUnits },
            },
      );
      return { done: true };
    case 'refused':
      if (ports.retry.isRetryable(outcome.code)) return ports.retry.again(attempts, answered(outcome.code));
      await appendNext(ports.journal, job.transaction, () => ({
        kind: 'network-reversal-refused',
        body: { code: outcome.code, attempts },
      }));
      return { park: `the network refuses the reversal with code ${outcome.code}` };
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(job.attempt, outcome.reason);
  }
}

export function answered(code: string): string {
  return `the network answered ${code}`;
}

/** What the network itself calls the transaction, as far as it told us; or was told, of what was approved in its stead. */
export function networkNumbers({ decided }: Transaction) {
  if (decided?.network.status === 'unreachable' && decided.network.standIn?.approved) {
    return { approvalCode: decided.network.standIn.approvalCode };
  }
  if (decided?.network.status !== 'approved') return {};
  const { networkReference, approvalCode } = decided.network;
  return {
    ...(networkReference !== undefined && { networkReference }),
    ...(approvalCode !== undefined && { approvalCode }),
  };
}

/** A network that was never asked knows the transaction by the advice that told it. */
function originalOf({ opening, decided }: Transaction): ReversalRequest['original'] {
  const isStoodIn = decided?.network.status === 'unreachable' && decided.approved;
  return isStoodIn || opening?.facts.kind === 'offline-purchase' ? 'advice' : 'request';
}

function reasonOf({ takenBack, standingMinorUnits }: Transaction): ReversalReason {
  if (standingMinorUnits > 0) return 'partial';
  return takenBack === undefined ? 'no-confirmation' : 'customer';
}
