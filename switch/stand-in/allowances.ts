import { type Clock, type Monotonic, type Random, timeOrderedUuid } from '../../runtime/index.ts';
import type { Journal, Take } from '../journal/journal.ts';
import type { Limit } from './rules.ts';

/** A limit and whose it is: `stand-in|card|<reference>|20261123|978`. */
export interface Allowance {
  readonly key: string;
  readonly limit: Limit;
}

export interface AllowancePorts {
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** The key of the allowance that has too little left. */
interface Exhausted {
  readonly exhausted: string;
}

/**
 * Counts what limits allow, exactly: over nodes, restarts and whatever happens at once.
 *
 * Each allowance is a counter of the journal, raised in the commit of the entry that takes of it. All that asks in one
 * moment is answered by one flush, in its order, and who writes something else is not held up. A chain of unique
 * claims, link by link, was rejected: of a hundred who took of one merchant at once ninety-nine collided each time,
 * and took the payments of others along. What was taken is never given back: what was reserved and not used stays
 * counted.
 */
export class Allowances {
  readonly #ports: AllowancePorts;

  constructor(ports: AllowancePorts) {
    this.#ports = ports;
  }

  /**
   * Takes an amount of each allowance, or of none.
   *
   * @param transaction whom it is for
   * @returns the key of the allowance that has too little left, or nothing where it was taken
   * @throws JournalError; then it was perhaps taken
   */
  async take(
    transaction: string,
    minorUnits: number,
    allowances: readonly Allowance[],
    deadline: Monotonic,
  ): Promise<Exhausted | undefined> {
    const { journal, clock, random } = this.#ports;
    const takes: Take[] = allowances.map(({ key, limit }) => ({ key, limit, minorUnits }));
    const entry = {
      transaction: timeOrderedUuid(clock, random),
      version: 1,
      kind: 'stand-in-reserved',
      body: { transaction, minorUnits, taken: allowances.map(({ key }) => key) },
      takes,
    };

    const appended = await journal.append(entry, deadline);
    if (appended.status === 'appended') return undefined;
    if (appended.status === 'exhausted') return { exhausted: appended.key };
    throw new TypeError('a new identifier is taken');
  }
}
