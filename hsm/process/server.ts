import { chmodSync, chownSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { HSM_ERRORS, HsmError } from '../errors.ts';
import { type Caller, EVERYBODY } from '../keys/authority.ts';
import { name as nameField, Reader, Writer } from '../protocol/codec.ts';
import { CANCEL, FrameSplitter, GREETING, STATUS_OK } from '../protocol/frames.ts';
import { OPERATIONS, type OperationName } from '../protocol/operations.ts';
import { FairQueue } from './fair-queue.ts';
import type { PeerRights } from './policy.ts';
import { URGENCY } from './urgency.ts';

export interface ServerOptions {
  socketPath: string;
  /** Whose members may connect as well; absent: this process's user alone. */
  socketGroup?: number | undefined;
  /** Milliseconds that never go back. */
  now: () => number;
  /** Requests waiting over all connections; one more of whoever has the most waiting is answered HSM_BUSY. */
  maxWaiting: number;
  maxConnections: number;
  /** Who a new connection is. Absent: everybody may ask for everything. @throws HSM_NOT_ALLOWED */
  admit?: (socket: Socket) => PeerRights;
  execute: (name: OperationName, request: never, caller: Caller) => unknown;
  /** Whether this error means that no further request can be served. */
  isFatal: (error: unknown) => boolean;
  /** An error that is neither fatal nor an HsmError: a defect of ours, met by one request. */
  onDefect: (name: string, error: unknown) => void;
  /** Called after the requests of a turn ran; their replies leave when what it returns has resolved. */
  onTurnEnd: () => Promise<void> | undefined;
  /** Called once, after the replies at hand were written. */
  onFatal: (error: unknown) => void;
  /** A peer broke the protocol and was disconnected. */
  onBadPeer: (error: HsmError) => void;
}

interface Peer {
  socket: Socket;
  rights: PeerRights | undefined;
  replies: Writer;
  open: boolean;
  /** When it last asked for something. */
  askedAt: number;
  /** Since when a frame of it is not complete. */
  cutShortAt: number | undefined;
  waiting: number;
  /** Of those that wait: looked at when their turn comes, so that to cancel costs no search. */
  readonly cancelled: Set<number>;
}

interface Waiting {
  peer: Peer;
  id: number;
  /** Absent where there is no such operation. */
  name: OperationName | undefined;
  fields: Reader;
  expiresAt: number;
}

/**
 * How many requests run, and for how long new ones are begun, before replies leave: the peers work on these while the
 * next ones run, none is starved, and a quick request does not wait for the replies of slow ones.
 */
const REQUESTS_PER_TURN = 32;
const TURN_MS = 1;

const GREETING_WITHIN_MS = 1_000;
/** A client that is there asks for a sign of life more often. */
const SILENT_MS = 2_000;
/** From a frame's first byte to its last: whoever sends byte by byte is none of ours. */
const FRAME_WITHIN_MS = 5_000;

const NAME_BY_NUMBER = new Map<number, OperationName>(
  Object.entries(OPERATIONS).map(([name, { number }]) => [number, name as OperationName]),
);

/**
 * Listens on a Unix socket and answers each turn in one write per peer. Payments go first (urgency.ts), peers go in
 * turn (fair-queue.ts), and each peer's requests of one urgency run in order of arrival.
 */
export class HsmServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #peers = new Set<Peer>();
  readonly #waiting = {
    urgent: new FairQueue<Peer, Waiting>(),
    patient: new FairQueue<Peer, Waiting>(),
  };
  #scheduled = false;
  #stopped = false;
  #fatal: { error: unknown } | undefined;
  /** Turns whose replies wait for the disk. */
  readonly #saving = new Set<Promise<void>>();

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async listen(options: ServerOptions): Promise<HsmServer> {
    const hsm = new HsmServer(options);
    // A file left by a killed process: its listener is gone, and only our supervisor starts us on this path.
    rmSync(options.socketPath, { force: true });
    const previousMask = process.umask(0o177); // until it has its group and mode, nobody else's
    try {
      await new Promise<void>((resolve, reject) => {
        hsm.#server.once('error', reject);
        hsm.#server.listen(options.socketPath, resolve);
      });
    } finally {
      process.umask(previousMask);
    }
    if (options.socketGroup === undefined) chmodSync(options.socketPath, 0o600);
    else {
      chownSync(options.socketPath, process.getuid?.() ?? 0, options.socketGroup);
      chmodSync(options.socketPath, 0o660);
    }
    return hsm;
  }

  /** Answers what is waiting, then closes every connection. */
  async close(): Promise<void> {
    this.#run(this.#held(), Number.POSITIVE_INFINITY);
    this.#stopped = true;
    await Promise.all(this.#saving);
    for (const peer of this.#peers) peer.socket.end();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    // The 'close' that follows does all there is to do.
    socket.on('error', () => {});
    let rights: PeerRights | undefined;
    try {
      rights = this.#options.admit?.(socket);
    } catch (error) {
      if (error instanceof HsmError) this.#options.onBadPeer(error);
      socket.destroy();
      return;
    }

    if (this.#peers.size >= this.#options.maxConnections && !this.#madeRoom()) {
      socket.destroy();
      return;
    }

    this.#serve({
      socket,
      rights,
      replies: new Writer(),
      open: true,
      askedAt: this.#options.now(),
      cutShortAt: undefined,
      waiting: 0,
      cancelled: new Set(),
    });
  }

  /** Whoever asks for nothing keeps nobody out: of those that are silent the one silent longest goes. */
  #madeRoom(): boolean {
    let silent: Peer | undefined;
    for (const peer of this.#peers) if (!silent || peer.askedAt < silent.askedAt) silent = peer;
    if (!silent || this.#options.now() - silent.askedAt < SILENT_MS) return false;
    silent.open = false;
    this.#peers.delete(silent);
    silent.socket.destroy();
    return true;
  }

  #serve(peer: Peer): void {
    const { socket } = peer;
    this.#peers.add(peer);
    socket.setTimeout(GREETING_WITHIN_MS, () => socket.destroy());

    const splitter = new FrameSplitter(
      () => socket.setTimeout(0),
      (body) => this.#enqueue(peer, body),
    );
    socket.write(GREETING);
    socket.on('data', (chunk: Buffer) => {
      try {
        splitter.push(chunk);
        if (splitter.isCutShort) this.#checkPace(peer);
      } catch (error) {
        if (error instanceof HsmError) this.#options.onBadPeer(error);
        socket.destroy();
      }
      if (peer.replies.length > 0) this.#schedule();
    });
    socket.on('drain', () => socket.resume());
    socket.on('close', () => {
      peer.open = false;
      this.#peers.delete(peer);
    });
  }

  /** @throws HSM_PROTOCOL where a frame takes too long to arrive */
  #checkPace(peer: Peer): void {
    const now = this.#options.now();
    peer.cutShortAt ??= now;
    if (now - peer.cutShortAt <= FRAME_WITHIN_MS) return;
    throw new HsmError('HSM_PROTOCOL', `a frame took longer than ${FRAME_WITHIN_MS} ms`);
  }

  #held(): number {
    return this.#waiting.urgent.size + this.#waiting.patient.size;
  }

  #enqueue(peer: Peer, body: Buffer): void {
    peer.cutShortAt = undefined;
    const fields = new Reader(body);
    const id = fields.u32();
    const operation = fields.u8();
    if (operation === CANCEL) {
      // Never more of them than can wait: the rest is about nothing that does.
      if (peer.cancelled.size < peer.waiting) peer.cancelled.add(id);
      return;
    }

    peer.askedAt = this.#options.now();
    const expiresAt = peer.askedAt + fields.u16();
    const name = NAME_BY_NUMBER.get(operation);
    const queue = this.#waiting[name === undefined ? 'urgent' : URGENCY[name]];
    if (this.#held() >= this.#options.maxWaiting) {
      const dropped = queue.makeRoomFor(peer);
      if (!dropped) {
        this.#refuse({ peer, id, fields });
        return;
      }
      dropped.peer.waiting -= 1;
      this.#refuse(dropped);
    }

    peer.waiting += 1;
    queue.push(peer, { peer, id, name, fields, expiresAt });
    this.#schedule();
  }

  #refuse({ peer, id, fields }: Pick<Waiting, 'peer' | 'id' | 'fields'>): void {
    writeFailure(peer.replies, id, new HsmError('HSM_BUSY', `${this.#options.maxWaiting} are waiting`));
    fields.wipe();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Everything that arrived in this turn is read first: a cancellation right behind its request counts.
    setImmediate(() => {
      this.#scheduled = false;
      this.#run(REQUESTS_PER_TURN, TURN_MS);
      if (this.#held() > 0) this.#schedule();
    });
  }

  #run(atMost: number, milliseconds: number): void {
    const { urgent, patient } = this.#waiting;
    const endsAt = this.#runFrom(urgent, atMost, undefined, milliseconds);
    if (patient.size > 0 && !this.#stopped) {
      // Keys that come and go are written down before they are told: payments do not wait for that.
      this.#endTurn();
      const isIdle = urgent.size === 0;
      this.#runFrom(patient, isIdle ? atMost : 1, isIdle ? endsAt : undefined, milliseconds);
    }

    const fatal = this.#fatal;
    this.#endTurn();
    if (fatal) {
      this.#fatal = undefined;
      this.#options.onFatal(fatal.error);
    }
  }

  /** @returns when this turn's time is over */
  #runFrom(
    queue: FairQueue<Peer, Waiting>,
    atMost: number,
    until: number | undefined,
    milliseconds: number,
  ): number | undefined {
    let endsAt = until;
    for (let ran = 0; ran < atMost && queue.size > 0 && !this.#stopped; ran++) {
      const now = this.#options.now();
      endsAt ??= now + milliseconds;
      if (now > endsAt) break;
      const waiting = queue.take();
      if (waiting) this.#begin(waiting, now);
    }
    return endsAt;
  }

  #begin(waiting: Waiting, now: number): void {
    const { peer, id, fields } = waiting;
    peer.waiting -= 1;
    if (peer.cancelled.size > 0 && peer.cancelled.delete(id)) waiting.expiresAt = Number.NEGATIVE_INFINITY;
    if (peer.waiting === 0 && peer.cancelled.size > 0) peer.cancelled.clear();

    if (!peer.open) {
      fields.wipe();
      return;
    }
    try {
      this.#answer(waiting, now);
    } catch (error) {
      writeFailure(peer.replies, id, new HsmError('HSM_TOKEN_FAILED', 'the token was lost'));
      this.#fatal = { error };
      this.#stopped = true;
    }
  }

  /** Other turns go on while the replies of this one wait; without a promise they leave at once. */
  #endTurn(): void {
    const batches = [...this.#peers].flatMap((peer) =>
      peer.replies.length > 0 ? [{ peer, batch: peer.replies.take() }] : [],
    );
    const send = () => {
      for (const { peer, batch } of batches) deliver(peer, batch);
    };

    const saved = this.#options.onTurnEnd();
    if (!saved) {
      send();
      return;
    }
    const sent = saved.then(send, (error: unknown) => {
      this.#stopped = true;
      this.#options.onFatal(error);
    });
    this.#saving.add(sent);
    sent.finally(() => this.#saving.delete(sent));
  }

  #answer({ peer, id, name, fields, expiresAt }: Waiting, now: number): void {
    const before = peer.replies.length;
    try {
      if (now > expiresAt) throw new HsmError('HSM_TIMEOUT', 'waiting for its turn');
      if (name === undefined) throw new HsmError('HSM_REQUEST_INVALID', 'there is no such operation');
      const request = OPERATIONS[name].request.read(fields);
      fields.end();
      peer.rights?.check(name, request, now);
      const reply = this.#options.execute(name, request as never, peer.rights?.caller ?? EVERYBODY);
      const start = beginFrame(peer.replies, id, STATUS_OK);
      OPERATIONS[name].reply.write(peer.replies, reply as never);
      endFrame(peer.replies, start);
    } catch (error) {
      peer.replies.truncate(before);
      if (this.#options.isFatal(error)) throw error;
      if (!(error instanceof HsmError)) this.#options.onDefect(name ?? '', error);
      const told =
        error instanceof HsmError ? error : new HsmError('HSM_REQUEST_INVALID', 'it cannot be worked on');
      writeFailure(peer.replies, id, told);
    } finally {
      fields.wipe();
    }
  }
}

/** A peer that does not read its replies is not read from either. */
function deliver({ socket, open }: Peer, batch: Buffer): void {
  if (open && !socket.write(batch)) socket.pause();
}

function beginFrame(writer: Writer, id: number, status: number): number {
  const start = writer.length;
  writer.u32(0);
  writer.u32(id);
  writer.u8(status);
  return start;
}

function endFrame(writer: Writer, start: number): void {
  writer.patchU32(start, writer.length - start - 4);
}

function writeFailure(writer: Writer, id: number, error: HsmError): void {
  const start = beginFrame(writer, id, HSM_ERRORS[error.code].wire);
  nameField.write(writer, error.detail.slice(0, 0xff));
  endFrame(writer, start);
}
