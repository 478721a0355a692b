import { type Dispatcher, Pool } from 'undici';
import { atDeadline, type Clock, type Monotonic, type Timer, tlsStrength } from '../../runtime/index.ts';

/**
 * JSON over HTTP and HTTPS to one service, over connections that are kept.
 *
 * `unreachable` promises that no byte of the request left, so that whoever reads it may act as if nothing had been
 * asked: it is said only where the request was never handed to a connection. Everything else that is no answer is
 * `unknown`. Deadlines go by the clock that is handed in; connections, calls and the length of answers are bounded.
 * Undici rather than `node:http`: it costs six tenths of it a call (docs/dependencies.md), and it tells when a request
 * begins to leave.
 */
export interface HttpCall {
  readonly method: 'GET' | 'POST';
  /** Path and query below the service's base address. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
}

/** How a call ended. `unreachable` promises that no byte of the request left. */
export type HttpOutcome =
  | { readonly status: 'answered'; readonly code: number; readonly body: unknown }
  | { readonly status: 'unreachable'; readonly reason: string }
  /** `code`: what the service said before it became clear that its answer cannot be read. */
  | { readonly status: 'unknown'; readonly reason: string; readonly code?: number };

/** JSON over HTTP, handed in: real sockets in service, a model in simulation. Never rejects. */
export interface HttpExchange {
  call(call: HttpCall, deadline: Monotonic): Promise<HttpOutcome>;
  close(): void;
}

export interface HttpOptions {
  readonly maxConnections?: number;
  /** Under way or waiting for a connection; more are unreachable. */
  readonly maxCalls?: number;
  readonly maxResponseBytes?: number;
  /** Of an HTTPS service; whom the machine trusts may vouch for it where absent. */
  readonly tls?: HttpTls;
}

/** Whom an HTTPS service is known by, and who we are to it; all PEM. */
export interface HttpTls {
  /** The authorities that may vouch for it; the machine's own are not consulted. */
  readonly ca: string;
  /** Our certificate and its key, where the service asks for one. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that its certificate must carry, where that is not the host of its address. */
  readonly servername?: string;
}

/** An exchange whose TLS can be renewed while it is in use. */
export interface RenewableExchange extends HttpExchange {
  /** For every connection from now on; what is under way ends on those that exist. */
  renew(tls: HttpTls): void;
}

/** One is free again a turn of the event loop later at the earliest: with turns of 100 ms, 64 carried 640/s. */
const MAX_CONNECTIONS = 256;
const MAX_CALLS = 10_000;
const MAX_RESPONSE_BYTES = 256 * 1024;
const CONNECT_WITHIN_MS = 10_000;

/** Keep-alive HTTP to one service. `base` is its address and path prefix: `http://localhost:3001/api/v1`. */
export function httpExchange(base: string, clock: Clock, options: HttpOptions = {}): RenewableExchange {
  return new PooledExchange(base, clock, options);
}

class PooledExchange implements RenewableExchange {
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #origin: string;
  readonly #maxConnections: number;
  #pool: Pool;
  readonly #maxCalls: number;
  readonly #maxResponseBytes: number;
  #calls = 0;

  constructor(base: string, clock: Clock, options: HttpOptions) {
    const url = new URL(base);
    const { maxConnections = MAX_CONNECTIONS, maxCalls = MAX_CALLS, tls } = options;
    this.#clock = clock;
    this.#prefix = url.pathname.replace(/\/$/, '');
    this.#maxCalls = maxCalls;
    this.#maxResponseBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
    this.#origin = url.origin;
    this.#maxConnections = maxConnections;
    this.#pool = this.#opened(tls);
  }

  renew(tls: HttpTls): void {
    const before = this.#pool;
    this.#pool = this.#opened(tls);
    before.close().catch(() => {}); // once its calls are over; each has a deadline
  }

  call({ method, path, headers, body }: HttpCall, deadline: Monotonic): Promise<HttpOutcome> {
    if (this.#calls >= this.#maxCalls) {
      return Promise.resolve({ status: 'unreachable', reason: `${this.#calls} calls wait already` });
    }
    this.#calls += 1;
    return new Promise((resolve) => {
      const finish = (outcome: HttpOutcome) => {
        this.#calls -= 1;
        resolve(outcome);
      };
      const handler = new CallHandler(this.#clock, deadline, this.#maxResponseBytes, finish);
      const request = {
        method,
        path: this.#prefix + path,
        headers: { ...(body === undefined ? ACCEPT : ACCEPT_AND_SEND), ...headers },
        body: body === undefined ? null : JSON.stringify(body),
      };
      handler.begin(() => this.#pool.dispatch(request, handler));
    });
  }

  #opened(tls: HttpTls | undefined): Pool {
    return new Pool(this.#origin, {
      connections: this.#maxConnections,
      pipelining: 1, // a request behind another would be as unknown as the other
      allowH2: false,
      headersTimeout: 0, // each call has a deadline
      bodyTimeout: 0,
      connect: {
        timeout: CONNECT_WITHIN_MS,
        maxCachedSessions: 0, // a resumed session would not look at the certificate again
        rejectUnauthorized: true,
        ...tlsStrength(),
        ...tls,
      },
    });
  }

  close(): void {
    this.#pool.destroy().catch(() => {}); // what is under way was told
  }
}

const ACCEPT = { accept: 'application/json' };
const ACCEPT_AND_SEND = { ...ACCEPT, 'content-type': 'application/json' };

/** One call, from when it is handed to the pool to its one outcome. */
class CallHandler implements Dispatcher.DispatchHandler {
  readonly #finish: (outcome: HttpOutcome) => void;
  readonly #maxBytes: number;
  readonly #timer: Timer;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #length = 0;
  #code = 0;
  #isOver = false;

  constructor(clock: Clock, deadline: Monotonic, maxBytes: number, finish: (outcome: HttpOutcome) => void) {
    this.#finish = finish;
    this.#maxBytes = maxBytes;
    this.#timer = atDeadline(clock, deadline, () => this.#giveUp('no answer by the deadline'));
  }

  begin(dispatch: () => void): void {
    try {
      dispatch();
    } catch (error) {
      this.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Called just before the first byte leaves, and never where none does. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, since to abort it here would cost the connection too.
    if (this.#isOver) throw new Error('given up before it began');
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, code: number): void {
    this.#code = code;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) this.#giveUp(`the answer is longer than ${this.#maxBytes} bytes`);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    try {
      this.#settle({ status: 'answered', code: this.#code, body: JSON.parse(bytes.toString('utf8')) });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(error.message);
  }

  #giveUp(reason: string): void {
    this.#fail(reason);
    this.#controller?.abort(new Error(reason));
  }

  #fail(reason: string): void {
    if (!this.#controller) this.#settle({ status: 'unreachable', reason });
    else this.#settle({ status: 'unknown', reason, ...(this.#code > 0 && { code: this.#code }) });
  }

  #settle(outcome: HttpOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#finish(outcome);
  }
}
