import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Address, Log } from '../../runtime/index.ts';
import { SimulatorError, type SimulatorErrorCode } from '../errors.ts';

const MAX_BODY_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 2_048;

export interface HttpCall {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  header(name: string): string | undefined;
  /** The parsed JSON body; undefined where there was none. */
  body: unknown;
}

/** What a handler answers: JSON, bytes as they are, nothing at all, or a broken connection. */
export type HttpReply = { status: number; json: unknown } | { raw: string } | 'silence' | 'drop';

export interface HttpRoute {
  method: 'GET' | 'POST' | 'DELETE';
  /** Segments; one that begins with a colon is a parameter. */
  path: string;
  handle(call: HttpCall): HttpReply | Promise<HttpReply>;
}

export interface HttpService {
  /** @throws the system's error where the address cannot be bound */
  listen(address: Address): Promise<Address>;
  /** Stops listening and cuts every connection; `listen` may follow. */
  close(): Promise<void>;
}

/** The status of each error a client can be answered with; any other is a 500 without details. */
const statusOf: Partial<Record<SimulatorErrorCode, number>> = {
  SIM_HTTP_BODY_TOO_LARGE: 413,
  SIM_HTTP_BODY_INVALID: 400,
  SIM_HTTP_NOT_JSON: 415,
  SIM_HTTP_NOT_FOUND: 404,
  SIM_HTTP_QUERY_INVALID: 400,
  SIM_SCENARIOS_FULL: 409,
  SIM_POP_KEY_MISSING: 400,
  SIM_POP_KEY_REUSED: 409,
  SIM_POP_TRANSACTION_TAKEN: 409,
  SIM_POP_PARTIES: 400,
  SIM_POP_NOT_FOUND: 404,
  SIM_POP_FINAL: 409,
  SIM_POP_INJECTED: 500,
};

/** JSON over HTTP with bounded bodies; every refusal is `{code, error, details}`, `error` being a sentence. */
export function httpService(routes: readonly HttpRoute[], log: Log): HttpService {
  const table = routes.map((route) => ({ ...route, segments: route.path.split('/') }));
  let server: Server | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      const target = new URL(request.url ?? '/', 'http://simulator');
      const found = findRoute(table, request.method ?? '', target.pathname);
      const body = await readJson(request);
      const reply = await found.route.handle({
        params: found.params,
        query: target.searchParams,
        header: (name) => single(request.headers[name]),
        body,
      });
      send(response, reply);
    } catch (error) {
      if (!response.destroyed) send(response, refusal(error, log));
    }
  };

  return {
    listen(address) {
      const starting = createServer({ requestTimeout: 10_000, keepAliveTimeout: 60_000 }, answer);
      starting.maxConnections = MAX_CONNECTIONS;
      return new Promise((resolve, reject) => {
        starting.once('error', reject);
        starting.listen(address.port, address.host, () => {
          server = starting;
          const bound = starting.address();
          const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
          resolve({ host: address.host, port });
        });
      });
    },
    close() {
      const closing = server;
      server = undefined;
      return new Promise((resolve) => {
        if (!closing) return resolve();
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
  };
}

interface TableEntry extends HttpRoute {
  segments: string[];
}

function findRoute(table: readonly TableEntry[], method: string, path: string) {
  const segments = path.split('/');
  for (const route of table) {
    if (route.method !== method || route.segments.length !== segments.length) continue;
    const params: Record<string, string> = {};
    const matches = route.segments.every((expected, index) => {
      const found = segments[index] ?? '';
      if (!expected.startsWith(':')) return expected === found;
      params[expected.slice(1)] = found;
      return found !== '';
    });
    if (matches) return { route, params };
  }
  throw new SimulatorError('SIM_HTTP_NOT_FOUND', { method, path: path.slice(0, 200) });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  // A page in a browser cannot send this type across origins unasked, so it cannot drive a loopback port.
  if (!request.headers['content-type']?.startsWith('application/json')) {
    throw new SimulatorError('SIM_HTTP_NOT_JSON');
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new SimulatorError('SIM_HTTP_NOT_JSON');
  }
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(new SimulatorError('SIM_HTTP_BODY_TOO_LARGE', { limit: MAX_BODY_BYTES }));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

function send(response: ServerResponse, reply: HttpReply): void {
  if (reply === 'silence') return;
  if (reply === 'drop') {
    response.destroy();
    return;
  }
  const text = 'raw' in reply ? reply.raw : JSON.stringify(reply.json);
  response.writeHead('raw' in reply ? 200 : reply.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(response.req.complete ? {} : { connection: 'close' }),
  });
  response.end(text);
}

function refusal(error: unknown, log: Log): HttpReply {
  const status = error instanceof SimulatorError ? statusOf[error.code] : undefined;
  if (error instanceof SimulatorError && status !== undefined) {
    return { status, json: { code: error.code, error: error.message, details: error.details } };
  }
  log.error({ event: 'http.failed', err: error }, 'request failed');
  const failed = new SimulatorError('SIM_HTTP_FAILED');
  return { status: 500, json: { code: failed.code, error: failed.message, details: {} } };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
