import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Clock, Monotonic } from '../../runtime/index.ts';

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
  | { readonly status: 'unknown'; readonly reason: string };

/** JSON over HTTP, handed in: real sockets in service, a model in simulation. Never rejects. */
export interface HttpExchange {
  call(call: HttpCall, deadline: Monotonic): Promise<HttpOutcome>;
  close(): void;
}

export interface HttpLimits {
  readonly maxConnections: number;
  readonly maxResponseBytes: number;
}

const DEFAULT_LIMITS: HttpLimits = { maxConnections: 64, maxResponseBytes: 64 * 1024 };

/** Keep-alive HTTP to one service. `base` is its address and path prefix: `http://localhost:3001/api/v1`. */
export function httpExchange(base: string, clock: Clock, limits: HttpLimits = DEFAULT_LIMITS): HttpExchange {
  const url = new URL(base);
  const prefix = url.pathname.replace(/\/$/, '');
  const agent = new Agent({ keepAlive: true, maxSockets: limits.maxConnections, scheduling: 'lifo' });
  return {
    close: () => agent.destroy(),
    call: (call, deadline) =>
      new Promise((resolve) => {
        const payload = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
        const request = httpRequest({
          agent,
          host: url.hostname,
          port: url.port,
          method: call.method,
          path: prefix + call.path,
          headers: {
            accept: 'application/json',
            ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
            ...call.headers,
          },
        });
        settle(request, { clock, deadline, maxResponseBytes: limits.maxResponseBytes }, resolve);
        request.end(payload);
      }),
  };
}

function settle(
  request: ClientRequest,
  limits: { clock: Clock; deadline: Monotonic; maxResponseBytes: number },
  resolve: (outcome: HttpOutcome) => void,
): void {
  let sent = false;
  const fail = (reason: string) => finish({ status: sent ? 'unknown' : 'unreachable', reason });
  const timer = limits.clock.after(limits.deadline - limits.clock.monotonic(), () => {
    fail('no answer by the deadline');
    request.destroy();
  });
  const finish = (outcome: HttpOutcome) => {
    timer.cancel();
    resolve(outcome);
  };
  request.on('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => (sent = true));
    else sent = true;
  });
  request.on('error', (error) => fail(error.message));
  request.on('response', (response) => {
    readJson(response, limits.maxResponseBytes).then(
      (body) => finish({ status: 'answered', code: response.statusCode ?? 0, body }),
      (error: Error) => fail(error.message),
    );
  });
}

async function readJson(response: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      response.destroy();
      throw new Error(`the answer is longer than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
