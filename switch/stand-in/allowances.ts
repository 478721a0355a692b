import { type Clock, type Monotonic, type Random, timeOrderedUuid } from '../../runtime/index.ts';
import type { Claim, Journal, NewEntry } from '../journal/journal.ts';
import { type Collision, type Step, untilAppended } from '../journal/until-appended.ts';
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

/** The key of the allowance that has too little left. */
interface Exhausted {
  readonly exhausted: string;
}

/** A link of an allowance's chain, with what is used up to it. */
interface Link {
  readonly chain: string;
  readonly used: Used;
}

/** So many may be stood in for at one merchant in the same moment: each is behind all that were first. */
const MAX_COLLISIONS = 1_000;

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
  ): Promise<Exhausted | undefined> {
    const ends = new Map<string, Used>();
    for (const { key, limit } of allowances) ends.set(key, await this.#endOf(key, limit));

    let links: readonly Link[] = [];
    const next = (collision?: Collision): Step<Exhausted | undefined> => {
      if (collision) {
        const { chain, used } = otherTaker(collision, links);
        ends.set(chain, used);
        this.#remember(chain, used);
      }
      const following = linksAfter(ends, allowances, minorUnits);
      if ('exhausted' in following) return { done: following };
      links = following;
      return { entry: this.#reservation(transaction, minorUnits, links), result: undefined };
    };

    const bounds = { deadline, maxCollisions: MAX_COLLISIONS };
    const exhausted = await untilAppended(this.#ports.journal, next, bounds);
    if (!exhausted) for (const { chain, used } of links) this.#remember(chain, used);
    return exhausted;
  }

  #reservation(transaction: string, minorUnits: number, links: readonly Link[]): NewEntry {
    const { clock, random } = this.#ports;
    const claims = links.map(claimOf);
    return {
      transaction: timeOrderedUuid(clock, random),
      version: 1,
      kind: 'stand-in-reserved',
      body: { transaction, minorUnits, taken: claims.map(({ key }) => key) },
      claims,
    };
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

/** One more link of every chain, or the chain that has too little left for it. */
function linksAfter(
  ends: ReadonlyMap<string, Used>,
  allowances: readonly Allowance[],
  minorUnits: number,
): Link[] | Exhausted {
  const links: Link[] = [];
  for (const { key, limit } of allowances) {
    const used = afterTaking(ends.get(key) ?? NOTHING_USED, limit, minorUnits);
    if (!used) return { exhausted: key };
    links.push({ chain: key, used });
  }
  return links;
}

function claimOf({ chain, used: { count, minorUnits } }: Link): Claim {
  return { key: `${chain}|${count}`, fingerprint: String(minorUnits), role: 'unique' };
}

/** The link that another writer has taken instead of ours: its sum is where that chain goes on. */
function otherTaker(collision: Collision, links: readonly Link[]): Link {
  if (collision.status !== 'claimed') throw new Error('a new identifier is taken');
  const ours = links.find((link) => claimOf(link).key === collision.key);
  if (!ours) throw new Error('the journal names a key that was not claimed');
  return { chain: ours.chain, used: { count: ours.used.count, minorUnits: Number(collision.fingerprint) } };
}
