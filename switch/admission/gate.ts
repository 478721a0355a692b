import type { Clock, Monotonic, Timer } from '../../runtime/index.ts';
import { type AdmissionSettings, DEFAULT_ADMISSION } from '../config/admission.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { FairQueue, type Waiting } from './fair-queue.ts';
import { lastMomentOf, mayStillLeave } from './inbound.ts';
import { type Lane, SHED } from './lanes.ts';
import { LoopWatch } from './loop-watch.ts';
import { OwnWork } from './own-work.ts';

/** `serve` it now, `refuse` it at once, or `leave` it without an answer. */
export type Verdict = 'serve' | 'refuse' | 'leave';

/** A request at the door. */
export interface Asking {
  readonly lane: Lane;
  /** Listener, peer, connection. */
  readonly path: readonly [string, string, string];
  /** When it can have arrived at the earliest. */
  readonly receivedAt: Monotonic;
  /** Told once: at once, or when its turn has come or its patience is over. */
  readonly settle: (verdict: Verdict) => void;
}

/** How a lane fared since the node started. */
export interface LaneCounts {
  served: number;
  refused: number;
  unanswered: number;
}

export interface GateStatus {
  /** How many may be at work in the HSM and the journal at once, and how many are. */
  readonly limit: number;
  readonly atWork: number;
  readonly waiting: number;
  readonly mustServe: { readonly atWork: number; readonly waiting: number };
  readonly lanes: Readonly<Record<Lane, Readonly<LaneCounts>>>;
  /** Replies that were ready after their deadline, and not sent. */
  readonly late: number;
}

/** What listeners ask at their sockets, and what they are told. */
export interface Admitting {
  ask(asking: Asking): void;
  /** A request of this lane, which was served, is over. */
  done(lane: Lane): void;
  /** The earliest moment at which what is heard now can have arrived. */
  heardAt(now: Monotonic): Monotonic;
  /** Whether a reply to what was received then may still leave; it is counted where it may not. */
  mayReply(receivedAt: Monotonic): boolean;
}

export interface GateParts {
  readonly clock: Clock;
  /** A request is answered by then, or not at all. */
  readonly deadlineMs: number;
  readonly settings?: AdmissionSettings | undefined;
  /** How often it looks up, in milliseconds. */
  readonly beatMs?: number;
}

type Entry = Omit<Asking, 'path'> & Waiting;

const PATH_LENGTH = 3;
/** A payment that was noticed later has too little left of its time for its legs. */
const STALE_SHARE = 0.5;
/** Verifications are let in only while so much of the limit is free for payments. */
const VERIFICATION_SHARE = 0.8;
/** Of the limit, for payments while what must be served takes the rest. */
const SHARE_BESIDE_MUST_SERVE = 0.5;

/**
 * Decides at the socket what is served, before the HSM and the journal have spent anything on it. What opens legs is
 * let in while fewer are at work in the HSM and the journal than a limit allows that follows how long these take; some
 * more wait briefly, by turns; the rest is refused. What must not be refused has bounds of its own, and beyond them
 * goes unanswered. A count of requests in flight was rejected as the limit: with a slow issuer it is large, and the
 * switch idle.
 */
export class Gate implements Admitting {
  readonly work: OwnWork;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #settings: AdmissionSettings;
  readonly #loop: LoopWatch;
  readonly #limit: AdaptiveLimit;
  readonly #mustServe = new FairQueue<Entry>(PATH_LENGTH);
  /** Repeats and first requests: they take turns within their connection, and nobody else's turn. */
  readonly #payments = new FairQueue<Entry>(PATH_LENGTH + 1);
  readonly #verifications = new FairQueue<Entry>(PATH_LENGTH);
  readonly #counts: Record<Lane, LaneCounts> = {
    'must-serve': { served: 0, refused: 0, unanswered: 0 },
    repeats: { served: 0, refused: 0, unanswered: 0 },
    'opens-legs': { served: 0, refused: 0, unanswered: 0 },
    verification: { served: 0, refused: 0, unanswered: 0 },
  };
  #mustServeAtWork = 0;
  /** Let in during this turn of the event loop: their work is not under way yet. */
  #entering = 0;
  #late = 0;
  #turn: Timer | undefined;

  constructor({ clock, deadlineMs, settings = DEFAULT_ADMISSION, beatMs }: GateParts) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#settings = settings;
    this.work = new OwnWork(clock.monotonic());
    this.#limit = new AdaptiveLimit(settings, clock.monotonic());
    this.#loop = new LoopWatch(clock, () => this.#beat(), beatMs);
  }

  ask(asking: Asking): void {
    if (asking.lane === 'must-serve') this.#askMustServe(asking);
    else this.#askToOpenLegs(asking);
  }

  done(lane: Lane): void {
    if (lane !== 'must-serve') return;
    this.#mustServeAtWork -= 1;
    if (this.#mustServe.size > 0) this.#nextTurn();
  }

  heardAt(now: Monotonic): Monotonic {
    return this.#loop.heardAt(now);
  }

  mayReply(receivedAt: Monotonic): boolean {
    const isInTime = this.#isInTime(receivedAt);
    if (!isInTime) this.#late += 1;
    return isInTime;
  }

  /** Work of the switch's own begins, and `end` is called when it is over. */
  began(stage: 'hsm' | 'journal'): () => void {
    const at = this.#clock.monotonic();
    this.work.began(stage, at);
    return () => {
      this.work.ended(stage, at, this.#clock.monotonic());
      if (this.#waiting > 0) this.#nextTurn();
    };
  }

  status(): GateStatus {
    return {
      limit: this.#limit.value,
      atWork: this.work.inFlight,
      waiting: this.#waiting,
      mustServe: { atWork: this.#mustServeAtWork, waiting: this.#mustServe.size },
      lanes: this.#counts,
      late: this.#late,
    };
  }

  /** After the listeners: what still waits then goes unanswered or is refused. */
  close(): void {
    this.#loop.close();
    this.#turn?.cancel();
    for (const queue of [this.#mustServe, this.#payments, this.#verifications]) {
      for (let entry = queue.take(); entry; entry = queue.take()) this.#shed(entry);
    }
  }

  get #waiting(): number {
    return this.#payments.size + this.#verifications.size;
  }

  #askMustServe(asking: Asking): void {
    const { mustServeWaiting } = this.#settings;
    if (this.#mustServeAtWork < this.#mustServeLimit && this.#mustServe.size === 0) {
      this.#letInMustServe(asking);
      return;
    }
    this.#limit.reached();
    this.#mustServe.add({ ...asking, expiresAt: this.#clock.monotonic() + this.#deadlineMs });
    if (this.#mustServe.size > mustServeWaiting) this.#push(this.#mustServe);
  }

  #askToOpenLegs(asking: Asking): void {
    const now = this.#clock.monotonic();
    const staleAt = asking.receivedAt + this.#deadlineMs * STALE_SHARE;
    if (now >= staleAt) {
      this.#shed(asking);
      return;
    }
    if (this.#isNextInTurn(asking.lane) && this.#hasRoom(asking.lane)) {
      this.#letIn(asking);
      return;
    }
    this.#limit.reached();
    const expiresAt = Math.min(now + this.#settings.maxQueueMs, staleAt);
    if (asking.lane === 'verification') this.#verifications.add({ ...asking, expiresAt });
    else this.#payments.add({ ...asking, path: [...asking.path, asking.lane], expiresAt });
    // As many wait as work: the wait for one's turn is then about as long as the work.
    if (this.#waiting > this.#limit.value) this.#pushOneOut();
    this.#nextTurn();
  }

  #isNextInTurn(lane: Lane): boolean {
    return this.#payments.size === 0 && (lane !== 'verification' || this.#verifications.size === 0);
  }

  /**
   * Whether fewer are at work than the limit allows. A storm of what must be served may not take all of it: half is
   * left to the others, whose calls are at least those beyond one for each must-serve message.
   */
  #hasRoom(lane: Lane): boolean {
    const limit = this.#limit.value * (lane === 'verification' ? VERIFICATION_SHARE : 1);
    const atWork = this.work.inFlight + this.#entering;
    return atWork < limit || atWork - this.#mustServeAtWork < limit * SHARE_BESIDE_MUST_SERVE;
  }

  /** As many as payments may be at the most, too: more at once would only wait for each other. */
  get #mustServeLimit(): number {
    return Math.min(this.#settings.mustServeLimit, this.#limit.value);
  }

  #letIn(asking: Omit<Asking, 'path'>): void {
    this.#entering += 1;
    this.#nextTurn();
    this.#counts[asking.lane].served += 1;
    asking.settle('serve');
  }

  #letInMustServe(asking: Omit<Asking, 'path'>): void {
    this.#mustServeAtWork += 1;
    this.#counts['must-serve'].served += 1;
    asking.settle('serve');
  }

  /** Verifications first, then the latest of whoever has the most waiting. */
  #pushOneOut(): void {
    this.#push(this.#verifications.size > 0 ? this.#verifications : this.#payments);
  }

  #push(queue: FairQueue<Entry>): void {
    const entry = queue.dropLatest();
    if (entry) this.#shed(entry);
  }

  #shed({ lane, receivedAt, settle }: Omit<Asking, 'path'>): void {
    const isInTime = this.#isInTime(receivedAt);
    const verdict = isInTime ? SHED[lane] : 'leave';
    this.#counts[lane][verdict === 'refuse' ? 'refused' : 'unanswered'] += 1;
    settle(verdict);
  }

  #isInTime(receivedAt: Monotonic): boolean {
    return mayStillLeave(this.#clock.monotonic(), lastMomentOf(receivedAt, this.#deadlineMs));
  }

  /** When this turn of the event loop is over, what was let in is at work and counts as such. */
  #nextTurn(): void {
    this.#turn ??= this.#clock.after(0, () => {
      this.#turn = undefined;
      this.#entering = 0;
      this.#letInWaiting();
    });
  }

  #letInWaiting(): void {
    while (this.#mustServe.size > 0 && this.#mustServeAtWork < this.#mustServeLimit) {
      const entry = this.#mustServe.take();
      if (entry) this.#letInMustServe(entry);
    }
    const now = this.#clock.monotonic();
    for (let entry = this.#nextToOpen(); entry; entry = this.#nextToOpen()) {
      if (entry.expiresAt <= now) this.#shed(entry);
      else this.#letIn(entry);
    }
  }

  /** Verifications get what the others leave. */
  #nextToOpen(): Entry | undefined {
    if (this.#payments.size > 0) return this.#hasRoom('opens-legs') ? this.#payments.take() : undefined;
    return this.#hasRoom('verification') ? this.#verifications.take() : undefined;
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    // A lag of the loop is part of every wait that it met: counted alone, one pause would halve the limit.
    this.#limit.judge(now, () => this.work.measure(now));
    for (const queue of [this.#mustServe, this.#payments, this.#verifications]) {
      for (const entry of queue.takeExpired(now)) this.#shed(entry);
    }
    this.#letInWaiting();
  }
}
