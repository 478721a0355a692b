import type { Monotonic } from '../../runtime/index.ts';
import type { DueProof } from './awaited-proofs.ts';

/**
 * Proofs that a sweeper has claimed and that are not final yet: it asks for them again from here, for as long as its
 * lease on them lasts, and then gives them back. To put each off in the database, to claim it a moment later, cost
 * two rows written for every look. Whoever dies forgets them, and they are due again once the lease is over.
 */
interface Held {
  readonly proof: DueProof;
  readonly askAt: Monotonic;
  readonly until: Monotonic;
}

/** More is not worth the memory: what is beyond is put off in the database. */
const MAX_HELD = 20_000;

export class HeldProofs {
  /** In the order in which they were taken. */
  #held: Held[] = [];
  readonly #leases = new WeakMap<DueProof, Monotonic>();

  /** Notes until when proofs are ours. */
  claimed(proofs: readonly DueProof[], until: Monotonic): void {
    for (const proof of proofs) this.#leases.set(proof, until);
  }

  /**
   * Keeps those whose lease lasts beyond `askAt`, to be taken again then.
   * @returns the others
   */
  hold(proofs: readonly DueProof[], askAt: Monotonic): DueProof[] {
    const left: DueProof[] = [];
    for (const proof of proofs) {
      const until = this.#leases.get(proof) ?? askAt;
      if (until > askAt && this.#held.length < MAX_HELD) this.#held.push({ proof, askAt, until });
      else left.push(proof);
    }
    return left;
  }

  /** Takes what is to be asked for again. What is not ours any more is forgotten: whoever claims it asks. */
  take(limit: number, now: Monotonic): DueProof[] {
    const due: DueProof[] = [];
    this.#held = this.#held.filter(({ proof, askAt, until }) => {
      if (until <= now) return false;
      if (askAt > now || due.length >= limit) return true;
      due.push(proof);
      return false;
    });
    return due;
  }

  /** Takes all that is held, to be given back. */
  release(): DueProof[] {
    const all = this.#held.map(({ proof }) => proof);
    this.#held = [];
    return all;
  }
}
