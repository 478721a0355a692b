import type { Codec, FrameReader, Framing } from '../../messages/index.ts';
import { responseMti } from '../../messages/index.ts';
import type {
  Address,
  Clock,
  Connection,
  Log,
  Monotonic,
  Random,
  Sockets,
  Timer,
} from '../../runtime/index.ts';
import type { NetworkLinkState } from '../network-leg.ts';
import {
  explainMismatch,
  invert,
  type Matchable,
  type MatchKeys,
  replyKey,
  requestKey,
} from './match-keys.ts';
import { type Ended, type Exchange, type NotSent, PendingRequests } from './pending.ts';

/** What makes a link speak one network's network-management dialogue. */
export interface LinkProfile<M extends Matchable> {
  readonly matchKeys: MatchKeys;
  signOn(): M;
  signOff(): M;
  echo(): M;
  /** True where the reply to `signOn` opens the link for traffic. */
  accepted(reply: M): boolean;
  /** Our answer to a request of the network (an 0800), or `undefined` where it is none we serve. */
  serve(request: M): Promise<Served<M> | undefined>;
}

export interface Served<M> {
  readonly reply: M;
  /** Called once the reply is handed to the connection. */
  readonly onSent?: () => void;
}

/** What became of a request at once: it left and will end, or it did not and has ended. */
export type Sent<M> =
  | { readonly left: true; readonly ended: Promise<Ended<M>> }
  | { readonly left: false; readonly ended: NotSent };

/** A network asks rarely, and waits for the answer. */
const MAX_SERVING = 16;

export interface LinkLimits {
  readonly maxFrameBytes: number;
  /** Requests waiting for an answer at one time. */
  readonly maxInFlight: number;
  /** Keys remembered after their deadline. */
  readonly maxExpired: number;
  /** Silence after which an echo is sent. */
  readonly echoAfterIdleMs: number;
  /** How long a sign-on or echo may take; after that the connection is made anew. */
  readonly dialogueTimeoutMs: number;
  /** Waits between connection attempts in a row, the last one repeating; each is jittered by ±20 %. */
  readonly reconnectDelaysMs: readonly number[];
}

export const DEFAULT_LINK_LIMITS: LinkLimits = {
  maxFrameBytes: 4_096,
  maxInFlight: 4_096,
  maxExpired: 20_000,
  echoAfterIdleMs: 60_000,
  dialogueTimeoutMs: 5_000,
  reconnectDelaysMs: [100, 250, 1_000, 5_000, 15_000],
};

export interface LinkSettings<M extends Matchable> {
  readonly name: string;
  readonly address: Address;
  readonly codec: Codec<M>;
  readonly framing: Framing;
  readonly profile: LinkProfile<M>;
  readonly limits: LinkLimits;
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** An answer whose request had given up waiting: a money event. `tag` is what `exchange` was given. */
  readonly onLateAnswer: (reply: M, tag: string | undefined) => void;
}

/**
 * One persistent, multiplexed ISO 8583 connection to a network: it reconnects by itself, signs on, keeps the line
 * alive with echoes, matches answers by declared keys, and never lets two requests wait under one key.
 */
export class IsoLink<M extends Matchable> {
  readonly #settings: LinkSettings<M>;
  readonly #pending: PendingRequests<M>;
  readonly #keysByReply: MatchKeys;
  #connection: Connection | undefined;
  #reader: FrameReader | undefined;
  #state: NetworkLinkState = 'down';
  #writable = true;
  /** Requests of the network that are being answered. */
  #serving = 0;
  #closed = false;
  #attempts = 0;
  #lastHeard: Monotonic = 0;
  #retry: Timer | undefined;
  #echo: Timer | undefined;

  constructor(settings: LinkSettings<M>) {
    this.#settings = settings;
    this.#pending = new PendingRequests(settings.clock, settings.limits.maxExpired);
    this.#keysByReply = invert(settings.profile.matchKeys, responseMti);
    this.#connect();
  }

  state(): NetworkLinkState {
    return this.#state;
  }

  /** Sends a request and waits for its answer until `deadline`. Never rejects. */
  async exchange(message: M, deadline: Monotonic, tag?: string): Promise<Exchange<M>> {
    return this.send(message, deadline, tag).ended;
  }

  /** The same, and tells at once whether the request left. */
  send(message: M, deadline: Monotonic, tag?: string): Sent<M> {
    if (this.#state !== 'signed-on') return unreachable('link is not signed on');
    return this.#send(message, deadline, tag);
  }

  /** Signs off where possible, then closes; what waits is abandoned as unknown. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#echo?.cancel();
    if (this.#state === 'signed-on') {
      const patience = Math.min(500, this.#settings.limits.dialogueTimeoutMs);
      await this.#send(this.#settings.profile.signOff(), this.#settings.clock.monotonic() + patience).ended;
    }
    this.#connection?.destroy();
    this.#down('link closed');
  }

  #send(message: M, deadline: Monotonic, tag?: string): Sent<M> {
    const { profile, limits, codec, framing } = this.#settings;
    const connection = this.#connection;
    if (!connection) return unreachable('link is down');
    if (!this.#writable) return unreachable('the network does not drain the link');
    if (this.#pending.size >= limits.maxInFlight) return unreachable('too many requests in flight');
    const key = requestKey(message, responseMti(message.mti), profile.matchKeys);
    if (key === undefined) return unreachable(`no match key for ${message.mti}`);
    if (this.#pending.has(key)) return unreachable('a request with the same match key is in flight');
    let frame: Buffer;
    try {
      frame = framing.encode(codec.pack(message));
    } catch (error) {
      this.#settings.log.error({ event: 'link.pack-failed', link: this.#settings.name, err: error });
      return unreachable('the request cannot be expressed in the network dialect');
    }
    const ended = this.#pending.wait(key, deadline, tag);
    this.#writable = connection.write(frame);
    return { left: true, ended };
  }

  #connect(): void {
    if (this.#closed) return;
    const { address, sockets, framing, limits, clock } = this.#settings;
    this.#reader = framing.reader({ maxFrameBytes: limits.maxFrameBytes });
    this.#connection = undefined;
    const patience = clock.after(limits.dialogueTimeoutMs, () => connection.destroy());
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
        this.#down(reason?.message ?? 'connection ended');
        this.#reconnectLater();
      },
    });
  }

  async #signOn(connection: Connection): Promise<void> {
    const { profile, limits, clock, log, name } = this.#settings;
    const result = await this.#send(profile.signOn(), clock.monotonic() + limits.dialogueTimeoutMs).ended;
    if (this.#connection !== connection) return;
    if (result.status === 'answered' && profile.accepted(result.reply)) {
      this.#state = 'signed-on';
      this.#attempts = 0;
      log.info({ event: 'link.signed-on', link: name, peer: connection.peer });
      this.#scheduleEcho();
      return;
    }
    const reason = result.status === 'answered' ? 'sign-on refused' : result.reason;
    log.warn({ event: 'link.sign-on-failed', link: name, peer: connection.peer, reason });
    connection.destroy();
  }

  #scheduleEcho(): void {
    const { clock, limits } = this.#settings;
    this.#echo?.cancel();
    const idleFor = clock.monotonic() - this.#lastHeard;
    this.#echo = clock.after(limits.echoAfterIdleMs - idleFor, () => void this.#echoIfIdle());
  }

  async #echoIfIdle(): Promise<void> {
    const { clock, limits, profile, log, name } = this.#settings;
    const connection = this.#connection;
    if (this.#state !== 'signed-on' || !connection) return;
    if (clock.monotonic() - this.#lastHeard >= limits.echoAfterIdleMs) {
      const result = await this.#send(profile.echo(), clock.monotonic() + limits.dialogueTimeoutMs).ended;
      if (this.#connection !== connection) return;
      if (result.status !== 'answered') {
        log.warn({ event: 'link.echo-lost', link: name, peer: connection.peer });
        connection.destroy();
        return;
      }
    }
    this.#scheduleEcho();
  }

  #receive(connection: Connection, chunk: Buffer): void {
    this.#lastHeard = this.#settings.clock.monotonic();
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
      this.#settings.log.error({ event: 'link.unreadable', link: this.#settings.name, err: error });
      return;
    }
    this.#message(connection, message);
  }

  #message(connection: Connection, message: M): void {
    const { log, name } = this.#settings;
    const key = replyKey(message, this.#keysByReply);
    if (key !== undefined) {
      const answered = this.#pending.answer(key, message);
      if (answered.fate === 'late') this.#settings.onLateAnswer(message, answered.tag);
      if (answered.fate === 'unmatched') {
        const nearest = explainMismatch(message, this.#keysByReply, this.#pending.keys());
        log.warn({ event: 'link.unmatched-answer', link: name, mti: message.mti, ...nearest });
      }
      return;
    }
    void this.#serve(connection, message);
  }

  async #serve(connection: Connection, request: M): Promise<void> {
    const { profile, log, name, codec, framing } = this.#settings;
    const { mti } = request;
    if (this.#serving >= MAX_SERVING) {
      log.warn({ event: 'link.serves-too-many', link: name, mti, limit: MAX_SERVING });
      return;
    }
    this.#serving += 1;
    try {
      const served = await profile.serve(request);
      if (!served) log.warn({ event: 'link.unserved', link: name, mti });
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
    const wasUp = this.#state !== 'down';
    this.#state = 'down';
    this.#connection = undefined;
    this.#echo?.cancel();
    this.#pending.abandonAll(reason);
    if (wasUp) this.#settings.log.warn({ event: 'link.down', link: this.#settings.name, reason });
  }

  #reconnectLater(): void {
    if (this.#closed) return;
    const { limits, clock, random } = this.#settings;
    const index = Math.min(this.#attempts, limits.reconnectDelaysMs.length - 1);
    const delayMs = (limits.reconnectDelaysMs[index] ?? 1_000) * (0.8 + random.integer(401) / 1_000);
    this.#attempts += 1;
    this.#retry = clock.after(delayMs, () => this.#connect());
  }
}

function unreachable<M>(reason: string): Sent<M> {
  return { left: false, ended: { status: 'unreachable', reason } };
}
