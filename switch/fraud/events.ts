import type { FraudEvent } from '../config/fraud.ts';
import type { DecidedBody } from '../transaction/entries.ts';

// Which countable events the end of a payment is. Only what others said counts against a card: that a network is away,
// or that a node of ours refused, says nothing of who holds it.

/** DE39 of an issuer that was given a wrong PIN, and of one that heard too many. */
const WRONG_PIN: ReadonlySet<string> = new Set(['55', '75']);

type NetworkStatus = DecidedBody['network']['status'];
type PopStatus = DecidedBody['pop']['status'];

const OF_NETWORK: Readonly<Record<NetworkStatus, FraudEvent | undefined>> = {
  approved: 'approved',
  refused: 'declined',
  unreachable: undefined,
  'not-asked': undefined,
  unknown: undefined,
};

const OF_PROOF: Readonly<Record<PopStatus, FraudEvent | undefined>> = {
  accepted: 'proven',
  validated: 'proven',
  rejected: 'proof-failed',
  unreachable: undefined,
  unknown: undefined,
  'not-applicable': undefined,
};

/** What a decision is, and the issuer's code where it declined. */
export function eventsOf({ network, pop }: Pick<DecidedBody, 'network' | 'pop'>): {
  readonly events: readonly FraudEvent[];
  readonly code: string | undefined;
} {
  const code = network.status === 'refused' ? network.code : undefined;
  const events: (FraudEvent | undefined)[] = [
    OF_NETWORK[network.status],
    code !== undefined && WRONG_PIN.has(code) ? 'wrong-pin' : undefined,
    OF_PROOF[pop.status],
  ];
  return { events: events.filter((event) => event !== undefined), code };
}
