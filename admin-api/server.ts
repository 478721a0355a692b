import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isOwnHost, type Log } from '../runtime/index.ts';
import { whyDatabaseIsAway } from '../switch/index.ts';
import { AdminError } from './errors.ts';
import { addFallbackRoutes, type FallbackApi } from './fallback-routes.ts';
import { type Readiness, ReadinessView } from './readiness.ts';
import { addSearchRoutes, type SearchApi } from './search-routes.ts';
import { TransactionView } from './transaction-view.ts';

const MAX_BODY_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
/** Who asks at night waits no longer to hear that the database hangs; a statement ends before, where it can. */
const ANSWER_WITHIN_MS = 6_000;
const HANDLER_TIMEOUT = 'FST_ERR_HANDLER_TIMEOUT';
const LATE = `no answer within ${ANSWER_WITHIN_MS} ms; what was to be changed may be changed all the same`;
const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

export interface AdminApi {
  /** One transaction by its id, `undefined` where the journal holds none. */
  transaction(id: string): Promise<TransactionView | undefined>;
  readiness(): Promise<Readiness>;
  /** Under which names it may be called, beside its addresses and localhost. */
  hostNames?: readonly string[];
  fallback: FallbackApi;
  /** Absent: nothing can be looked for. */
  search?: SearchApi;
  log: Log;
}

/** The operators' HTTP interface. The caller listens and closes. */
export function createAdminApi(api: AdminApi): FastifyInstance {
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    handlerTimeout: ANSWER_WITHIN_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 64 },
  });
  server.addHook('onRequest', async ({ headers }) => {
    if (!isOwnHost(headers.host, api.hostNames ?? [])) throw new AdminError('ADM_HOST_UNKNOWN');
  });
  server.setErrorHandler((error, request, reply) => {
    const known = asAdminError(error);
    if (known.code === 'ADM_DATABASE_AWAY') {
      api.log.warn({ event: 'admin.database-away', ...routeOf(request), ...known.details });
    } else if (known.status >= 500) {
      api.log.error({ event: 'admin.failed', ...routeOf(request), err: error });
    }
    return sendError(reply, known);
  });
  server.setNotFoundHandler((request, reply) =>
    sendError(reply, new AdminError('ADM_ROUTE_UNKNOWN', { method: request.method })),
  );
  addHealthRoutes(server, api);
  addTransactionRoutes(server, api);
  addFallbackRoutes(server, api.fallback);
  if (api.search) addSearchRoutes(server, api.search);
  return server;
}

function addHealthRoutes(server: FastifyInstance, api: AdminApi): void {
  const alive = Type.Object({ status: Type.Literal('up') });
  server.get('/health', { schema: { response: { 200: alive } } }, () => ({ status: 'up' }));
  server.get(
    '/ready',
    { schema: { response: { 200: ReadinessView, 503: ReadinessView } } },
    async (_, reply) => {
      const { ready, checks } = await api.readiness();
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not-ready', checks });
    },
  );
}

function addTransactionRoutes(server: FastifyInstance, api: AdminApi): void {
  const params = Type.Object({ id: Type.String({ pattern: UUID }) });
  server.get<{ Params: { id: string } }>(
    '/api/v1/transactions/:id',
    { schema: { params, response: { 200: TransactionView } } },
    async ({ params: { id } }) => {
      const found = await api.transaction(id);
      if (!found) throw new AdminError('ADM_TRANSACTION_UNKNOWN', { id });
      return found;
    },
  );
}

/** The route as it is declared: what stands in an address or behind it may be anything, a card number too. */
function routeOf({ method, routeOptions }: FastifyRequest): { method: string; url: string } {
  return { method, url: routeOptions.url ?? '' };
}

function asAdminError(error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  const { validation, statusCode, code } = error as {
    validation?: { instancePath: string; message?: string }[];
    statusCode?: number;
    code?: string;
  };
  const fault = validation?.[0];
  if (fault) {
    const details = { field: fault.instancePath.slice(1), expected: fault.message ?? 'another value' };
    return new AdminError('ADM_REQUEST_INVALID', details, { cause: error });
  }
  const away = code === HANDLER_TIMEOUT ? LATE : whyDatabaseIsAway(error);
  if (away !== undefined) return new AdminError('ADM_DATABASE_AWAY', { reason: away }, { cause: error });
  const isCallersFault = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return new AdminError(isCallersFault ? 'ADM_REQUEST_INVALID' : 'ADM_INTERNAL', {}, { cause: error });
}

function sendError(reply: FastifyReply, { code, message, status, details }: AdminError): FastifyReply {
  const described = Object.keys(details).length > 0 ? { details } : {};
  return reply.code(status).send({ code, message, ...described });
}
