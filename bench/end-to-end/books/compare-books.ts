import type { Client } from 'pg';
import type { Transaction } from '../../../switch/transaction/fold.ts';
import { asNetworkKnows } from '../../../switch/transaction/network-facts.ts';
import { AMOUNT } from '../generator/frames.ts';
import { type Answers, type Traffic, UNANSWERED } from '../generator/traffic.ts';
import { transactionsSince } from './journal-book.ts';
import { type LedgerMark, networkKey, networkStanding, popStanding, type Standing } from './ledger-book.ts';

/**
 * Compares four books of one case, purchase by purchase: what the terminals were told, what the journal says, and what
 * each peer has in its own ledger. Whoever measures a switch that loses money measures nothing.
 */
export interface BookOrder {
  readonly client: Client;
  readonly since: string;
  readonly networks: readonly LedgerMark[];
  readonly pop: LedgerMark;
  readonly traffic: Traffic;
  readonly answers: Answers;
}

export interface Comparison {
  /** Purchases that the journal knows. */
  readonly journalled: number;
  /** Approved at the terminal and not in both peers' ledgers; or in a ledger, and unknown to the journal. */
  readonly lost: number;
  /** Without a reply, and the network holds money. */
  readonly uncertain: number;
  /** Not approved, and its proof stands, as the journal knows: the chain could not take it back. */
  readonly standing: number;
  /** Where two books differ, in words; the first of many. */
  readonly differences: readonly string[];
  readonly differing: number;
}

const TOLD_DIFFERENCES = 10;
const APPROVALS: ReadonlySet<number> = new Set([0, 10]);

export async function compareBooks(order: BookOrder): Promise<Comparison> {
  const { answers, traffic } = order;
  const [network, pop] = await Promise.all([networkStanding(order.networks), popStanding(order.pop)]);
  const books = new Books(network, pop, traffic, answers);
  for await (const transaction of transactionsSince(order.client, order.since)) books.enter(transaction);
  return books.close();
}

class Books {
  readonly #network: Standing;
  readonly #pop: Standing;
  readonly #traffic: Traffic;
  readonly #answers: Answers;
  readonly #seen: Uint8Array;
  readonly #knownKeys = new Set<string>();
  readonly #knownIds = new Set<string>();
  readonly #differences: string[] = [];
  #differing = 0;
  #journalled = 0;
  #lost = 0;
  #uncertain = 0;
  #standing = 0;

  constructor(network: Standing, pop: Standing, traffic: Traffic, answers: Answers) {
    this.#network = network;
    this.#pop = pop;
    this.#traffic = traffic;
    this.#answers = answers;
    this.#seen = new Uint8Array(traffic.total);
  }

  enter(transaction: Transaction): void {
    const facts = transaction.opening?.facts;
    if (!facts) return;
    const key = networkKey(facts.terminal, asNetworkKnows(facts).stan);
    const atNetwork = this.#network.get(key) ?? 0;
    const atPop = this.#pop.get(transaction.id) ?? 0;
    this.#knownKeys.add(key);
    this.#knownIds.add(transaction.id);
    if (atNetwork !== transaction.networkMinorUnits) {
      this.#differ(
        `${transaction.id}: the network holds ${atNetwork}, the journal says ${transaction.networkMinorUnits}`,
      );
    }
    if (atPop > 0 !== (transaction.pop === 'validated' || transaction.pop === 'stands')) {
      this.#differ(`${transaction.id}: proven are ${atPop}, the journal says ${transaction.pop}`);
    }

    const index = this.#indexOf(facts.terminal, facts.stan);
    if (index === undefined) return;
    this.#journalled += 1;
    if (this.#seen[index] === 1) this.#differ(`${facts.terminal} ${facts.stan}: the journal has it twice`);
    this.#seen[index] = 1;
    this.#told(index, atNetwork, atPop);
  }

  close(): Comparison {
    for (const [index, code] of this.#answers.codes.entries()) {
      if (APPROVALS.has(code) && this.#seen[index] === 0) {
        this.#lose(`purchase ${index} was approved and is not in the journal`);
      }
    }
    for (const [key, amount] of this.#network) {
      if (amount !== 0 && !this.#knownKeys.has(key)) this.#lose(`the network has ${key}, the journal not`);
    }
    for (const id of this.#pop.keys()) {
      if (!this.#knownIds.has(id)) this.#lose(`the consensus has ${id}, the journal not`);
    }
    return {
      journalled: this.#journalled,
      lost: this.#lost,
      uncertain: this.#uncertain,
      standing: this.#standing,
      differences: this.#differences,
      differing: this.#differing,
    };
  }

  /** What the terminal was told, beside what stands. */
  #told(index: number, atNetwork: number, atPop: number): void {
    const code = this.#answers.codes[index] ?? UNANSWERED;
    if (APPROVALS.has(code)) {
      const isWhole = atNetwork === AMOUNT && atPop === AMOUNT;
      if (!isWhole) this.#lose(`purchase ${index} was approved and is not in both ledgers`);
    } else if (atNetwork > 0 || atPop > 0) {
      if (atNetwork === 0) this.#standing += 1;
      else if (code === UNANSWERED) this.#uncertain += 1;
      else this.#differ(`purchase ${index} was declined with ${code}, and the network holds ${atNetwork}`);
    }
  }

  #indexOf(terminal: string, stan: string): number | undefined {
    const { firstStan, terminals, total } = this.#traffic;
    const index = (Number(stan) - firstStan) * terminals + Number(terminal.slice(4)) - 1;
    return index >= 0 && index < total ? index : undefined;
  }

  #lose(text: string): void {
    this.#lost += 1;
    this.#differ(text);
  }

  #differ(text: string): void {
    this.#differing += 1;
    if (this.#differences.length < TOLD_DIFFERENCES) this.#differences.push(text);
  }
}
