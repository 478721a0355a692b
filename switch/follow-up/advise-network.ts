import type { AdviceReason } from '../../connectors/index.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { asNetworkKnows } from '../transaction/network-facts.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { mayRepeat } from './queue-task.ts';
import { answered, type NetworkPorts, networkNumbers } from './reverse-network.ts';

/**
 * Tells the network of a completion, an offline purchase or a stand-in approval, until it acknowledges. It is told
 * also of what was taken back since: an earlier attempt may have arrived, and the reversal comes behind it.
 */
export async function adviseNetwork(job: FollowUpJob, ports: NetworkPorts): Promise<FollowUpResult> {
  const transaction = await readTransaction(ports.journal, job.transaction);
  const { opening, network, standingMinorUnits } = transaction;
  if (!opening || network === 'advised' || network === 'advice-refused') return { done: true };
  const connector = ports.networks.get(opening.network);
  if (!connector) return { park: `no connector for network ${opening.network}` };

  const reason = reasonOf(transaction);
  const isDeferred = reason === 'stand-in' && connector.rules.standInIsTold === 'deferred';
  const outcome = await connector.advise(
    {
      facts: asNetworkKnows(opening.facts),
      pan: await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64')),
      ...networkNumbers(transaction),
      reason,
      ...(isDeferred && { asDeferred: true }),
      minorUnits: transaction.capturedMinorUnits ?? standingMinorUnits,
      repeat: mayRepeat(job),
    },
    ports.clock.monotonic() + ports.settings.followUps.attemptTimeoutMs,
  );
  switch (outcome.status) {
    case 'acknowledged':
    case 'refused': {
      const mayChange = outcome.status === 'refused' && ports.retry.isRetryable(outcome.code);
      if (mayChange) return ports.retry.again(job.attempt, answered(outcome.code));
      const kind = outcome.status === 'acknowledged' ? 'network-advised' : 'network-advice-refused';
      const body = { reason, code: outcome.code, attempts: job.attempt };
      await appendNext(ports.journal, job.transaction, (now) =>
        now.network === 'advised' || now.network === 'advice-refused' ? undefined : { kind, body },
      );
      if (outcome.status === 'acknowledged') return { done: true };
      return { park: `the network refuses the advice with code ${outcome.code}` };
    }
    case 'not-asked':
      if (outcome.fault === 'inexpressible') return { park: outcome.reason };
      return ports.retry.again(job.attempt, outcome.reason);
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(job.attempt, outcome.reason);
  }
}

function reasonOf({ opening, decided }: Transaction): AdviceReason {
  if (opening?.facts.kind === 'offline-purchase') return 'offline';
  return decided?.network.status === 'approved' ? 'completion' : 'stand-in';
}
