import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock, Log, Monotonic, Timer } from '../../runtime/index.ts';
import type { ChainEnd } from '../journal/chain.ts';
import type { EndedEpochs } from './ended-epochs.ts';
import { type Head, hashOfLine, isSigned, lineOfHead, parseHead, textToSign } from './head.ts';
import type { HeadBook } from './head-book.ts';

export interface PublisherParts {
  readonly node: string;
  readonly epoch: number;
  /** The chain as the node itself knows it, not as the database has it. */
  readonly chain: () => ChainEnd;
  readonly signer: HeadSigner;
  readonly book: HeadBook;
  readonly ended: EndedEpochs;
  readonly clock: Clock;
  readonly log: Log;
  /** A head is due so long after the one before, in milliseconds, or after so many entries. */
  readonly everyMs: number;
  readonly everyEntries: number;
  /** Entries that wait longer than this for a signed head are an alarm. */
  readonly lateAfterMs: number;
}

/** The HSM, as far as heads are concerned. */
export interface HeadSigner {
  /** SubjectPublicKeyInfo in DER. */
  publicKey(): Promise<Buffer>;
  /** ECDSA on P-256 over the SHA-256 of the text: r and s, 64 bytes. */
  sign(text: string): Promise<Buffer>;
}

/** What a node says of its heads. */
export interface AuditStatus {
  readonly epoch: number;
  readonly sequence: number;
  /** The last entry under a published head; null before the first head. */
  readonly signedSequence: number | null;
  /** How long the oldest entry without a head has waited, in milliseconds, to the second; 0 where there is none. */
  readonly lagMs: number;
  readonly isLate: boolean;
  /** Why the last head could not be published; absent where it was. */
  readonly failure?: string;
}

const TICK_MS = 1_000;

/**
 * Has the HSM sign the end of the node's chain now and then, and publishes it. Nothing in the way of a payment waits
 * for it.
 */
export class HeadPublisher {
  readonly #parts: PublisherParts;
  #published: ChainEnd | undefined;
  #publishedAt: Monotonic = Number.NEGATIVE_INFINITY;
  #lookedAt: Monotonic = Number.NEGATIVE_INFINITY;
  #waitingSince: Monotonic | undefined;
  #previous: string | null | undefined;
  #key: { readonly fingerprint: string; readonly key: KeyObject } | undefined;
  #number = 0;
  #isLate = false;
  #failure: string | undefined;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;
  #closed: Promise<void> | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#timer = parts.clock.after(TICK_MS, () => this.#tick());
  }

  status(): AuditStatus {
    const { sequence } = this.#parts.chain();
    const signedSequence = this.#published?.sequence ?? null;
    const since = this.#waitingSince;
    return {
      epoch: this.#parts.epoch,
      sequence,
      signedSequence,
      lagMs: since === undefined ? 0 : Math.round(this.#parts.clock.monotonic() - since),
      isLate: this.#isLate,
      ...(this.#failure !== undefined && { failure: this.#failure }),
    };
  }

  /**
   * Publishes the last head, once: who is asked to stop twice signs one end.
   * @param isFinal nothing is in doubt and nothing can be appended any more. Where it cannot be published, another life
   * signs what it finds.
   */
  close(isFinal: boolean): Promise<void> {
    this.#closed ??= this.#close(isFinal);
    return this.#closed;
  }

  async #close(isFinal: boolean): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#work;
    await this.#attempt(async () => {
      const { epoch, chain, ended } = this.#parts;
      await this.#publish(epoch, isFinal ? 'closed' : 'running', chain());
      if (isFinal) await ended.sealed(epoch);
    });
    await this.#parts.ended.close();
  }

  #tick(): void {
    const work = this.#attempt(() => this.#whatIsDue());
    this.#work = work.finally(() => {
      this.#noteLag();
      if (!this.#isClosed) this.#timer = this.#parts.clock.after(TICK_MS, () => this.#tick());
    });
  }

  async #whatIsDue(): Promise<void> {
    const { epoch, chain, clock, everyMs, everyEntries, ended } = this.#parts;
    const now = clock.monotonic();
    const end = chain();
    const before = this.#published;
    const isGrown = end.sequence > (before?.sequence ?? -1);
    const isDue =
      now - this.#publishedAt >= everyMs || end.sequence - (before?.sequence ?? 0) >= everyEntries;
    if (isGrown && isDue) await this.#publish(epoch, 'running', end);
    if (now - this.#lookedAt < everyMs) return;
    for (const { epoch: over, end: itsEnd } of await ended.unsealed()) {
      if (over === epoch) continue; // its own: `close` knows better
      await this.#publish(over, 'recovered', itsEnd);
      await ended.sealed(over);
    }
    this.#lookedAt = now;
  }

  async #publish(epoch: number, state: Head['state'], end: ChainEnd): Promise<void> {
    const { node, epoch: life, signer, book, clock, log } = this.#parts;
    const key = this.#key ?? (await this.#readKey());
    const previous = this.#previous === undefined ? await this.#readPrevious() : this.#previous;
    const askedAt = clock.monotonic();
    const wall = clock.wall();
    const at = new Date(wall).toISOString();
    const said = { node, life, number: this.#number + 1, epoch, state, ...end, at };
    const text = textToSign({ ...said, previous, key: key.fingerprint });
    const line = lineOfHead(text, await signer.sign(text));
    const signed = parseHead(line);
    if (!signed || !isSigned(signed, new Map([[key.fingerprint, key.key]]))) {
      throw new Error('the signature of the HSM does not verify');
    }
    this.#previous = undefined; // where this fails, the book says whether the line is in it
    await book.append(line, wall);
    this.#number += 1;
    this.#previous = hashOfLine(line);
    if (epoch === life) {
      this.#published = end;
      this.#publishedAt = askedAt;
      this.#waitingSince = this.#parts.chain().sequence > end.sequence ? askedAt : undefined;
    }
    log.debug({ event: 'audit.head', epoch, state, sequence: end.sequence });
  }

  async #readPrevious(): Promise<string | null> {
    const { node, epoch, book } = this.#parts;
    const line = await book.last();
    const last = line === undefined ? undefined : parseHead(line);
    if (!last) return null;
    if (last.head.node === node && last.head.life === epoch) this.#number = last.head.number;
    return hashOfLine(last.line);
  }

  async #readKey(): Promise<{ fingerprint: string; key: KeyObject }> {
    const { signer, book } = this.#parts;
    const der = await signer.publicKey();
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const fingerprint = createHash('sha256').update(der).digest('hex');
    await book.keepKey(fingerprint, String(key.export({ format: 'pem', type: 'spki' })));
    this.#key = { fingerprint, key };
    return this.#key;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failure = undefined;
    } catch (error) {
      this.#key = undefined; // the token may be another when it is back
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#failure === undefined) this.#parts.log.warn({ event: 'audit.head-failed', reason });
      this.#failure = reason;
    }
  }

  #noteLag(): void {
    const { chain, clock, log, lateAfterMs } = this.#parts;
    const now = clock.monotonic();
    const waiting = chain().sequence - (this.#published?.sequence ?? 0);
    if (waiting === 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
    const isLate = this.#waitingSince !== undefined && now - this.#waitingSince >= lateAfterMs;
    if (isLate && !this.#isLate) log.error({ event: 'audit.heads-late', ...this.status() });
    if (!isLate && this.#isLate) log.info({ event: 'audit.heads-in-time', ...this.status() });
    this.#isLate = isLate;
  }
}
