import { type Codec, type FrameReader, type Framing, IsoError, isRequest } from '../../messages/index.ts';
import {
  beginsProxyHeader,
  type Clock,
  type Connection,
  type Log,
  type Monotonic,
} from '../../runtime/index.ts';
import type { Arrivals } from '../admission/arrivals.ts';
import { circleOf } from '../admission/circles.ts';
import type { Admitting, Verdict } from '../admission/gate.ts';
import { type Lane, laneOf, SHED } from '../admission/lanes.ts';
import { hostOf, type PeerLog } from '../admission/peer-log.ts';
import type { Refusals } from '../admission/refusals.ts';
import { numbersOf, type SentBefore } from '../admission/sent-before.ts';
import type { Strangers } from '../admission/strangers.ts';
import type { Tally } from '../admission/tally.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { StrangerSettings } from '../config/strangers.ts';
import { SWITCH_ERRORS } from '../errors.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { readable } from './garbled.ts';
import type { Compact } from './listener-codec.ts';
import { Patience } from './patience.ts';
import { replyMessage } from './reply-message.ts';
import type { Proof, Service } from './service.ts';
import { Standing, type Ticket } from './standing.ts';

/** What all peers of a listener share. */
export interface Shared {
  readonly settings: ListenerSettings;
  readonly codec: Codec<TerminalMessage>;
  readonly compact?: Compact | undefined;
  readonly framing: Framing;
  readonly service: Service;
  readonly gate: Admitting;
  readonly arrivals: Arrivals;
  readonly sentBefore: SentBefore;
  readonly strangers: Strangers;
  readonly strangerSettings: StrangerSettings;
  /** Messages of terminals that are known, at work by terminal. */
  readonly terminals: Tally;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly log: Log;
  readonly peerLog: PeerLog;
}

/** A request as it is at the gate. */
interface Asked {
  readonly message: TerminalMessage;
  readonly lane: Lane;
  /** By which it is known again; absent where it is served in any case. */
  readonly numbers?: string;
  /** The same was refused a moment ago. */
  readonly isRefused?: boolean;
  readonly receivedAt: Monotonic;
  readonly header: Buffer | undefined;
  readonly answeredIn: Codec<TerminalMessage>;
  readonly serve: (leavePlace: () => void, onProof: (proof: Proof) => void) => Promise<Buffer | undefined>;
  /** Whose share of what is at work it takes; absent where it takes nobody's. */
  terminal?: string;
}

/** What a listener is told of a peer. */
export interface PeerEvents {
  /** It has proven who it is. */
  proved(): void;
  left(): void;
}

const MOST_PER_TERMINAL = 256;
/** What is read so soon after reading went on was waiting meanwhile. */
const BACKLOG_MS = 25;
/** What Node reads of a socket at once, at most. */
const FULL_READ_BYTES = 65_536;

/**
 * One connected terminal or acquirer. It reads frames, asks the gate about each, and is the last to look at the clock:
 * what comes too late stays unsent. A refusal for load is made here and leaves without a MAC, since nothing has been
 * proven and nothing was spent. A peer with too many requests at work is read on, and what opens legs is refused: to
 * leave it in the socket was rejected, since how long bytes waited at their sender cannot be known, and what was read
 * of them was answered too late. Only what must be served is left there, and the answers a peer does not read hold up
 * its requests; what waited in its socket then is as old as that pause.
 */
export class Peer {
  readonly host: string;
  /** Whom it is counted with while it has proven nothing. */
  readonly circle: string;
  readonly #connection: Connection;
  readonly #shared: Shared;
  readonly #events: PeerEvents;
  readonly #standing: Standing;
  readonly #reader: FrameReader;
  readonly #patience: Patience;
  #inFlight = 0;
  /** Of these, those which are never refused. */
  #mustServeInFlight = 0;
  #open = true;
  #hasSaidNothing = true;
  #clogged = false;
  /** When what is being read can have come at the earliest. */
  #receivedAt: Monotonic;
  #pausedAt: Monotonic | undefined;
  /** What came until then may have waited since: unread meanwhile, or with a connection that was not taken yet. */
  #backlog: { readonly since: Monotonic; readonly until: Monotonic } | undefined;
  #onDrained: (() => void) | undefined;

  constructor(connection: Connection, shared: Shared, events: PeerEvents) {
    this.host = hostOf(connection.peer);
    this.#connection = connection;
    this.#shared = shared;
    this.#events = events;
    this.circle = circleOf(connection.peer, connection.peerCertificate);
    this.#standing = this.#newStanding();
    this.#reader = shared.framing.reader({ maxFrameBytes: shared.settings.maxFrameBytes });
    const now = shared.clock.monotonic();
    this.#receivedAt = now;
    const since = shared.arrivals.cameAt(now);
    if (since < now) this.#backlog = { since, until: now + BACKLOG_MS };
    this.#patience = new Patience({
      clock: shared.clock,
      settings: shared.settings,
      isPaused: () => this.#pausedAt !== undefined,
      onFrameLate: () => this.#refuse('listener.frame-timeout'),
      onIdle: () => this.#refuse('listener.idle'),
    });
  }

  get isKnown(): boolean {
    return this.#standing.isKnown;
  }

  /** Another one needs the room: this one has proven nothing for the longest. */
  giveWay(): void {
    this.#refuse('listener.made-room');
  }

  onData(chunk: Buffer): void {
    const now = this.#shared.clock.monotonic();
    this.#receivedAt = this.#cameAt(now, chunk.length);
    let frames = 0;
    if (this.#hasSaidNothing && beginsProxyHeader(chunk)) {
      this.#refuse('listener.proxy-unexpected');
      return;
    }
    this.#hasSaidNothing = false;
    try {
      this.#reader.push(chunk, (body, header) => {
        frames += 1;
        this.#frame(body, header);
      });
    } catch (error) {
      this.#refuse('listener.bad-frame', error);
      return;
    }
    this.#patience.heard(now, frames, this.#reader.pending);
  }

  onClose(): void {
    const heldBytes = this.#reader.pending;
    if (heldBytes > 0) this.#shared.peerLog.warn('listener.truncated', this.host, { heldBytes });
    this.#open = false;
    this.#patience.close();
    this.#events.left();
    this.#onDrained?.();
  }

  /** Takes no more requests; resolves once those in flight are answered. */
  drain(): Promise<void> {
    this.#connection.pause();
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  end(): void {
    this.#connection.end();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  onDrain(): void {
    this.#clogged = false;
    this.#readOrPause();
  }

  #cameAt(now: Monotonic, bytes: number): Monotonic {
    const backlog = this.#backlog;
    const heardAt = this.#shared.gate.heardAt(now);
    const isWaiting = backlog !== undefined && heardAt <= backlog.until;
    // A read that is full leaves more behind, which has waited as long.
    this.#backlog =
      isWaiting && bytes >= FULL_READ_BYTES ? { since: backlog.since, until: now + BACKLOG_MS } : undefined;
    return isWaiting ? Math.min(backlog.since, heardAt) : heardAt;
  }

  #frame(body: Buffer, header: Buffer | undefined): void {
    if (!this.#open) return;

    const { codec, compact, service, sentBefore, settings } = this.#shared;
    const answeredIn = compact?.fits(body) ? compact.codec : codec;
    const receivedAt = this.#receivedAt;
    let asked: Asked;
    try {
      const message = codec.parse(body);
      const said = laneOf(message);
      const numbers = said === 'must-serve' ? undefined : numbersOf(settings.acquirer, message);
      const isRefused = numbers !== undefined && said !== 'repeats' && sentBefore.wasRefused(numbers);
      const lane = numbers === undefined || isRefused ? said : this.#laneAmong(said, numbers);
      const cameBefore = lane === 'repeats';
      const mayRefuse = () => numbers === undefined || sentBefore.refuseFirst(numbers);
      const sealed = codec.macSlot(body);
      const from = { peer: this.host, certificate: this.#connection.peerCertificate, receivedAt };
      const how = { ...from, cameBefore, mayRefuse, answeredIn };
      const serve: Asked['serve'] = (leavePlace, onProof) =>
        service.answer({ message, sealed, ...how, leavePlace, onProof });
      const known = numbers !== undefined && { numbers, isRefused };
      asked = { message, lane, ...known, receivedAt, header, answeredIn, serve };
    } catch (error) {
      const garbled = readable(error);
      if (!garbled) {
        this.#refuse('listener.unreadable', error);
        return;
      }
      // It moves no money, and its MAC is verified for the answer's sake: under load it is the first to go.
      const lane = laneOf(garbled.message) === 'must-serve' ? 'must-serve' : 'verification';
      const sealed = codec.macSlot(body);
      const serve: Asked['serve'] = (_, onProof) =>
        service.answerGarbled(garbled.error, { sealed, answeredIn, peer: this.host, onProof });
      asked = { message: garbled.message, lane, receivedAt, header, answeredIn, serve };
    }
    this.#admit(asked);
  }

  #admit(asked: Asked): void {
    const { lane } = asked;
    const isOpening = lane !== 'must-serve';
    const hasRoom = !isOpening || this.#hasRoom(asked);
    this.#inFlight += 1;
    if (!isOpening) this.#mustServeInFlight += 1;
    this.#readOrPause();
    if (!hasRoom) {
      this.#shed(asked, SHED[lane]);
      return;
    }
    const begin = (ticket: Ticket) => this.#ask(asked, ticket);
    this.#standing.admit(begin, () => this.#shed(asked, SHED[lane]));
  }

  /** Of its connection, and of its terminal once that is known: whoever only says that he is it takes nothing of it. */
  #hasRoom(asked: Asked): boolean {
    const { settings, terminals } = this.#shared;
    const openings = this.#inFlight - this.#mustServeInFlight;
    if (asked.isRefused || openings >= settings.maxInFlightPerConnection) return false;
    if (settings.mac === 'none' || !this.#standing.isKnown) return true;

    const terminal = terminalOf(asked.message);
    const hasRoom = terminals.enter(terminal, settings.maxInFlightPerTerminal ?? MOST_PER_TERMINAL);
    if (hasRoom) asked.terminal = terminal;
    return hasRoom;
  }

  #ask(asked: Asked, ticket: Ticket): void {
    const { gate, settings } = this.#shared;
    const { lane, receivedAt } = asked;
    const path = [settings.name, this.#standing.name, this.#connection.peer] as const;
    const settle = (verdict: Verdict) => {
      if (verdict === 'serve') {
        this.#serve(asked, ticket);
        return;
      }
      ticket.end();
      this.#shed(asked, verdict);
    };
    gate.ask({ lane, path, receivedAt, settle });
  }

  #serve(asked: Asked, ticket: Ticket): void {
    let isAtWork = true;
    const leavePlace = () => {
      if (isAtWork) this.#shared.gate.done(asked.lane);
      isAtWork = false;
    };
    void asked
      .serve(leavePlace, (proof) => ticket.learn(proof, terminalOf(asked.message)))
      .catch((error) => this.#unanswered(error))
      .then((packed) => {
        leavePlace();
        ticket.end();
        this.#reply(packed, asked);
      });
  }

  /** A request that came before counts as a repeat though it does not say so: its first may be approved. */
  #laneAmong(lane: Lane, numbers: string): Lane {
    const { sentBefore } = this.#shared;
    if (lane !== 'repeats') return sentBefore.came(numbers, this.host) ? 'repeats' : lane;
    sentBefore.isCopy(numbers);
    return lane;
  }

  /** Nothing was verified, so nothing is sealed; and nothing was spent but the reading. */
  #shed(asked: Asked, verdict: 'refuse' | 'leave'): void {
    const { message, lane, answeredIn } = asked;
    const { settings, peerLog, refusals } = this.#shared;
    const mayAnswer = settings.whenOverloaded !== 'silence' && isRequest(message.mti);
    const isAnswered = this.#comesToNothing(asked, verdict) && mayAnswer;
    peerLog.warn('listener.shed', this.host, { code: 'SW_OVERLOADED', lane, isAnswered });
    if (!isAnswered) {
      this.#reply(undefined, asked);
      return;
    }
    const refusal = replyMessage(message, { code: SWITCH_ERRORS.SW_OVERLOADED.responseCode }, settings);
    refusals.add(() => this.#reply(answeredIn.pack(refusal), asked));
  }

  /** Whether it may be told so: a refusal of the first would be taken for the answer to its copy that is at work. */
  #comesToNothing({ lane, numbers }: Asked, verdict: 'refuse' | 'leave'): boolean {
    const { sentBefore } = this.#shared;
    if (numbers !== undefined && lane === 'repeats') sentBefore.leftCopy(numbers);
    if (verdict === 'leave') return false;
    return numbers === undefined || sentBefore.refuseFirst(numbers);
  }

  #reply(packed: Buffer | undefined, { lane, receivedAt, header, terminal }: Asked): void {
    const { framing, peerLog, gate, terminals } = this.#shared;
    this.#inFlight -= 1;
    if (terminal !== undefined) terminals.leave(terminal);
    if (lane === 'must-serve') this.#mustServeInFlight -= 1;
    if (packed && !this.#open) {
      peerLog.warn('listener.reply-undeliverable', this.host);
    } else if (packed && !gate.mayReply(receivedAt)) {
      peerLog.warn('listener.reply-late', this.host);
    } else if (packed) {
      this.#clogged = !this.#connection.write(framing.encode(packed, header && framing.replyHeader(header)));
    }
    this.#readOrPause();
    if (this.#inFlight === 0) this.#onDrained?.();
  }

  #unanswered(error: unknown): undefined {
    this.#shared.peerLog.error('listener.unanswered', this.host, { err: error });
  }

  /** A peer whose must-serve messages fill its share, or that does not read its answers, is not read from meanwhile. */
  #readOrPause(): void {
    if (!this.#open) return;
    const busy = this.#mustServeInFlight >= this.#shared.settings.maxInFlightPerConnection;
    if (busy || this.#clogged || this.#onDrained) {
      this.#pausedAt ??= this.#backlog?.since ?? this.#shared.clock.monotonic();
      this.#connection.pause();
    } else if (this.#pausedAt !== undefined) {
      this.#backlog = { since: this.#pausedAt, until: this.#shared.clock.monotonic() + BACKLOG_MS };
      this.#pausedAt = undefined;
      this.#connection.resume();
    }
  }

  /** Bytes that cannot be followed any further: only this connection suffers. */
  #refuse(event: string, error?: unknown): void {
    if (event !== 'listener.idle') this.#shared.strangers.turnedAway.note(this.circle);
    this.#shared.peerLog.warn(event, this.host, error === undefined ? {} : reasonOf(error));
    this.#open = false; // what stands behind it in the same bytes is not served
    this.#connection.destroy();
  }

  #newStanding(): Standing {
    const { settings, strangers, strangerSettings } = this.#shared;
    const { peer, peerCertificate } = this.#connection;
    return new Standing({
      circle: this.circle,
      connection: peer,
      isTrusted: settings.mac === 'none' || peerCertificate !== undefined,
      strangers,
      settings: strangerSettings,
      onProven: () => {
        this.#connection.vouch?.();
        this.#events.proved();
      },
      onHopeless: () => this.#refuse('listener.wrong-macs'),
    });
  }
}

function terminalOf({ de41 = '', de42 = '' }: TerminalMessage): string {
  return `${de41}|${de42}`;
}

/** Why bytes are no message: the codec's code where it has one, without a stack trace. */
function reasonOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {};
  return { ...(error instanceof IsoError && { code: error.code }), reason: error.message };
}
