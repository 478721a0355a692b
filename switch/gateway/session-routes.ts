import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Asking } from './core-call.ts';
import { type Counter, CREATED, givenKey, inTurn, REFUSED, rights } from './route-parts.ts';
import { CancelOrder, PaymentParams, type SessionData, SessionEnvelope, SessionOrder } from './schemas.ts';

export function addSessionRoutes(server: FastifyInstance, counter: Counter): void {
  const { sessions } = counter;
  const told = { 200: SessionEnvelope, ...REFUSED };
  server.post<{ Body: SessionOrder }>(
    '/api/v1/sessions',
    {
      ...rights({
        permission: 'payments:create',
        operationId: 'openSession',
        summary: 'Asks for a payment within a time; a key of its own is taken, and not asked for',
      }),
      schema: { body: SessionOrder, response: { 201: SessionEnvelope, ...REFUSED } },
    },
    async (request, reply) => {
      const key = givenKey(request);
      const data = await looked(request, counter, (asking) => sessions.open(request.body, key, asking));
      reply.code(CREATED).header('location', `/api/v1/sessions/${data.session_id}`);
      return { success: true, data };
    },
  );
  server.get<{ Params: { id: string } }>(
    '/api/v1/sessions/:id',
    {
      ...rights({
        permission: 'payments:read',
        operationId: 'readSession',
        summary: 'Whether a session is open, paid, expired or cancelled',
      }),
      schema: { params: PaymentParams, response: told },
    },
    async (request) => {
      const { id } = request.params;
      return {
        success: true,
        data: await looked(request, counter, (asking) => sessions.session(id, asking)),
      };
    },
  );
  server.post<{ Params: { id: string } }>(
    '/api/v1/sessions/:id/cancel',
    {
      ...rights({
        permission: 'payments:create',
        operationId: 'cancelSession',
        summary: 'Cancels a session that nobody has paid',
      }),
      schema: { params: PaymentParams, body: CancelOrder, response: told },
    },
    async (request) => {
      const { id } = request.params;
      return {
        success: true,
        data: await looked(request, counter, (asking) => sessions.cancel(id, asking)),
      };
    },
  );
}

/** Opens no leg: it waits behind what does. */
function looked(
  request: FastifyRequest,
  { gate, askingOf }: Counter,
  work: (asking: Asking) => Promise<SessionData>,
): Promise<SessionData> {
  const asking = askingOf(request);
  return inTurn(gate, { lane: 'verification', asking, id: request.id }, () => work(asking));
}
