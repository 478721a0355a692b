import type { PopConnector, PopStandingStatus } from '../../connectors/index.ts';
import { type Clock, delay, type Monotonic } from '../../runtime/index.ts';
import type { DueProof } from './awaited-proofs.ts';

/**
 * What is to be done about a proof. `unusual`: the consensus says anything but that it is on its course, or leaves it
 * out. `unanswered`: nobody knows.
 */
export type Finding = 'final' | 'pending' | 'unusual' | 'unanswered';

export interface Inquired {
  readonly findings: ReadonlyMap<DueProof, Finding>;
  /** Why there is no answer, where there is none. */
  readonly reason?: string;
}

export interface InquiryPorts {
  readonly pop: Pick<PopConnector, 'standing' | 'standings'>;
  readonly clock: Clock;
  readonly attemptTimeoutMs: number;
}

const MAX_SET = 1_000;
/** One by one: so many at a time, and so many a second. */
const SINGLES_AT_ONCE = 10;
const SINGLES_PER_SECOND = 100;
const SINGLES_EVERY_MS = (1_000 * SINGLES_AT_ONCE) / SINGLES_PER_SECOND;
/** A consensus that could not be asked for a set is asked again after this time: it may have been replaced. */
const TRY_SETS_AGAIN_MS = 60_000;

const FINDINGS: Readonly<Record<PopStandingStatus, Finding>> = {
  validated: 'final',
  pending: 'pending',
  rejected: 'unusual',
  expired: 'unusual',
  cancelled: 'unusual',
};

/**
 * Asks the consensus how proofs stand: by one call for up to 1,000, or one by one and slowly, where it does not know
 * that call. To ask one by one without a limit was rejected: the first to feel it would be payments, which ask it too.
 */
export class ProofInquiry {
  readonly #ports: InquiryPorts;
  #setsFrom: Monotonic = Number.NEGATIVE_INFINITY;

  constructor(ports: InquiryPorts) {
    this.#ports = ports;
  }

  get isInSets(): boolean {
    return this.#ports.clock.monotonic() >= this.#setsFrom;
  }

  /** So many may be asked for at once. */
  get limit(): number {
    return this.isInSets ? MAX_SET : SINGLES_PER_SECOND;
  }

  async inquire(due: readonly DueProof[]): Promise<Inquired> {
    if (!this.isInSets) return this.#oneByOne(due);
    const ids = due.map(({ validation }) => validation);
    const outcome = await this.#ports.pop.standings(ids, this.#deadline());
    switch (outcome.status) {
      case 'unavailable':
        return { findings: new Map(due.map((proof) => [proof, 'unanswered'])), reason: outcome.reason };
      case 'unsupported':
        this.#setsFrom = this.#ports.clock.monotonic() + TRY_SETS_AGAIN_MS;
        return this.#oneByOne(due.slice(0, this.limit));
      case 'answered':
        return { findings: new Map(due.map((proof) => [proof, findingOf(proof, outcome.standings)])) };
    }
  }

  /** Stops where none of those that were asked for at a time is answered. What was not asked for is not in the map. */
  async #oneByOne(due: readonly DueProof[]): Promise<Inquired> {
    const { clock } = this.#ports;
    const findings = new Map<DueProof, Finding>();
    for (let from = 0; from < due.length; from += SINGLES_AT_ONCE) {
      const startedAt = clock.monotonic();
      const some = due.slice(from, from + SINGLES_AT_ONCE);
      const answers = await Promise.all(some.map((proof) => this.#single(proof)));
      for (const [index, proof] of some.entries()) {
        findings.set(proof, answers[index]?.finding ?? 'unanswered');
      }
      const reason = answers.find((answer) => answer.reason !== undefined)?.reason;
      if (reason !== undefined && answers.every(({ finding }) => finding === 'unanswered')) {
        return { findings, reason };
      }

      const waitMs = SINGLES_EVERY_MS - (clock.monotonic() - startedAt);
      if (waitMs > 0) await delay(clock, waitMs);
    }
    return { findings };
  }

  async #single({ transaction, validation }: DueProof): Promise<{ finding: Finding; reason?: string }> {
    const standing = await this.#ports.pop.standing(transaction, this.#deadline());
    if (standing.status === 'unavailable') return { finding: 'unanswered', reason: standing.reason };
    if (standing.status === 'absent' || standing.validation !== validation) return { finding: 'unusual' };
    return { finding: FINDINGS[standing.status] };
  }

  #deadline(): Monotonic {
    return this.#ports.clock.monotonic() + this.#ports.attemptTimeoutMs;
  }
}

function findingOf({ validation }: DueProof, standings: ReadonlyMap<string, PopStandingStatus>): Finding {
  const status = standings.get(validation);
  return status === undefined ? 'unusual' : FINDINGS[status];
}
