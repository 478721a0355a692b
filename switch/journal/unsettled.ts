import { type Clock, LastingTrouble, type Log, type Timer } from '../../runtime/index.ts';
import { type Journal, JournalError, type NewEntry } from './journal.ts';

const RETRY_MS = 250;
/** An intention that is still not to be seen after so many looks was hardly ever stored: it is made certain. */
const LOOKS_BEFORE_CERTAIN = 120;

interface Waiting {
  readonly entry: NewEntry;
  /** What it decides; absent where it is known to be stored. */
  readonly intention: NewEntry | undefined;
  readonly superseded: (() => void) | undefined;
  looks: number;
}

/**
 * Decisions that the journal could not take when they were made. They are offered again until it takes them or
 * shows another decision. Nothing depends on this memory surviving: a restart finds the same transactions undecided.
 *
 * None is dropped for want of room: while the node lives nobody else would ever decide it. What the limit does instead
 * is to say that the node is `full`: then it takes no new payment, so that what is kept stays below the limit and what
 * was in flight when it was reached. One that fails for a reason of its own does not hold up the others.
 *
 * Of an intention that nobody can see nobody knows whether it was stored: a commit may wait for a standby for an hour,
 * and a fail-over may have lost it. To forget it after a while was rejected. It is offered once more instead: either it
 * is there, or it is now, and its decision follows. Whose legs were never opened is offered with its claims. Where
 * another transaction has one of them it was not stored and will not be, and nothing is left to decide. To store it
 * without them was rejected: a repeat came to stand as a second payment, declined, beside the one that it repeats.
 */
export class Unsettled {
  readonly #journal: Pick<Journal, 'append' | 'history'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limit: number;
  readonly #trouble: LastingTrouble;
  readonly #waiting = new Map<string, Waiting>();
  #timer: Timer | undefined;
  #isSettling = false;
  #closed = false;

  constructor(journal: Pick<Journal, 'append' | 'history'>, clock: Clock, log: Log, limit: number) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#limit = limit;
    this.#trouble = new LastingTrouble('unsettled.waits', { clock, log });
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** No new payment may begin: its decision might have to be kept here too. */
  get full(): boolean {
    return this.#waiting.size >= this.#limit;
  }

  /**
   * @param intention the entry that it decides, as it may have been stored; without claims where it must be there
   *   whoever has its keys, because its legs were opened
   * @param superseded called where another entry stands in its place: what it knew is on no record then
   */
  add(entry: NewEntry, intention?: NewEntry, superseded?: () => void): void {
    const wasFull = this.full;
    this.#waiting.set(entry.transaction, { entry, intention, superseded, looks: 0 });
    if (!wasFull && this.full) this.#log.error({ event: 'unsettled.full', limit: this.#limit });
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed || this.#timer || this.#isSettling || this.#waiting.size === 0) return;
    this.#timer = this.#clock.after(RETRY_MS, () => void this.#settleAll());
  }

  async #settleAll(): Promise<void> {
    this.#timer = undefined;
    this.#isSettling = true;
    const wasFull = this.full;
    let isTroubled = false;
    for (const [transaction, waiting] of this.#waiting) {
      try {
        if (await this.#settle(waiting)) this.#waiting.delete(transaction);
      } catch (error) {
        isTroubled = true;
        this.#trouble.failed(error, { transaction, waiting: this.#waiting.size });
        if (isAway(error)) break;
      }
    }

    if (!isTroubled) this.#trouble.over();
    if (wasFull && !this.full) this.#log.info({ event: 'unsettled.room', waiting: this.#waiting.size });
    this.#isSettling = false;
    this.#schedule();
  }

  async #settle(waiting: Waiting): Promise<boolean> {
    const { entry, intention, superseded } = waiting;
    const history = await this.#journal.history(entry.transaction);
    if (history.length === 0) {
      waiting.looks += 1;
      if (waiting.looks < LOOKS_BEFORE_CERTAIN) return false;
      if (intention && (await this.#isAnothers(intention))) return true;
    }
    const { status } = await this.#journal.append(entry);
    this.#log.warn({ event: 'unsettled.settled', transaction: entry.transaction, status });
    if (status === 'superseded') superseded?.();
    return true;
  }

  /** Makes certain that it is there, unless another transaction has its key: then it can never come to be. */
  async #isAnothers(intention: NewEntry): Promise<boolean> {
    const offered = await this.#journal.append(intention);
    if (offered.status !== 'claimed' || offered.transaction === intention.transaction) return false;
    const { transaction } = intention;
    this.#log.warn({ event: 'unsettled.never-stored', transaction, owner: offered.transaction });
    return true;
  }
}

/** The journal takes nothing now. Whatever else it says is about this entry alone. */
function isAway(error: unknown): boolean {
  return !(error instanceof JournalError) || AWAY.has(error.code);
}

const AWAY: ReadonlySet<JournalError['code']> = new Set<JournalError['code']>([
  'SW_JOURNAL_UNAVAILABLE',
  'SW_JOURNAL_FULL',
  'SW_JOURNAL_FENCED',
  'SW_JOURNAL_CLOSED',
  'SW_JOURNAL_NOT_DURABLE',
]);
