import { firstLink, type Link, lineOf, nextLink } from '../journal/chain.ts';
import type { StoredEntry } from './entry-row.ts';
import { chainFormOf, type EpochFacts } from './evidence.ts';
import type { Break, Doubt, EpochReport } from './findings.ts';
import type { Head } from './head.ts';

const MAX_BREAKS = 100;
/** The forms that this release can follow (docs/audit.md). */
const CHAIN_FORMS: readonly (number | null)[] = [1, 2];

/**
 * Walks along one epoch, flush by flush. Each link that stands there says what came before it, so that a change is
 * placed between two of them; where links were changed as well, the heads say so.
 */
export class EpochCheck {
  readonly #facts: EpochFacts;
  readonly #heads: readonly Head[];
  /** The epoch was over with this one. */
  readonly #over: Head | undefined;
  readonly #breaks: Break[] = [];
  #moreBreaks = 0;
  #nextHead = 0;
  #entries = 0;
  #last = 0;
  #link: Link;
  /** Lines of the flush at hand, and its first entry. */
  #lines: string[] = [];
  #flushFrom = 1;
  /** The head that the flush before contradicted: what begins next tells more. */
  #contradicted: { head: Head; flushFrom: number } | undefined;
  #isRewritten = false;
  #verifiedUpTo = 0;
  #entriesVerified = 0;
  #firstUnsignedAt: number | null = null;

  /** @param heads of this epoch that can be believed, by their sequences */
  constructor(facts: EpochFacts, heads: readonly Head[]) {
    this.#facts = facts;
    this.#heads = heads;
    this.#over = heads.find(({ state }) => state !== 'running');
    this.#link = firstLink(facts.epoch, facts.node ?? '', chainFormOf(facts.chain));
    if (facts.node === null) this.#break({ code: 'AUDIT_EPOCH_UNKNOWN' });
    else if (this.#isChained) this.#compareLease();
    else if (heads.length > 0) this.#break({ code: 'AUDIT_EPOCH_MISSING' });
  }

  entry(entry: StoredEntry): void {
    if (this.#isChained) this.#follow(entry);
    this.#entries += 1;
    this.#last = entry.sequence;
  }

  stray(sequence: number | null, key: string): void {
    const place = sequence === null ? {} : { from: sequence, to: sequence };
    this.#break({ code: 'AUDIT_STRAY_CLAIM', ...place, detail: key });
  }

  /**
   * @param unsignedBefore entries older than this must be under a head, in microseconds since the Unix epoch
   * @param mustBeChained an earlier epoch was
   */
  finish(unsignedBefore: number, mustBeChained: boolean): EpochReport {
    const { epoch, node, isEnded } = this.#facts;
    if (this.#isChained) this.#checkEnd();
    return {
      epoch,
      node,
      state: this.#isChained ? (isEnded ? 'ended' : 'running') : 'not chained',
      entries: this.#entries,
      unusedSequences: this.#last - this.#entries,
      lastSequence: this.#last,
      verifiedUpTo: this.#verifiedUpTo,
      unsigned: this.#isChained ? this.#entries - this.#entriesVerified : 0,
      heads: this.#heads.length,
      breaks: this.#breaks,
      moreBreaks: this.#moreBreaks,
      doubts: this.#doubts(unsignedBefore, mustBeChained),
    };
  }

  get #isChained(): boolean {
    return CHAIN_FORMS.includes(this.#facts.chain) && this.#facts.node !== null;
  }

  /** A head that was signed before the first entry has the link that epoch and node give. */
  #compareLease(): void {
    const [head] = this.#heads;
    if (head?.sequence !== 0) return;
    if (head.link !== this.#link) this.#break({ code: 'AUDIT_LEASE_ALTERED' });
    this.#link = head.link;
    this.#compareHeads();
  }

  #follow(entry: StoredEntry): void {
    const { sequence, link } = entry;
    const isBehindHead = this.#heads[this.#nextHead]?.sequence === this.#last && this.#lines.length > 0;
    if (link !== null) this.#beginFlush(link, sequence);
    else if (this.#entries === 0 || isBehindHead) {
      this.#endFlush(); // where a head was signed a flush has ended, and the next one must say so
      this.#settleContradiction(undefined);
      this.#break({ code: 'AUDIT_ALTERED', from: this.#last + 1, to: sequence });
    }
    if (sequence <= this.#last) this.#break({ code: 'AUDIT_ALTERED', from: sequence, to: this.#last });
    if (this.#lines.length === 0) this.#flushFrom = sequence;
    this.#lines.push(lineOf(entry));
    this.#firstUnsignedAt ??= entry.atMicros;
  }

  /**
   * The link that stands there is compared with what came before; from there on it is believed, to place what follows.
   */
  #beginFlush(link: Link, sequence: number): void {
    this.#endFlush();
    const isTold = this.#settleContradiction(link);
    if (link !== this.#link && !isTold) {
      const from = this.#entries === 0 ? 1 : this.#flushFrom;
      this.#break({ code: 'AUDIT_ALTERED', from, to: Math.max(from, sequence - 1) });
    }
    this.#link = link;
    this.#skipHeadsOfMissing(link, sequence);
  }

  #endFlush(): void {
    if (this.#lines.length === 0) return;
    this.#link = nextLink(this.#link, this.#lines);
    this.#lines = [];
    this.#compareHeads();
  }

  #compareHeads(): void {
    for (let head = this.#heads[this.#nextHead]; head && head.sequence <= this.#last; ) {
      if (head.sequence < this.#last || head.link !== this.#link) {
        this.#contradicted ??= { head, flushFrom: this.#flushFrom };
      } else {
        this.#settleContradiction(undefined);
        this.#verifiedUpTo = head.sequence;
        this.#entriesVerified = this.#entries;
        this.#firstUnsignedAt = null;
        this.#isRewritten = false;
      }
      this.#nextHead += 1;
      head = this.#heads[this.#nextHead];
    }
  }

  /**
   * Entries that do not lead to what was signed: of the last flush, if the next one still goes on from what was signed;
   * else the links between were changed with them, and it may be any of them. @returns whether there was such a head
   */
  #settleContradiction(next: Link | undefined): boolean {
    if (!this.#contradicted) return false;
    const { head, flushFrom } = this.#contradicted;
    this.#contradicted = undefined;
    if (next === head.link) {
      this.#break({ code: 'AUDIT_ALTERED', from: flushFrom, to: Math.max(flushFrom, head.sequence) });
      return true;
    }
    const from = Math.min(this.#verifiedUpTo + 1, head.sequence);
    if (!this.#isRewritten) this.#break({ code: 'AUDIT_REWRITTEN', from, to: head.sequence });
    this.#isRewritten = true; // told once: no later head can be right before one is
    return false;
  }

  /**
   * Of entries that are missing before this flush, heads have the same link as stands here; nothing more need be said.
   */
  #skipHeadsOfMissing(link: Link, sequence: number): void {
    for (let head = this.#heads[this.#nextHead]; head && head.sequence < sequence; ) {
      if (head.link !== link) {
        this.#break({ code: 'AUDIT_TAIL_MISSING', from: this.#last + 1, to: head.sequence });
      }
      this.#nextHead += 1;
      head = this.#heads[this.#nextHead];
    }
  }

  #checkEnd(): void {
    this.#endFlush();
    this.#settleContradiction(undefined);
    const beyond = this.#nextHead < this.#heads.length ? this.#heads.at(-1) : undefined;
    if (beyond) this.#break({ code: 'AUDIT_TAIL_MISSING', from: this.#last + 1, to: beyond.sequence });
    if (this.#over && this.#last > this.#over.sequence) {
      this.#break({ code: 'AUDIT_AFTER_END', from: this.#over.sequence + 1, to: this.#last });
    }
  }

  #doubts(unsignedBefore: number, mustBeChained: boolean): Doubt[] {
    if (!this.#isChained) return mustBeChained ? [{ code: 'AUDIT_NOT_CHAINED' }] : [];
    if (this.#heads.length === 0) return [{ code: 'AUDIT_NO_HEADS' }];
    if (this.#facts.isEnded && !this.#over) return [{ code: 'AUDIT_END_UNSIGNED' }];
    if (this.#breaks.length > 0) return [];
    const isOld = this.#firstUnsignedAt !== null && this.#firstUnsignedAt < unsignedBefore;
    return isOld ? [{ code: 'AUDIT_UNSIGNED', from: this.#verifiedUpTo + 1, to: this.#last }] : [];
  }

  #break(found: Break): void {
    if (this.#breaks.length < MAX_BREAKS) this.#breaks.push(found);
    else this.#moreBreaks += 1;
  }
}
