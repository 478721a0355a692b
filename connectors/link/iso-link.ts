import type { FrameReader } from '../../messages/index.ts';
import { responseMti } from '../../messages/index.ts';
import { atDeadline, type Connection, delay, type Monotonic, type Timer } from '../../runtime/index.ts';
import type { NetworkLinkState, OwnFault } from '../network-leg.ts';
import { LineBudget } from './line-budget.ts';
import { LineWatch } from './line-watch.ts';
import { reconnectDelay } from './link-limits.ts';
import type { LinkSettings } from './link-settings.ts';
import type { Matchable, MatchKeys } from './match-keys.ts';
import { explainMismatch, invert, matchWithout, replyKey, requestKey, stanOf } from './match-keys.ts';
import { type Ended, type Examine, type Exchange, type NotSent, PendingRequests } from './pending.ts';

/** What became of a request at once: it left and will end, or it did not and has ended. */
export type Sent<M> =
  | { readonly left: true; readonly ended: Promise<Ended<M>> }
  | { readonly left: false; readonly ended: NotSent };

/** MTI of what is said about the line, and not about money. */
const NETWORK_MANAGEMENT = '08';
/** A network asks rarely, and waits for the answer. */
const MAX_SERVING = 16;
/** What was lost sooner after its sign-on than this counts as one more attempt in a row. */
const STEADY_AFTER_MS = 1_000;
const SIGN_OFF_MS = 500;
const LOOK_AGAIN_MS = 50;
const STRAY = { fate: 'unmatched' } as const;
/** How it is called that a connection came to nothing, by how far it had come. */
const FAILURE: Readonly<Record<NetworkLinkState, string>> = {
  down: 'link.connect-failed',
  connected: 'link.sign-on-failed',
  'signed-on': 'link.down',
};

/**
 * One persistent, multiplexed ISO 8583 connection to a network: it reconnects and signs on by itself, a second or two
 * after the network lets it; notices a line at whose other end nobody is; matches answers by declared keys; and never
 * lets two requests wait under one key. What it was given to send leaves with all else of the same turn, in one write.
 */
export class IsoLink<M extends Matchable, Tag = string> {
  readonly #settings: LinkSettings<M, Tag>;
  readonly #pending: PendingRequests<M, Tag>;
  readonly #keysByReply: MatchKeys;
  readonly #watch: LineWatch;
  /** Of answers that are nobody's. */
  readonly #strayLines: LineBudget;
  /** Of everything else that a peer says or asks for, and that goes wrong. */
  readonly #oddLines: LineBudget;
  #connection: Connection | undefined;
  #reader: FrameReader | undefined;
  #state: NetworkLinkState = 'down';
  #writable = true;
  /** Requests of the network that are being answered. */
  #serving = 0;
  /** Nothing new is asked, and what was asked is waited for. */
  #leaving = false;
  /** Connections begun in a row that came to nothing, and when the last one was begun. */
  #attempts = 0;
  #beganAt: Monotonic = 0;
  #signedOnAt: Monotonic | undefined;
  #signOns = 0;
  #lastFailure: string | undefined;
  /** Why the network did not let us in. */
  #refusal: string | undefined;
  #retry: Timer | undefined;

  constructor(settings: LinkSettings<M, Tag>) {
    this.#settings = settings;
    this.#strayLines = new LineBudget(settings.clock);
    this.#oddLines = new LineBudget(settings.clock);
    const keysByReply = invert(settings.profile.matchKeys, responseMti);
    this.#keysByReply = keysByReply;
    const { maxExpired } = settings.limits;
    this.#pending = new PendingRequests(settings.clock, maxExpired, (key) => stanOf(key, keysByReply));
    this.#watch = new LineWatch(settings.clock, settings.limits, {
      ask: () => this.#echo(),
      dead: () => this.#lineIsDead(),
    });
    this.#connect();
  }

  /** One that is leaving bears nothing any more, as one that has not signed on. */
  state(): NetworkLinkState {
    return this.#leaving && this.#state === 'signed-on' ? 'connected' : this.#state;
  }

  signOns(): number {
    return this.#signOns;
  }

  /** Whether no request of its key waits; one without a key has none to wait under. */
  isFree(message: Matchable): boolean {
    const key = requestKey(message, responseMti(message.mti), this.#settings.profile.matchKeys);
    return key === undefined || !this.#pending.has(key);
  }

  /** Sends a request and waits for its answer until `deadline`. Never rejects. */
  async exchange(message: M, deadline: Monotonic, tag?: Tag, examine?: Examine<M>): Promise<Exchange<M>> {
    return this.send(message, deadline, tag, examine).ended;
  }

  /** The same, and tells at once whether the request left. */
  send(message: M, deadline: Monotonic, tag?: Tag, examine?: Examine<M>): Sent<M> {
    if (this.state() !== 'signed-on') return unreachable('link is not signed on');
    return this.#send(message, deadline, tag, examine);
  }

  /**
   * Asks nothing more, waits `patienceMs` at most for the answers that are due, signs off where possible, and closes.
   * What waits then is abandoned as unknown.
   */
  async close(patienceMs = 0): Promise<void> {
    this.#leaving = true;
    await this.#waitForAnswers(this.#settings.clock.monotonic() + patienceMs);
    this.#retry?.cancel();
    this.#watch.stop();
    if (this.#state === 'signed-on') {
      await this.#send(this.#settings.profile.signOff(), this.#settings.clock.monotonic() + SIGN_OFF_MS)
        .ended;
    }
    this.#connection?.destroy();
    this.#down('link closed');
  }

  async #waitForAnswers(latest: Monotonic): Promise<void> {
    const { clock } = this.#settings;
    while (this.#pending.size > 0 && clock.monotonic() < latest) {
      await delay(clock, LOOK_AGAIN_MS);
    }
  }

  #send(message: M, deadline: Monotonic, tag?: Tag, examine?: Examine<M>): Sent<M> {
    const { profile, limits, codec, framing } = this.#settings;
    const isOfTheLine = message.mti.startsWith(NETWORK_MANAGEMENT);
    const connection = this.#connection;
    if (!connection) return unreachable('link is down');
    if (!this.#writable) return notAsked('overloaded', 'the network does not drain the link');
    const key = requestKey(message, responseMti(message.mti), profile.matchKeys);
    if (key === undefined) return notAsked('inexpressible', `no match key for ${message.mti}`);
    if (this.#pending.has(key)) return notAsked('number-taken', 'its match key is in flight');
    // What keeps the line itself alive has room whatever waits: it finds out why so much waits.
    if (this.#pending.size >= limits.maxInFlight && !isOfTheLine) {
      return notAsked('overloaded', 'too many requests in flight');
    }
    let frame: Buffer;
    try {
      frame = framing.encode(codec.pack(message));
    } catch (error) {
      this.#oddLines.spend((leftOut) =>
        this.#settings.log.error({
          event: 'link.pack-failed',
          link: this.#settings.name,
          err: error,
          ...leftOut,
        }),
      );
      return notAsked('inexpressible', 'the request cannot be expressed in the network dialect');
    }
    const ended = this.#pending.wait(key, deadline, tag, examine);
    this.#writable = connection.write(frame);
    this.#watch.sent();
    return { left: true, ended };
  }

  #connect(): void {
    if (this.#leaving) return;
    const { address, sockets, framing, limits, clock } = this.#settings;
    this.#beganAt = clock.monotonic();
    this.#attempts += 1;
    this.#reader = framing.reader({ maxFrameBytes: limits.maxFrameBytes });
    this.#connection = undefined;

    let isLate = false;
    const patience = atDeadline(clock, this.#beganAt + limits.connectTimeoutMs, () => {
      isLate = true;
      connection.destroy();
    });
    const connection = sockets.connect(address, {
      onOpen: () => {
        patience.cancel();
        this.#connection = connection;
        this.#writable = true;
        this.#state = 'connected';
        void this.#signOn(connection);
      },
      onData: (chunk) => this.#receive(connection, chunk),
      onDrain: () => {
        this.#writable = true;
      },
      onClose: (reason) => {
        patience.cancel();
        const why = isLate ? `no connection within ${limits.connectTimeoutMs} ms` : reason?.message;
        this.#down(why ?? 'connection ended');
        this.#reconnectLater();
      },
    });
  }

  async #signOn(connection: Connection): Promise<void> {
    const { profile, limits, clock, log, name } = this.#settings;
    const result = await this.#send(profile.signOn(), clock.monotonic() + limits.signOnTimeoutMs).ended;
    if (this.#connection !== connection) return;

    if (result.status === 'answered' && profile.accepted(result.reply)) {
      this.#state = 'signed-on';
      this.#signedOnAt = clock.monotonic();
      this.#signOns += 1;
      log.info({ event: 'link.signed-on', link: name, peer: connection.peer, attempts: this.#attempts });
      this.#watch.start();
      return;
    }

    this.#refusal = result.status === 'answered' ? 'sign-on refused' : result.reason;
    connection.destroy();
  }

  /** What becomes of it is of no interest: whatever is heard shows that somebody is there. */
  #echo(): void {
    const { profile, limits, clock } = this.#settings;
    this.#send(profile.echo(), clock.monotonic() + limits.echoTimeoutMs);
  }

  #lineIsDead(): void {
    const { log, name } = this.#settings;
    log.warn({ event: 'link.echo-lost', link: name, peer: this.#connection?.peer });
    this.#connection?.destroy();
  }

  #receive(connection: Connection, chunk: Buffer): void {
    this.#watch.heard();
    try {
      this.#reader?.push(chunk, (body) => this.#frame(connection, body));
    } catch (error) {
      this.#settings.log.error({ event: 'link.framing-lost', link: this.#settings.name, err: error });
      connection.destroy();
    }
  }

  #frame(connection: Connection, body: Buffer): void {
    if (body.length === 0) {
      connection.write(this.#settings.framing.encode(body));
      return;
    }
    let message: M;
    try {
      message = this.#settings.codec.parse(body);
    } catch (error) {
      // Somebody is there, and answers in his own way.
      this.#watch.answered();
      this.#oddLines.spend((leftOut) =>
        this.#settings.log.error({
          event: 'link.unreadable',
          link: this.#settings.name,
          err: error,
          ...leftOut,
        }),
      );
      return;
    }
    this.#message(connection, message);
  }

  #message(connection: Connection, message: M): void {
    if (this.#keysByReply[message.mti]) this.#answered(message);
    else void this.#serve(connection, message);
  }

  #answered(message: M): void {
    const { log, name, onLateAnswer, onContradiction, onStrayAnswer } = this.#settings;
    const { mti } = message;
    this.#watch.answered();
    const keys = this.#keysByReply;
    const key = replyKey(message, keys) ?? matchWithout(message, keys, this.#known(message));
    const answered = key === undefined ? STRAY : this.#pending.answer(key, message);
    switch (answered.fate) {
      case 'matched':
      case 'follows':
      case 'repeated':
        return;
      case 'late':
        onLateAnswer(message, answered.tag);
        return;
      case 'disagrees': {
        const { elements, tag } = answered;
        this.#strayLines.spend((leftOut) =>
          log.warn({ event: 'link.answer-disagrees', link: name, mti, elements, ...leftOut }),
        );
        onContradiction?.(message, tag, elements);
        return;
      }
      case 'unmatched':
        this.#strayLines.spend((leftOut) => {
          const nearest = explainMismatch(message, keys, this.#pending.keys());
          log.warn({ event: 'link.unmatched-answer', link: name, mti, ...nearest, ...leftOut });
        });
        onStrayAnswer?.(message);
    }
  }

  #known({ de11 }: Matchable): Iterable<string> {
    return this.#pending.knownKeys(typeof de11 === 'string' ? de11 : '');
  }

  async #serve(connection: Connection, request: M): Promise<void> {
    const { profile, log, name, codec, framing } = this.#settings;
    const { mti } = request;
    if (this.#serving >= MAX_SERVING) {
      const limit = MAX_SERVING;
      this.#oddLines.spend((leftOut) =>
        log.warn({ event: 'link.serves-too-many', link: name, mti, limit, ...leftOut }),
      );
      return;
    }
    this.#serving += 1;
    try {
      const served = await profile.serve(request);
      if (!served) {
        this.#oddLines.spend((leftOut) => log.warn({ event: 'link.unserved', link: name, mti, ...leftOut }));
      }
      // What was asked on a connection that is gone is asked again on the next.
      if (!served || connection !== this.#connection) return;
      connection.write(framing.encode(codec.pack(served.reply)));
      served.onSent?.();
    } catch (error) {
      log.error({ event: 'link.serve-failed', link: name, mti, err: error });
    } finally {
      this.#serving -= 1;
    }
  }

  #down(reason: string): void {
    const { clock, log, name } = this.#settings;
    const state = this.#state;
    const signedOnAt = this.#signedOnAt ?? Number.POSITIVE_INFINITY;
    const wasSteady = clock.monotonic() - signedOnAt >= STEADY_AFTER_MS;
    this.#signedOnAt = undefined;
    this.#state = 'down';
    this.#connection = undefined;
    this.#watch.stop();
    this.#pending.abandonAll(reason);

    if (wasSteady || this.#leaving) {
      this.#attempts = 0;
      this.#lastFailure = undefined;
      if (state === 'signed-on') log.warn({ event: 'link.down', link: name, reason });
    } else {
      this.#failed(FAILURE[state], this.#refusal ?? reason);
    }
    this.#refusal = undefined;
  }

  /** The first of its kind is written down, then ever fewer: an outage of a night is two dozen lines. */
  #failed(event: string, reason: string): void {
    const isNew = event !== this.#lastFailure;
    const attempts = this.#attempts;
    this.#lastFailure = event;
    if (!isNew && (attempts & (attempts - 1)) !== 0) return;
    const { log, name, address } = this.#settings;
    log.warn({ event, link: name, peer: `${address.host}:${address.port}`, reason, attempts });
  }

  #reconnectLater(): void {
    if (this.#leaving) return;
    const { limits, clock, random } = this.#settings;
    const attempts = { inARow: this.#attempts, lastBeganAt: this.#beganAt };
    const delayMs = reconnectDelay(attempts, clock.monotonic(), limits, random);
    this.#retry = clock.after(delayMs, () => this.#connect());
  }
}

function unreachable<M>(reason: string): Sent<M> {
  return { left: false, ended: { status: 'unreachable', reason } };
}

function notAsked<M>(fault: OwnFault, reason: string): Sent<M> {
  return { left: false, ended: { status: 'not-asked', fault, reason } };
}
