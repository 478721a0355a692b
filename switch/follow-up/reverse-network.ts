import type { Ports } from '../ports.ts';
import { appendNext, readTransaction } from './append-next.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import { retryOrPark } from './retry-policy.ts';

export type ReversalPorts = Pick<
  Ports,
  'journal' | 'networks' | 'hsm' | 'clock' | 'random' | 'settings' | 'log'
>;

/**
 * Reverses the network leg until the network acknowledges. From the second attempt on the repeat MTI is sent: the
 * network holds one effect, however often it hears of it.
 */
export async function reverseNetwork(job: FollowUpJob, ports: ReversalPorts): Promise<FollowUpResult> {
  const { intended, decided, network: state } = await readTransaction(ports.journal, job.transaction);
  if (state === 'reversed' || state === 'reversal-refused' || state === 'refused') return { done: true };
  const retry = (reason: string) => retryOrPark(job.attempt, reason, ports.settings.followUps, ports.random);
  const connector = ports.networks.get(intended.network);
  if (!connector) return { park: `no connector for network ${intended.network}` };

  const approval = decided?.network.status === 'approved' ? decided.network : undefined;
  const outcome = await connector.reverse(
    {
      facts: intended.facts,
      pan: await ports.hsm.revealPan(Buffer.from(intended.panCiphertext, 'base64')),
      ...(approval?.networkReference !== undefined && { networkReference: approval.networkReference }),
      ...(approval?.approvalCode !== undefined && { approvalCode: approval.approvalCode }),
      reason: 'no-confirmation',
      repeat: job.attempt > 1,
    },
    ports.clock.monotonic() + ports.settings.followUps.attemptTimeoutMs,
  );
  const attempts = job.attempt;
  switch (outcome.status) {
    case 'acknowledged':
      await appendNext(ports.journal, job.transaction, ({ network }) =>
        network === 'reversed' ? undefined : { kind: 'reversed', body: { code: outcome.code, attempts } },
      );
      return { done: true };
    case 'refused':
      await appendNext(ports.journal, job.transaction, () => ({
        kind: 'reversal-refused',
        body: { code: outcome.code, attempts },
      }));
      return { park: `the network refuses the reversal with code ${outcome.code}` };
    case 'unreachable':
    case 'unknown':
      return retry(outcome.reason);
  }
}
