import type { TransactionFacts } from '../../connectors/index.ts';
import type { OwnNumbers } from '../numbers/numbers.ts';

/**
 * What is written down of a transaction: the numbers that its terminal gave, which its replies repeat, and those that
 * its network knows it by. What was written before networks had numbers of their own has the terminal's alone.
 */
export interface KeptFacts extends TransactionFacts {
  /** DE37 towards the network, twelve digits; DE11 is the last six, unless it is kept beside it. */
  readonly networkRrn?: string;
  /** DE11 towards the network of a message that shares the reference of another: an increment. */
  readonly networkStan?: string;
}

/** The transaction as its network knows it. */
export function asNetworkKnows({ networkRrn, networkStan, ...facts }: KeptFacts): TransactionFacts {
  if (networkRrn === undefined) return facts;
  return { ...facts, rrn: networkRrn, stan: networkStan ?? networkRrn.slice(-6) };
}

/** How the numbers of a message are kept. */
export function keptNumbers({ rrn, stan }: OwnNumbers): Pick<KeptFacts, 'networkRrn' | 'networkStan'> {
  return { networkRrn: rrn, ...(rrn.slice(-6) !== stan && { networkStan: stan }) };
}
