import type { FastifyInstance } from 'fastify';
import { addCardRoutes } from './card-routes.ts';
import type { NamedAsking } from './core-call.ts';
import { addDeliveryRoutes } from './delivery-routes.ts';
import { addEventRoutes } from './event-routes.ts';
import { listPayments } from './payment-list.ts';
import { type Counter, enveloped, once, REFUSED, rights, tell } from './route-parts.ts';
import {
  CancelOrder,
  CaptureOrder,
  PaymentEnvelope,
  PaymentListEnvelope,
  PaymentListQuery,
  PaymentOrder,
  PaymentParams,
  RefundOrder,
} from './schemas.ts';
import { addSessionRoutes } from './session-routes.ts';

// The routes: which right each asks for, what it reads, and what it answers.

export function addRoutes(server: FastifyInstance, counter: Counter): void {
  addPaymentRoutes(server, counter);
  addCorrectionRoutes(server, counter);
  addCardRoutes(server, counter);
  addSessionRoutes(server, counter);
  addDeliveryRoutes(server, counter);
  addEventRoutes(server, counter);
}

function addPaymentRoutes(server: FastifyInstance, counter: Counter): void {
  const { payments, sessions, queue, askingOf } = counter;
  const paid = { 201: PaymentEnvelope, 202: PaymentEnvelope, ...REFUSED };
  server.post<{ Body: PaymentOrder }>(
    '/api/v1/payments',
    {
      ...rights({
        permission: 'payments:create',
        operationId: 'createPayment',
        summary: 'Makes a payment, or tells of the one that this key made',
        isIdempotent: true,
      }),
      schema: { body: PaymentOrder, response: paid },
    },
    async (request, reply) => {
      const { session_id } = request.body;
      const pay = (order: PaymentOrder, asking: NamedAsking) => (queue ?? payments).pay(order, asking);
      const told = await once(request, counter, (asking) =>
        session_id === undefined
          ? pay(request.body, asking)
          : sessions.pay({ ...request.body, session_id }, asking, (ordered) => pay(ordered, asking)),
      );
      return tell(reply, told);
    },
  );
  server.get<{ Querystring: PaymentListQuery }>(
    '/api/v1/payments',
    {
      ...rights({
        permission: 'payments:read',
        operationId: 'listPayments',
        summary: 'The payments that came in here, the newest first',
      }),
      schema: { querystring: PaymentListQuery, response: { 200: PaymentListEnvelope, ...REFUSED } },
    },
    async (request) => {
      const data = await listPayments(request.query, askingOf(request), counter.lists);
      return { success: true, data };
    },
  );
  server.get<{ Params: { id: string } }>(
    '/api/v1/payments/:id',
    {
      ...rights({
        permission: 'payments:read',
        operationId: 'readPayment',
        summary: 'Where a payment stands now',
      }),
      schema: { params: PaymentParams, response: { 200: PaymentEnvelope, ...REFUSED } },
    },
    async (request) => {
      const asking = askingOf(request);
      const { id } = request.params;
      return enveloped((await queue?.find(id, asking)) ?? (await payments.payment(id, asking)));
    },
  );
}

function addCorrectionRoutes(server: FastifyInstance, counter: Counter): void {
  const { corrections, queue } = counter;
  const done = { 200: PaymentEnvelope, ...REFUSED };
  const paid = { 201: PaymentEnvelope, 202: PaymentEnvelope, ...REFUSED };
  server.post<{ Params: { id: string }; Body: CaptureOrder }>(
    '/api/v1/payments/:id/capture',
    {
      ...rights({
        permission: 'payments:capture',
        operationId: 'capturePayment',
        summary: 'Takes what a payment with manual capture set aside, or less',
        isIdempotent: true,
      }),
      schema: { params: PaymentParams, body: CaptureOrder, response: done },
    },
    async (request) =>
      enveloped(
        await once(request, counter, (asking) =>
          corrections.capture(request.params.id, request.body, asking),
        ),
      ),
  );
  server.post<{ Params: { id: string } }>(
    '/api/v1/payments/:id/cancel',
    {
      ...rights({
        permission: 'payments:cancel',
        operationId: 'cancelPayment',
        summary: 'Takes a payment back in full, before it is settled',
        isIdempotent: true,
      }),
      schema: { params: PaymentParams, body: CancelOrder, response: done },
    },
    async (request) =>
      enveloped(
        await once(request, counter, async (asking) => {
          const { id } = request.params;
          return (await queue?.cancel(id, asking)) ?? corrections.cancel(id, asking);
        }),
      ),
  );
  server.post<{ Params: { id: string }; Body: RefundOrder }>(
    '/api/v1/payments/:id/refund',
    {
      ...rights({
        permission: 'payments:refund',
        operationId: 'refundPayment',
        summary: 'Gives a payment back, or a part of it: a payment of its own',
        isIdempotent: true,
      }),
      schema: { params: PaymentParams, body: RefundOrder, response: paid },
    },
    async (request, reply) =>
      tell(
        reply,
        await once(request, counter, (asking) => corrections.refund(request.params.id, request.body, asking)),
      ),
  );
}
