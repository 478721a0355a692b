import type { FraudEvent } from '../config/fraud.ts';
import type { DecidedBody } from '../transaction/entries.ts';

// Which countable events the end of a payment is. Only what others said counts against a card: that a network is away,
// or that a node of ours refused, says nothing of who holds it.

/** DE39 of an issuer that was given a wrong PIN, and of one that heard too many. */
const WRONG_PIN: ReadonlySet<string> = new Set(['55', '75']);

type NetworkStatus = DecidedBody['network']['status'];
type PopStatus = DecidedBody['pop']['status'];

/** What a leg says by itself; an approval counts where we approved, too. */
const IS_DECLINE: Readonly<Record<NetworkStatus, boolean>> = {
  approved: false,
  refused: true,
  unreachable: false,
  'not-asked': false,
  unknown: false,
};

/** A proof that was begun for what was declined is cancelled, and activates nothing. */
const OF_PROOF: Readonly<Record<PopStatus, 'proven' | 'proof-failed' | undefined>> = {
  accepted: 'proven',
  validated: 'proven',
  rejected: 'proof-failed',
  unreachable: undefined,
  unknown: undefined,
  'not-applicable': undefined,
};

/** What a decision is, and the issuer's code where it declined. */
export function eventsOf({ network, pop, approved }: Pick<DecidedBody, 'network' | 'pop' | 'approved'>): {
  readonly events: readonly FraudEvent[];
  readonly code: string | undefined;
} {
  const events: FraudEvent[] = [];
  const code = network.status === 'refused' ? network.code : undefined;
  if (approved) events.push('approved');
  if (IS_DECLINE[network.status]) events.push('declined');
  if (code !== undefined && WRONG_PIN.has(code)) events.push('wrong-pin');

  const proof = OF_PROOF[pop.status];
  if (proof === 'proof-failed' || (proof === 'proven' && approved)) events.push(proof);
  return { events, code };
}
