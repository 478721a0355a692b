import { type Clock, type Monotonic, type Random, timeOrderedUuid } from '../../runtime/index.ts';
import type { Claim, Journal } from '../journal/journal.ts';
import { afterTaking, type Limit, NOTHING_USED, type Used } from './rules.ts';

/** A limit and whose it is: `stand-in|card|<reference>|20261123|978`. */
export interface Allowance {
  readonly key: string;
  readonly limit: Limit;
}

export interface AllowancePorts {
  readonly journal: Pick<Journal, 'append' | 'transactionOf'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Allowances whose end is remembered; the oldest are looked up again. */
const MAX_REMEMBERED = 50_000;

/**
 * Counts what limits allow, exactly: over nodes, restarts and whatever happens at once.
 *
 * What was taken of an allowance is a chain of unique claims in the journal. Link n is the key `…|n`, and its
 * fingerprint is the sum of the amounts up to it. Who takes an amount claims the next link of every allowance that it
 * counts against, all in one commit. Of two who claim the same link one is told the other's sum, and goes on from
 * there. Links are never given back: what was reserved and not used stays counted.
 */
export class Allowances {
  readonly #ports: AllowancePorts;
  /** How far a chain is known to reach at least. Only saves look-ups: every claim is decided by the journal. */
  readonly #known = new Map<string, Used>();

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
  ): Promise<{ exhausted: string } | undefined> {
    const { journal, clock, random } = this.#ports;
    const ends = new Map<string, Used>();
    for (const { key, limit } of allowances) ends.set(key, await this.#endOf(key, limit));
    for (;;) {
      const claims: (Claim & { chain: string; used: Used })[] = [];
      for (const { key, limit } of allowances) {
        const used = afterTaking(ends.get(key) ?? NOTHING_USED, limit, minorUnits);
        if (!used) return { exhausted: key };
        claims.push({ ...linkOf(key, used), role: 'unique', chain: key, used });
      }
      const body = { transaction, minorUnits, taken: claims.map(({ key }) => key) };
      const result = await journal.append(
        {
          transaction: timeOrderedUuid(clock, random),
          version: 1,
          kind: 'stand-in-reserved',
          body,
          claims: claims.map(({ key, fingerprint, role }) => ({ key, fingerprint, role })),
        },
        deadline,
      );
      if (result.status === 'superseded') throw new Error('a new identifier is taken');
      if (result.status === 'appended') {
        for (const { chain, used } of claims) this.#remember(chain, used);
        return undefined;
      }
      const taken = claims.find(({ key }) => key === result.key);
      if (!taken) throw new Error('the journal names a key that was not claimed');
      const end = { count: taken.used.count, minorUnits: Number(result.fingerprint) };
      ends.set(taken.chain, end);
      this.#remember(taken.chain, end);
    }
  }

  /** The last link, or one before it: in steps that double, then by halves. */
  async #endOf(key: string, limit: Limit): Promise<Used> {
    let end = this.#known.get(key) ?? NOTHING_USED;
    let absent = limit.count + 1;
    for (let step = 1; end.count + 1 < absent; ) {
      const count = Math.min(end.count + step, absent - 1);
      const found = await this.#ports.journal.transactionOf(`${key}|${count}`);
      if (found) {
        end = { count, minorUnits: Number(found.fingerprint) };
        step *= 2;
      } else {
        absent = count;
        step = Math.max(1, Math.floor((absent - end.count) / 2));
      }
    }
    this.#remember(key, end);
    return end;
  }

  #remember(key: string, used: Used): void {
    const known = this.#known.get(key);
    if (known && known.count >= used.count) return;
    this.#known.delete(key);
    this.#known.set(key, used);
    if (this.#known.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}

function linkOf(key: string, { count, minorUnits }: Used): { key: string; fingerprint: string } {
  return { key: `${key}|${count}`, fingerprint: String(minorUnits) };
}
