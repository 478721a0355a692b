import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { type TlsMaterial, tlsStrength } from '../../runtime/index.ts';
import { Refusal } from '../errors.ts';
import { JournalError } from '../journal/journal.ts';
import { type DescribedRoute, openApiOf } from './openapi.ts';
import { type GatewayErrorCode, Problem, problemBody, problemOf } from './problems.ts';
import { PAGE_POLICY, referencePage } from './reference-page.ts';
import type { RouteRights } from './route-parts.ts';
import { compileValidator } from './validation.ts';

// HTTP as the gateway speaks it: how much is read and how long that may take, and problems where something goes wrong.
// Whoever sends slowly loses his connection; whoever sends too much is told so before it is read.

const MAX_BODY_BYTES = 32 * 1024;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_HEADERS = 64;
/** A request must be in by then, head and body: what comes later has no time left for its legs anyhow. */
const READ_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 500;
const IDLE_MS = 60_000;
const HANDSHAKE_WITHIN_MS = 5_000;
const REQUESTS_A_CONNECTION = 10_000;
const RETRY_AFTER_S = '1';

const LIMITS: ServerOptions = {
  maxHeaderSize: MAX_HEADER_BYTES,
  requestTimeout: READ_WITHIN_MS,
  headersTimeout: READ_WITHIN_MS,
  keepAliveTimeout: IDLE_MS,
  connectionsCheckingInterval: LOOK_EVERY_MS,
};

export interface HttpParts {
  readonly tls: (TlsMaterial & { readonly requestCert: boolean }) | undefined;
  readonly maxConnections: number;
  /** Told of whatever ends in a problem. */
  readonly onProblem: (problem: Problem, request: FastifyRequest) => void;
}

/** What a server answers beside its routes: what they are. */
function addReference(server: FastifyInstance): void {
  const routes: DescribedRoute[] = [];
  server.addHook('onRoute', ({ method, url, schema, config }) => {
    const rights = config as RouteRights | undefined;
    if (!rights?.permission || !schema || typeof method !== 'string') return;
    routes.push({ method, url, schema, rights });
  });
  let document: object | undefined;
  const described = () => {
    document ??= openApiOf(routes);
    return document;
  };
  server.get('/openapi.json', () => described());
  server.get('/docs', (_, reply) => {
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8');
    return referencePage(described());
  });
}

/** Listens not yet. */
export function gatewayHttp(parts: HttpParts): FastifyInstance {
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 64 },
    serverFactory: (handler) => nodeServer(handler, parts),
  });
  server.removeContentTypeParser('text/plain');
  server.setValidatorCompiler<TSchema>(compileValidator);
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    if (parts.tls) reply.header('strict-transport-security', 'max-age=31536000');
  });
  server.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error);
    parts.onProblem(problem, request);
    return send(reply, problem);
  });
  addReference(server);
  server.setNotFoundHandler((_, reply) => send(reply, new Problem('GW_NOT_FOUND')));
  return server;
}

function nodeServer(handler: RequestListener, { tls, maxConnections }: HttpParts): Server {
  const secure = tls && {
    ...LIMITS,
    cert: tls.cert,
    key: tls.key,
    ca: tls.ca,
    requestCert: tls.requestCert,
    handshakeTimeout: HANDSHAKE_WITHIN_MS,
    ...tlsStrength(),
  };
  const server = secure ? createSecureServer(secure, handler) : createServer(LIMITS, handler);
  server.maxConnections = maxConnections;
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = REQUESTS_A_CONNECTION;
  return server;
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status } = problem;
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER_S);
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(problem)));
}

/** What Fastify itself refuses. */
const OF_FASTIFY: Readonly<Record<string, GatewayErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'GW_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'GW_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'GW_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'GW_JSON',
};

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refusal) return problemOf(error);
  const cause = { cause: error };
  if (error instanceof JournalError) return new Problem('GW_UNAVAILABLE', {}, cause);

  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number };
  const known = OF_FASTIFY[code];
  if (known) return new Problem(known, {}, cause);
  return new Problem(statusCode >= 400 && statusCode < 500 ? 'GW_JSON' : 'GW_INTERNAL', {}, cause);
}
