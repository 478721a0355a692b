import type { ReversalRequest } from '../../connectors/index.ts';
import type { Ports } from '../ports.ts';
import { appendNext } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { asNetworkKnows } from '../transaction/network-facts.ts';
import { waitUntil } from './patience.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';
import { reversalFacts } from './reversal-facts.ts';
import { reversalNumbers } from './reversal-numbers.ts';

// A void whose terminal took it back after the network was told. Where the network's rules allow it, a reversal whose
// DE95 is the whole amount makes the payment stand again there, as it does here already. Where it refuses, people see
// that the customer has what nobody is paid for.

/** Whether the network holds less than stands, because it was told of a void that was reversed. */
export function isToReinstate({ voids, standingMinorUnits, networkMinorUnits }: Transaction): boolean {
  const last = voids.at(-1);
  return last?.isTold === true && last.isReversed && networkMinorUnits < standingMinorUnits;
}

type ReinstatePorts = Pick<Ports, 'journal' | 'networks' | 'hsm' | 'clock' | 'settings' | 'numbers'> & {
  readonly retry: Retry;
};

/** @param numbers what the network itself calls the payment */
export async function reinstate(
  job: FollowUpJob,
  transaction: Transaction,
  numbers: Pick<ReversalRequest, 'networkReference' | 'approvalCode'>,
  ports: ReinstatePorts,
): Promise<FollowUpResult> {
  const { opening, standingMinorUnits } = transaction;
  const connector = ports.networks.get(opening?.network ?? '');
  if (!opening || !connector) return { park: `no connector for network ${opening?.network}` };

  const whole = { standingMinorUnits, networkMinorUnits: transaction.networkMinorUnits };
  const said = reversalFacts(transaction, whole, connector.rules);
  const own = await reversalNumbers(job, transaction, whole, connector.rules, ports);
  if (!said || !own) return ports.retry.again(job.attempt, 'there are no numbers for the reversal');
  const { repeat, ...numbered } = own;
  const { facts, ...words } = said;
  const named = asNetworkKnows(facts);

  const outcome = await connector.reverse(
    {
      facts: { ...named, ...numbered },
      names: { stan: named.stan, transmittedAt: named.transmittedAt },
      pan: await ports.hsm.revealPan(Buffer.from(opening.panCiphertext, 'base64')),
      ...numbers,
      ...words,
      reason: 'partial',
      repeat,
    },
    waitUntil(job, ports),
  );
  const attempts = job.attempt;
  switch (outcome.status) {
    case 'acknowledged':
      await appendNext(ports.journal, job.transaction, (now) => {
        const body = { code: outcome.code, attempts, minorUnits: standingMinorUnits };
        return isToReinstate(now) ? { kind: 'network-reinstated', body } : undefined;
      });
      return { done: true };
    case 'refused': {
      if (ports.retry.isRetryable(outcome.code)) {
        return ports.retry.again(attempts, `the network answered ${outcome.code}`);
      }
      const body = { code: outcome.code, attempts, remainingMinorUnits: standingMinorUnits };
      await appendNext(ports.journal, job.transaction, () => ({ kind: 'network-reversal-refused', body }));
      return { park: `the network does not let it stand again: code ${outcome.code}` };
    }
    case 'not-asked':
      if (outcome.fault === 'inexpressible') return { park: outcome.reason };
      return ports.retry.again(attempts, outcome.reason);
    case 'unreachable':
    case 'unknown':
      return ports.retry.again(attempts, outcome.reason);
  }
}
