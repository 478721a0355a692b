import { connect, type Socket } from 'node:net';
import { atDeadline, type Monotonic, type Timer } from '../../runtime/index.ts';
import { codeOfWire, HsmError } from '../errors.ts';
import { name as nameField, Reader, Writer } from '../protocol/codec.ts';
import { CANCEL, FrameSplitter, GREETING, MAX_BUDGET_MS, STATUS_OK } from '../protocol/frames.ts';
import { OPERATIONS, type OperationName, type ReplyOf, type RequestOf } from '../protocol/operations.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Call, HsmConnectOptions, Link } from './link.ts';

interface InFlight {
  resolve: (reply: never) => void;
  reject: (error: HsmError) => void;
  operation: OperationName;
  expiresAt: number;
}

const RECONNECT_DELAYS_MS = [20, 50, 100, 200, 500];
const GREETING_WITHIN_MS = 1_000;

/** A connection to one HSM process, with its requests in flight; it reconnects by itself until closed. */
export class HsmConnection implements Link {
  readonly #options: HsmConnectOptions;
  readonly #timeoutMs: number;
  readonly #maxInFlight: number;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #requests = new Writer();
  readonly #heartbeat: Heartbeat;
  #socket: Socket | undefined;
  #greeted = false;
  #closed = false;
  #attempt = 0;
  #lastId = 0;
  #flushScheduled = false;
  #deadline: Timer | undefined;
  #reconnect: Timer | undefined;
  #connecting = Promise.withResolvers<void>();

  constructor(options: HsmConnectOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(options.requestTimeoutMs ?? 1_000, MAX_BUDGET_MS);
    this.#maxInFlight = options.maxInFlight ?? 1_024;
    this.#connecting.promise.catch(() => {});
    this.#heartbeat = new Heartbeat(options.clock, {
      ask: () => void this.#call('ping', {}).catch(() => {}),
      dead: (silentMs) =>
        this.#socket?.destroy(new HsmError('HSM_TIMEOUT', `no sign of life for ${Math.round(silentMs)} ms`)),
    });
    this.#connect();
  }

  readonly call: Call = (operation, request) => this.#call(operation, request);

  connected(): boolean {
    return this.#greeted;
  }

  whenConnected(): Promise<void> {
    return this.#connecting.promise;
  }

  #call<N extends OperationName>(operation: N, request: RequestOf<N>): Promise<ReplyOf<N>> {
    if (!this.#greeted) return Promise.reject(new HsmError('HSM_UNAVAILABLE'));
    if (this.#inFlight.size >= this.#maxInFlight) {
      return Promise.reject(new HsmError('HSM_BUSY', `${this.#maxInFlight} are in flight`));
    }
    this.#lastId = (this.#lastId + 1) >>> 0;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#write(id, operation, request);
      const expiresAt = this.#options.clock.monotonic() + this.#timeoutMs;
      this.#inFlight.set(id, { resolve: resolve as InFlight['resolve'], reject, operation, expiresAt });
      if (!this.#deadline) this.#expireAt(expiresAt);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reconnect?.cancel();
    this.#connecting.reject(new HsmError('HSM_UNAVAILABLE', 'closed'));
    const socket = this.#socket;
    if (!socket) return;
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.destroy();
    await gone;
  }

  #write<N extends OperationName>(id: number, operation: N, request: RequestOf<N>): void {
    const { number, request: fields } = OPERATIONS[operation];
    const start = this.#requests.length;
    try {
      this.#requests.u32(0);
      this.#requests.u32(id);
      this.#requests.u8(number);
      this.#requests.u16(this.#timeoutMs);
      fields.write(this.#requests, request as never);
      this.#requests.patchU32(start, this.#requests.length - start - 4);
    } catch (error) {
      this.#requests.truncate(start);
      throw error;
    }
    this.#scheduleFlush();
  }

  /**
   * Everything asked for in one turn of the event loop leaves in one write, whichever sockets it came from: the write
   * wakes the HSM process, and costs the client more than all the rest of a request. At the end of the turn, not of the
   * callback that asked: with a thousand terminals each message has a callback of its own.
   */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      const batch = this.#requests.take();
      if (this.#greeted && batch.length > 0) this.#socket?.write(batch, () => batch.fill(0));
    });
  }

  #expireAt(deadline: Monotonic): void {
    this.#deadline = atDeadline(this.#options.clock, deadline, () => this.#expire());
  }

  /** All requests have the same time, so they expire in the order they were sent: one timer serves them all. */
  #expire(): void {
    this.#deadline = undefined;
    const now = this.#options.clock.monotonic();
    for (const [id, request] of this.#inFlight) {
      if (request.expiresAt > now) {
        this.#expireAt(request.expiresAt);
        return;
      }
      this.#inFlight.delete(id);
      this.#cancel(id);
      request.reject(new HsmError('HSM_TIMEOUT', `${request.operation}, ${this.#timeoutMs} ms`));
    }
  }

  #cancel(id: number): void {
    this.#requests.u32(5);
    this.#requests.u32(id);
    this.#requests.u8(CANCEL);
    this.#scheduleFlush();
  }

  #connect(): void {
    const socket = connect({ path: this.#options.socketPath });
    this.#socket = socket;
    const greetingDeadline = this.#options.clock.after(GREETING_WITHIN_MS, () =>
      socket.destroy(new HsmError('HSM_PROTOCOL', 'no greeting')),
    );
    const splitter = new FrameSplitter(
      () => {
        greetingDeadline.cancel();
        this.#opened();
      },
      (body) => this.#settle(body),
    );
    socket.once('connect', () => socket.write(GREETING));
    socket.on('data', (chunk: Buffer) => {
      this.#heartbeat.heard();
      try {
        splitter.push(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.once('close', () => {
      greetingDeadline.cancel();
      this.#lost(failure);
    });
  }

  #opened(): void {
    this.#greeted = true;
    this.#attempt = 0;
    this.#heartbeat.start();
    this.#connecting.resolve();
    this.#options.log.info({ event: 'hsm.connected', socket: this.#options.socketPath }, 'HSM connected');
  }

  #lost(failure: Error | undefined): void {
    const { log, clock, socketPath } = this.#options;
    if (this.#greeted) {
      this.#connecting = Promise.withResolvers();
      this.#connecting.promise.catch(() => {});
      if (this.#closed) this.#connecting.reject(new HsmError('HSM_UNAVAILABLE', 'closed'));
      else log.warn({ event: 'hsm.disconnected', socket: socketPath, reason: failure?.message }, 'HSM lost');
    }
    this.#greeted = false;
    this.#heartbeat.stop();
    this.#socket = undefined;
    this.#requests.truncate(0);
    for (const [id, request] of this.#inFlight) {
      this.#inFlight.delete(id);
      request.reject(new HsmError('HSM_UNAVAILABLE', 'the connection was lost'));
    }
    if (this.#closed) return;
    const delayMs = RECONNECT_DELAYS_MS[Math.min(this.#attempt, RECONNECT_DELAYS_MS.length - 1)] ?? 0;
    this.#attempt += 1;
    this.#reconnect = clock.after(delayMs, () => this.#connect());
  }

  /** A reply whose request expired is dropped: nobody waits for it. */
  #settle(body: Buffer): void {
    const fields = new Reader(body);
    const id = fields.u32();
    const status = fields.u8();
    const request = this.#inFlight.get(id);
    if (!request) return;
    this.#inFlight.delete(id);
    try {
      if (status !== STATUS_OK) throw new HsmError(codeOfWire(status), nameField.read(fields));
      request.resolve(OPERATIONS[request.operation].reply.read(fields) as never);
      fields.end();
    } catch (error) {
      request.reject(error instanceof HsmError ? error : new HsmError('HSM_PROTOCOL'));
    }
  }
}
