import type { FastifyInstance } from 'fastify';
import { foundPayment } from './found-payment.ts';
import { type Counter, REFUSED, rights } from './route-parts.ts';
import { EventStream, PaymentParams } from './schemas.ts';

export function addEventRoutes(server: FastifyInstance, { events, parts, askingOf }: Counter): void {
  server.get<{ Params: { id: string } }>(
    '/api/v1/payments/:id/events',
    {
      ...rights({
        permission: 'payments:read',
        operationId: 'followPayment',
        summary: 'A payment’s status as it changes, until it is final',
        isStream: true,
      }),
      schema: { params: PaymentParams, response: { 200: EventStream, ...REFUSED } },
    },
    async (request, reply) => {
      const asking = askingOf(request);
      events.admit(asking);
      const found = await foundPayment(request.params.id, asking.caller, parts);
      events.admit(asking);

      reply.hijack();
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...(parts.settings.tls && { 'strict-transport-security': 'max-age=31536000' }),
      });
      events.begin(found, asking, reply.raw);
    },
  );
}
