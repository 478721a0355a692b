import type { FastifyInstance } from 'fastify';
import { Problem } from './problems.ts';
import { type Counter, REFUSED, rights } from './route-parts.ts';
import { DeliveryListEnvelope, DeliveryListQuery } from './schemas.ts';

const USUAL_LIMIT = 20;

/** Why a webhook came, or did not: each attempt to tell the merchant, the newest first. */
export function addDeliveryRoutes(server: FastifyInstance, { lists, askingOf }: Counter): void {
  server.get<{ Querystring: DeliveryListQuery }>(
    '/api/v1/webhook-deliveries',
    {
      ...rights({
        permission: 'payments:read',
        operationId: 'listWebhookDeliveries',
        summary: 'What became of the attempts to tell the merchant, the newest first',
      }),
      schema: { querystring: DeliveryListQuery, response: { 200: DeliveryListEnvelope, ...REFUSED } },
    },
    async (request) => {
      const { transaction_id: transaction, limit } = request.query;
      const { merchant } = askingOf(request).caller;
      const wanted = { merchant: merchant.id, transaction, limit: Number(limit ?? USUAL_LIMIT) };
      const found = await lists.deliveries.deliveries(wanted).catch((cause: unknown) => {
        throw new Problem('GW_UNAVAILABLE', { detail: 'the deliveries cannot be read now' }, { cause });
      });
      const deliveries = found.map(({ notice, transaction: id, attempt, at, code, reason }) => ({
        notice_id: notice,
        transaction_id: id,
        attempt,
        at: new Date(at).toISOString(),
        delivered: code !== undefined && code >= 200 && code < 300,
        status_code: code ?? null,
        reason: reason ?? null,
      }));
      return { success: true, data: { deliveries } };
    },
  );
}
