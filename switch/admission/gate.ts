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
}

type Entry = Asking & Waiting;

const PATH_LENGTH = 3;
/** A payment that was noticed later has too little left of its time for its legs. */
const STALE_SHARE = 0.5;
/** Verifications are let in only while so much of the limit is free for payments. */
const VERIFICATION_SHARE = 0.8;

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
  readonly #repeats = new FairQueue<Entry>(PATH_LENGTH);
  readonly #payments = new FairQueue<Entry>(PATH_LENGTH);
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
  #isRepeatsTurn = true;
  #late = 0;
  #turn: Timer | undefined;

  constructor({ clock, deadlineMs, settings = DEFAULT_ADMISSION }: GateParts) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#settings = settings;
    this.work = new OwnWork(clock.monotonic());
    this.#limit = new AdaptiveLimit(settings, clock.monotonic());
    this.#loop = new LoopWatch(clock, () => this.#beat());
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
    for (const queue of [this.#mustServe, this.#repeats, this.#payments, this.#verifications]) {
      for (let entry = queue.take(); entry; entry = queue.take()) this.#shed(entry);
    }
  }

  get #waiting(): number {
    return this.#repeats.size + this.#payments.size + this.#verifications.size;
  }

  #askMustServe(asking: Asking): void {
    const { mustServeLimit, mustServeWaiting } = this.#settings;
    if (this.#mustServeAtWork < mustServeLimit && this.#mustServe.size === 0) {
      this.#letInMustServe(asking);
      return;
    }
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
    this.#queueOf(asking.lane).add({ ...asking, expiresAt });
    // As many wait as work: the wait for one's turn is then about as long as the work.
    if (this.#waiting > this.#limit.value) this.#pushOneOut();
    this.#nextTurn();
  }

  #isNextInTurn(lane: Lane): boolean {
    const before = this.#repeats.size + this.#payments.size;
    return before === 0 && (lane !== 'verification' || this.#verifications.size === 0);
  }

  #queueOf(lane: Lane): FairQueue<Entry> {
    if (lane === 'repeats') return this.#repeats;
    return lane === 'verification' ? this.#verifications : this.#payments;
  }

  #hasRoom(lane: Lane): boolean {
    const share = lane === 'verification' ? VERIFICATION_SHARE : 1;
    return this.work.inFlight + this.#entering < this.#limit.value * share;
  }

  #letIn(asking: Asking): void {
    this.#entering += 1;
    this.#nextTurn();
    this.#counts[asking.lane].served += 1;
    asking.settle('serve');
  }

  #letInMustServe(asking: Asking): void {
    this.#mustServeAtWork += 1;
    this.#counts['must-serve'].served += 1;
    asking.settle('serve');
  }

  /** Verifications first, then of the two others the one that has more waiting. */
  #pushOneOut(): void {
    if (this.#verifications.size > 0) this.#push(this.#verifications);
    else this.#push(this.#repeats.size > this.#payments.size ? this.#repeats : this.#payments);
  }

  #push(queue: FairQueue<Entry>): void {
    const entry = queue.dropLatest();
    if (entry) this.#shed(entry);
  }

  #shed({ lane, receivedAt, settle }: Asking): void {
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
    while (this.#mustServe.size > 0 && this.#mustServeAtWork < this.#settings.mustServeLimit) {
      const entry = this.#mustServe.take();
      if (entry) this.#letInMustServe(entry);
    }
    const now = this.#clock.monotonic();
    for (let entry = this.#nextToOpen(); entry; entry = this.#nextToOpen()) {
      if (entry.expiresAt <= now) this.#shed(entry);
      else this.#letIn(entry);
    }
  }

  /** Repeats and payments take turns; verifications get what these leave. */
  #nextToOpen(): Entry | undefined {
    if (this.#repeats.size + this.#payments.size > 0) {
      if (!this.#hasRoom('opens-legs')) return undefined;
      this.#isRepeatsTurn = !this.#isRepeatsTurn;
      const first = this.#isRepeatsTurn ? this.#repeats : this.#payments;
      const second = this.#isRepeatsTurn ? this.#payments : this.#repeats;
      return first.take() ?? second.take();
    }
    return this.#hasRoom('verification') ? this.#verifications.take() : undefined;
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    // A lag of the loop is part of every wait that it met: counted alone, one pause would halve the limit.
    this.#limit.judge(now, () => this.work.measure(now));
    for (const queue of [this.#mustServe, this.#repeats, this.#payments, this.#verifications]) {
      for (const entry of queue.takeExpired(now)) this.#shed(entry);
    }
    this.#letInWaiting();
  }
}
