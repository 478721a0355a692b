import type { Client } from 'pg';
import { asNetworkKnows } from '../../switch/transaction/network-facts.ts';
import { transactionsSince } from '../end-to-end/books/journal-book.ts';
import {
  type LedgerMark,
  networkKey,
  networkStanding,
  popStanding,
} from '../end-to-end/books/ledger-book.ts';
import { AMOUNT } from './requests.ts';

export interface GatewayBooks {
  readonly client: Client;
  readonly since: string;
  readonly networks: readonly LedgerMark[];
  readonly pop: LedgerMark;
  /** DE41 of what came in by the gateway. */
  readonly terminal: string;
  /** Ids that were told as approved. */
  readonly approved: readonly string[];
}

/** What the applications were told, beside journal and ledgers: each approval once, whole, in all of them. */
export async function gatewayDifferences(order: GatewayBooks): Promise<string[]> {
  const [network, pop] = await Promise.all([networkStanding(order.networks), popStanding(order.pop)]);
  const told = new Set(order.approved);
  const differences: string[] = [];
  if (told.size !== order.approved.length) differences.push('two payments were told with one id');

  for await (const transaction of transactionsSince(order.client, order.since)) {
    const { facts } = transaction.opening ?? {};
    if (facts?.terminal.trimEnd() !== order.terminal) continue;
    const atNetwork = network.get(networkKey(facts.terminal, asNetworkKnows(facts).stan)) ?? 0;
    const atPop = pop.get(transaction.id) ?? 0;
    const isTold = told.delete(transaction.id);
    if (isTold && (atNetwork !== AMOUNT || atPop !== AMOUNT)) {
      differences.push(`${transaction.id}: approved, and the ledgers say ${atNetwork} and ${atPop}`);
    }
    if (atNetwork !== transaction.networkMinorUnits) {
      differences.push(`${transaction.id}: the network holds ${atNetwork}, the journal says otherwise`);
    }
  }

  if (told.size > 0) differences.push(`${told.size} payments were approved and are not in the journal`);
  return differences;
}
