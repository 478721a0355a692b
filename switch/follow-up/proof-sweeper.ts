import { jitter, type Timer } from '../../runtime/index.ts';
import type { Ports } from '../ports.ts';
import type { AwaitedBacklog, AwaitedProofs, DueProof } from './awaited-proofs.ts';
import { HeldProofs } from './held-proofs.ts';
import { nextLookMs } from './next-look.ts';
import { type Finding, ProofInquiry } from './proof-inquiry.ts';

/**
 * Waits for the proofs of all purchases that stand: claims those that are due in sets, asks the consensus for them by
 * one call, and appends what is final at once, so that the journal's group commit makes one flush of it. What is
 * pending it keeps, and asks for again, for as long as its claim lasts. Whatever is not as usual gets a follow-up of
 * its own, which knows what to do.
 *
 * Nothing is lost with it: what is waited for is a row of the projection, and what was claimed by one that died is due
 * again after its lease. Two that take the same proof do no harm: of two entries of one version one is superseded.
 * Only the projector removes a row, once it has read the entry. A job of the queue for each purchase was rejected: it
 * cost more than the purchase's own entries.
 */
export interface SweeperPorts extends Pick<Ports, 'journal' | 'pop' | 'clock' | 'random' | 'log'> {
  readonly settings: Pick<Ports['settings'], 'followUps' | 'pop'>;
  readonly proofs: AwaitedProofs;
}

/** What a node says of its sweeper. */
export interface SweeperState extends AwaitedBacklog {
  /** Sweeps that were in vain since the last that was not. */
  readonly failures: number;
  readonly asks: 'in sets' | 'one by one';
}

const LEASE_MS = 15_000;
/** A sweep takes less, as a rule: what is ours for no longer is not asked for again. Two that ask do no harm. */
const SWEEP_MS = 5_000;
const IDLE_MS = 500;
const COUNT_EVERY_MS = 5_000;
/** Entries that are handed to the journal at once: what waits there is the hot path's too. */
const APPENDED_AT_ONCE = 500;
/** With so many a consensus that is away is tried. */
const PROBE = 20;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 15_000];
const JITTER = 0.2;

export class ProofSweeper {
  readonly #ports: SweeperPorts;
  readonly #inquiry: ProofInquiry;
  readonly #held = new HeldProofs();
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isStopped = false;
  #failures = 0;
  #backlog: AwaitedBacklog = { waiting: 0 };
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
    const { attemptTimeoutMs } = ports.settings.followUps;
    this.#inquiry = new ProofInquiry({ pop: ports.pop, clock: ports.clock, attemptTimeoutMs });
    this.#schedule(0);
  }

  /** As it was counted last, a few seconds ago. */
  get state(): SweeperState {
    const asks = this.#inquiry.isInSets ? 'in sets' : 'one by one';
    return { ...this.#backlog, failures: this.#failures, asks };
  }

  /** Claims nothing more, and waits for the sweep under way, which deadlines bound. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#sweeping;
    const back = this.#putOff(this.#held.release(), 0);
    await back.catch((error: unknown) =>
      this.#ports.log.warn({ event: 'proofs.not-given-back', err: error }),
    );
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#ports.clock.after(delayMs, () => {
      this.#sweeping = this.#work().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** @returns when to sweep again, in milliseconds */
  async #work(): Promise<number> {
    try {
      await this.#count();
      return await this.#sweep();
    } catch (error) {
      return this.#failed({ err: error });
    }
  }

  async #sweep(): Promise<number> {
    const limit = this.#failures > 0 ? PROBE : this.#inquiry.limit;
    const due = await this.#take(limit);
    if (due.length === 0) return IDLE_MS;
    const { findings, reason } = await this.#inquiry.inquire(due);
    const having = (wanted: Finding) =>
      due.filter((proof) => (findings.get(proof) ?? 'unanswered') === wanted);

    const unanswered = having('unanswered');
    const delayMs = reason === undefined ? 0 : this.#failed({ reason });
    await this.#settle([
      this.#append(having('final')),
      this.#keep(having('pending')),
      this.#putOff(unanswered, delayMs),
      this.#handOver(having('unusual')),
    ]);
    if (reason !== undefined) return delayMs;
    this.#recovered();
    return due.length === limit ? 0 : IDLE_MS;
  }

  /** First what is held, then what is due to whoever claims it. */
  async #take(limit: number): Promise<DueProof[]> {
    const { clock, proofs } = this.#ports;
    const now = clock.monotonic();
    const held = this.#held.take(limit, now);
    if (held.length === limit) return held;
    const claimed = await proofs.claim(limit - held.length, LEASE_MS);
    this.#held.claimed(claimed, now + LEASE_MS - SWEEP_MS);
    return held.length === 0 ? claimed : [...held, ...claimed];
  }

  async #keep(pending: readonly DueProof[]): Promise<void> {
    const delayMs = nextLookMs(this.#ports.settings.pop);
    await this.#putOff(this.#held.hold(pending, this.#ports.clock.monotonic() + delayMs), delayMs);
  }

  /** Each does its part, whatever becomes of the others. @throws what the first failed with */
  async #settle(parts: readonly Promise<void>[]): Promise<void> {
    const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** What is superseded has changed since it was projected: once it is projected, it is looked at again. */
  async #append(final: readonly DueProof[]): Promise<void> {
    const overtaken: DueProof[] = [];
    for (let from = 0; from < final.length; from += APPENDED_AT_ONCE) {
      const some = final.slice(from, from + APPENDED_AT_ONCE);
      const appends = some.map(async (proof) => {
        const { transaction, version, validation } = proof;
        const entry = { transaction, version: version + 1, kind: 'pop-validated', body: { validation } };
        const { status } = await this.#ports.journal.append(entry);
        if (status !== 'appended') overtaken.push(proof);
      });
      await this.#settle(appends);
    }
    await this.#putOff(overtaken, nextLookMs(this.#ports.settings.pop));
  }

  async #putOff(proofs: readonly DueProof[], delayMs: number): Promise<void> {
    if (proofs.length > 0) await this.#ports.proofs.putOff(transactionsOf(proofs), delayMs);
  }

  async #handOver(proofs: readonly DueProof[]): Promise<void> {
    if (proofs.length === 0) return;
    const handed = await this.#ports.proofs.handOver(transactionsOf(proofs));
    if (handed.length > 0) this.#ports.log.warn({ event: 'proofs.handed-over', count: handed.length });
  }

  async #count(): Promise<void> {
    const { clock, proofs } = this.#ports;
    if (clock.monotonic() - this.#countedAt < COUNT_EVERY_MS) return;
    this.#countedAt = clock.monotonic();
    this.#backlog = await proofs.backlog();
  }

  /** Says so the 1st, 2nd, 4th, 8th … time. @returns how long to leave it alone */
  #failed(why: { readonly reason: string } | { readonly err: unknown }): number {
    this.#failures += 1;
    const failures = this.#failures;
    const isTold = (failures & (failures - 1)) === 0;
    if (isTold) this.#ports.log.warn({ event: 'proofs.in-vain', failures, ...this.#backlog, ...why });
    const backoff = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1] ?? IDLE_MS;
    return backoff * jitter(this.#ports.random, JITTER);
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    this.#ports.log.info({ event: 'proofs.answered-again', failures: this.#failures });
    this.#failures = 0;
  }
}

function transactionsOf(proofs: readonly DueProof[]): string[] {
  return proofs.map(({ transaction }) => transaction);
}
