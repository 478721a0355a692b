import {
  atDeadline,
  type Clock,
  delay,
  type Log,
  type Monotonic,
  sometimes,
  type Timer,
} from '../../runtime/index.ts';
import { type ChainEnd, type Link, nextLink } from './chain.ts';
import type { ClaimName, NamedClaim } from './claim-names.ts';
import { takeCompatible } from './compatible.ts';
import { chainLine, checkEntry, type PendingEntry } from './entry.ts';
import type { FlushLines } from './flush-lines.ts';
import {
  type AppendResult,
  type Claim,
  JournalError,
  type JournalErrorCode,
  type NewEntry,
  type Take,
  type TransactionId,
} from './journal.ts';
import { type KeptFlush, keptFlush } from './kept-flush.ts';
import { OpenIntentions } from './open-intentions.ts';
import { WriteTrouble } from './write-trouble.ts';
import { FlushError, type Writer } from './writer.ts';

export interface GroupCommitSettings {
  readonly clock: Clock;
  readonly log: Log;
  /** Entries that may wait, be under way, or be in doubt, at once. */
  readonly maxWaiting: number;
  /** What an append may take, in milliseconds. */
  readonly appendDeadlineMs: number;
  readonly renewEveryMs: number;
  /** How long a flush may be under way; beyond it the server would have ended it, and is not heard. */
  readonly silenceMs: number;
  readonly nameClaim: (claim: Claim, transaction: TransactionId) => NamedClaim;
  /** Called once, when the lease is over: this process can write nothing any more. */
  readonly onFenced: () => void;
  /** Who keeps what is appended, and looks with each new connection whether it is still there. */
  readonly copy?: OwnCopy;
}

interface OwnCopy {
  readonly epoch: number;
  keep(flush: KeptFlush): void;
  compare(): Promise<void>;
}

const MAX_BATCH = 512;
const RECONNECT_DELAYS_MS = [0, 20, 50, 100, 250, 500];

/**
 * Everything that waits goes into one flush as soon as the flush before has returned: no timer, and batches grow with
 * the load. One thing happens on the connection at a time.
 */
export class GroupCommit {
  readonly #writer: Writer;
  readonly #settings: GroupCommitSettings;
  readonly #intentions = new OpenIntentions();
  #waiting: PendingEntry[] = [];
  #underWay: readonly PendingEntry[] = [];
  /** Sent on a connection that was lost: the next one tells. */
  #inDoubt: PendingEntry[] = [];
  #nextSequence = 1;
  #chain: ChainEnd;
  #batchLimit = MAX_BATCH;
  #isAttached = true;
  #isWorking = false;
  #isRenewalDue = false;
  #failuresInARow = 0;
  readonly #trouble: WriteTrouble;
  #over: JournalErrorCode | undefined;
  #deadlineTimer: Timer | undefined;
  #deadlineTimerDue = 0;
  #renewTimer: Timer | undefined;
  #idle: (() => void) | undefined;

  /** @param writer attached already. @param link what the chain of its epoch begins with */
  constructor(writer: Writer, link: Link, settings: GroupCommitSettings) {
    this.#writer = writer;
    this.#chain = { sequence: 0, link };
    this.#settings = settings;
    this.#trouble = new WriteTrouble(settings);
    this.#scheduleRenewal();
  }

  /** Entries not yet settled. */
  get size(): number {
    return this.#waiting.length + this.#underWay.length + this.#inDoubt.length;
  }

  /** Whether the database answered when it was asked last, which is at least once a renewal. */
  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Why nothing can be written, be it that the database answers others. */
  get unwritable(): string | undefined {
    return this.#trouble.why;
  }

  /** Over all that is known to be committed. */
  get chain(): ChainEnd {
    return this.#chain;
  }

  /** Nothing was left in doubt: what is committed is what the chain holds. */
  get isChainCertain(): boolean {
    return this.#underWay.length === 0 && this.#inDoubt.length === 0;
  }

  append(entry: NewEntry, deadline = Number.POSITIVE_INFINITY): Promise<AppendResult> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendResult>();
    try {
      this.#offer(entry, deadline, resolve, reject);
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  /** Takes no more, and resolves once everything is settled, which the deadline bounds. */
  async close(): Promise<void> {
    this.#over ??= 'SW_JOURNAL_CLOSED';
    this.#renewTimer?.cancel();
    if (this.size > 0 || this.#isWorking) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        void this.#work();
      });
    }
    this.#deadlineTimer?.cancel();
  }

  #offer(
    entry: NewEntry,
    callersDeadline: Monotonic,
    resolve: PendingEntry['resolve'],
    reject: PendingEntry['reject'],
  ): void {
    const { clock, maxWaiting, appendDeadlineMs, nameClaim } = this.#settings;
    if (this.#over) throw new JournalError(this.#over, 'no');
    if (this.size >= maxWaiting) throw new JournalError('SW_JOURNAL_FULL', 'no', { limit: maxWaiting });
    const body = checkEntry(entry);
    const now = clock.monotonic();
    const deadline = Math.min(callersDeadline, now + appendDeadlineMs);
    if (!(deadline > now)) throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no', { deadline });
    const at = clock.wall();
    const claims = (entry.claims ?? []).map((claim) => nameClaim(claim, entry.transaction));
    const takes = (entry.takes ?? []).map((take) => ({ ...take, name: this.#nameTake(take, entry) }));
    const sequence = this.#nextSequence++;
    const answer = { isAnswered: false, resolve, reject };
    const pending = { entry, body, claims, takes, at, sequence, deadline, ...answer };
    this.#intentions.offered(pending);
    this.#waiting.push(pending);
    this.#watchDeadline(deadline);
    if (!this.#isWorking) queueMicrotask(() => void this.#work());
  }

  #nameTake({ key }: Take, { transaction }: NewEntry): ClaimName {
    return this.#settings.nameClaim({ key, fingerprint: '', role: 'unique' }, transaction).name;
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#hasWork()) {
        if (!this.#isAttached) await this.#attach();
        else if (this.#isRenewalDue) await this.#renew();
        else await this.#flush();
      }
    } finally {
      this.#isWorking = false;
    }
    if (this.size === 0 || this.#over === 'SW_JOURNAL_CLOSED') this.#idle?.();
  }

  #hasWork(): boolean {
    if (this.#over === 'SW_JOURNAL_FENCED') return false;
    if (this.#over === 'SW_JOURNAL_CLOSED') return this.#unanswered();
    return this.size > 0 || this.#isRenewalDue;
  }

  #unanswered(): boolean {
    return this.#waiting.length > 0 || this.#inDoubt.some((pending) => !pending.isAnswered);
  }

  async #flush(): Promise<void> {
    this.#expire(); // what nobody waits for any more costs no statement
    if (this.#waiting.length === 0) return;
    const batch = this.#nextBatch();
    this.#underWay = batch;
    const silence = this.#settings.clock.after(this.#settings.silenceMs, () => this.#giveUp());
    try {
      const { refused, owned, lines } = await this.#writer.flush(batch, this.#chain.link);
      for (const pending of batch) {
        this.#answer(pending, refused.get(pending.sequence) ?? { status: 'appended' });
      }
      const isClaimed = (name: ClaimName) => !owned.has(name);
      const appended = refused.size > 0 ? batch.filter(({ sequence }) => !refused.has(sequence)) : batch;
      this.#extend(appended, isClaimed, refused.size > 0 ? undefined : lines);
      this.#batchLimit = Math.min(MAX_BATCH, this.#batchLimit * 2);
      this.#failuresInARow = 0;
      this.#trouble.flushed();
    } catch (error) {
      this.#flushFailed(batch, error);
    } finally {
      silence.cancel();
      this.#underWay = [];
    }
  }

  /**
   * What is committed together next. Numbers are in the order of commits: who follows the journal never looks behind
   * one again. So where an entry is set aside, it and whatever waits behind it get new numbers.
   */
  #nextBatch(): PendingEntry[] {
    const { batch, rest, isReordered } = takeCompatible(this.#waiting, this.#batchLimit);
    this.#waiting = rest;
    if (!isReordered) return batch;

    for (const pending of rest) {
      this.#intentions.absent(pending);
      pending.sequence = this.#nextSequence++;
      this.#intentions.offered(pending);
    }
    return batch;
  }

  /**
   * A flush that outlasts its callers is slow, and will be answered: to reconnect would make it slower still. Beyond
   * the time in which the server would have ended it, it is not heard any more, and a new connection tells.
   */
  #giveUp(): void {
    this.#settings.log.warn({ event: 'journal.silent', entries: this.#underWay.length });
    this.#writer.drop();
  }

  #flushFailed(batch: PendingEntry[], error: unknown): void {
    const failed = error instanceof FlushError ? error : new FlushError('lost', error);
    const { failure } = failed;
    const facts = { failure, entries: batch.length };
    if (failure === 'lost') this.#trouble.flushFailed(failed, facts);
    else this.#settings.log.warn({ event: 'journal.flush-failed', ...facts, err: error });
    if (failure === 'lost') {
      this.#inDoubt = batch;
      this.#detach();
    } else if (failure === 'fenced') {
      this.#waiting.unshift(...batch);
      this.#fence();
    } else if (failure === 'expired') {
      this.#isRenewalDue = true; // what nobody waits for any more is forgotten meanwhile
      this.#putBack(batch);
    } else if (failure === 'refused' && batch.length === 1) {
      for (const pending of batch) this.#refuse(pending, 'SW_JOURNAL_REFUSED', 'no', error);
    } else {
      if (failure === 'refused') this.#batchLimit = Math.ceil(batch.length / 2); // closes in on the one at fault
      this.#putBack(batch);
    }
  }

  /** By one flush, as it was committed: its answer, or what the next connection found of it, says so. */
  #extend(
    appended: readonly PendingEntry[],
    isClaimed: (name: ClaimName) => boolean,
    lines?: FlushLines,
  ): void {
    const last = appended.at(-1);
    if (!last) return;
    const { copy } = this.#settings;
    const { link } = this.#chain;
    copy?.keep(keptFlush(copy.epoch, appended, { link, isClaimed, ...(lines && { lines }) }));
    const chained = appended.map((pending) => chainLine(pending, isClaimed));
    this.#chain = { sequence: last.sequence, link: nextLink(link, chained) };
  }

  #detach(): void {
    this.#isAttached = false;
    this.#failuresInARow += 1;
  }

  /** A new connection settles what the lost one left in doubt: what is not there now will never be. */
  async #attach(): Promise<void> {
    const { clock, log } = this.#settings;
    const delayMs = RECONNECT_DELAYS_MS[Math.min(this.#failuresInARow, RECONNECT_DELAYS_MS.length) - 1] ?? 0;
    if (delayMs > 0) await delay(clock, delayMs);
    const inDoubt = this.#inDoubt;
    try {
      const { isFenced, found, claimed } = await this.#writer.attach(inDoubt.map(({ sequence }) => sequence));
      if (!isFenced) await this.#settings.copy?.compare();
      this.#inDoubt = [];
      this.#isAttached = true;
      this.#trouble.attached();
      if (inDoubt.length > 0) sometimes('doubtful commit resolved');
      const appended = inDoubt.filter(({ sequence }) => found.has(sequence));
      for (const pending of appended) this.#answer(pending, { status: 'appended' });
      this.#extend(appended, (name) => claimed.has(name));
      this.#putBack(inDoubt.filter(({ sequence }) => !found.has(sequence)));
      log.info({ event: 'journal.attached', inDoubt: inDoubt.length, found: found.size });
      if (isFenced) this.#fence();
    } catch (error) {
      this.#failuresInARow += 1;
      this.#trouble.attachFailed(error);
    }
  }

  async #renew(): Promise<void> {
    this.#isRenewalDue = false;
    try {
      const isOurs = await this.#writer.renew(this.#intentions.lowWater(this.#nextSequence));
      this.#failuresInARow = 0;
      if (!isOurs) this.#fence();
    } catch (error) {
      this.#settings.log.warn({ event: 'journal.renewal-failed', err: error });
      const isSlow = error instanceof FlushError && error.failure === 'again';
      if (!isSlow) this.#detach();
      this.#isRenewalDue = true;
    }
    this.#scheduleRenewal();
  }

  #scheduleRenewal(): void {
    this.#renewTimer?.cancel();
    if (this.#over) return;
    this.#renewTimer = this.#settings.clock.after(this.#settings.renewEveryMs, () => {
      this.#isRenewalDue = true;
      void this.#work();
    });
  }

  #fence(): void {
    sometimes('fenced');
    this.#over = 'SW_JOURNAL_FENCED';
    this.#renewTimer?.cancel();
    this.#settings.log.error({ event: 'journal.fenced', waiting: this.#waiting.length });
    for (const pending of this.#waiting) this.#refuse(pending, 'SW_JOURNAL_FENCED', 'no');
    this.#waiting = [];
    this.#settings.onFenced();
  }

  /** To the head of the queue; those whose callers gave up are forgotten. */
  #putBack(absent: readonly PendingEntry[]): void {
    for (const pending of absent) if (pending.isAnswered) this.#intentions.absent(pending);
    this.#waiting.unshift(...absent.filter((pending) => !pending.isAnswered));
  }

  #answer(pending: PendingEntry, result: AppendResult): void {
    this.#intentions.answered(pending, result);
    if (pending.isAnswered) return;
    pending.isAnswered = true;
    pending.resolve(result);
  }

  #refuse(pending: PendingEntry, code: JournalErrorCode, committed: 'no' | 'unknown', cause?: unknown): void {
    if (committed === 'no') this.#intentions.absent(pending);
    if (pending.isAnswered) return;
    pending.isAnswered = true;
    pending.reject(new JournalError(code, committed, { sequence: pending.sequence }, { cause }));
  }

  /** One timer for all, due at the earliest deadline it was told of. */
  #watchDeadline(deadline: Monotonic): void {
    if (this.#deadlineTimer && this.#deadlineTimerDue <= deadline) return;
    this.#deadlineTimer?.cancel();
    this.#deadlineTimerDue = deadline;
    const { clock } = this.#settings;
    this.#deadlineTimer = atDeadline(clock, Math.max(clock.monotonic() + 1, deadline), () => {
      this.#deadlineTimer = undefined;
      this.#expire();
      let next = Number.POSITIVE_INFINITY;
      for (const queue of [this.#underWay, this.#inDoubt, this.#waiting]) {
        for (const pending of queue) if (!pending.isAnswered) next = Math.min(next, pending.deadline);
      }
      if (next < Number.POSITIVE_INFINITY) this.#watchDeadline(next);
    });
  }

  #expire(): void {
    const now = this.#settings.clock.monotonic();
    const isDue = (pending: PendingEntry) => !pending.isAnswered && pending.deadline <= now;
    const sent = [...this.#underWay, ...this.#inDoubt].filter(isDue);
    for (const pending of sent) this.#refuse(pending, 'SW_JOURNAL_UNAVAILABLE', 'unknown');
    const dead = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((pending) => pending.deadline > now);
    for (const pending of dead) this.#refuse(pending, 'SW_JOURNAL_UNAVAILABLE', 'no');
  }
}
