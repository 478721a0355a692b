import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Pan } from '../../messages/index.ts';
import type { Admitting } from '../admission/gate.ts';
import type { Lane } from '../admission/lanes.ts';
import { type ApiPermission, GATEWAY_NAME } from '../config/gateway.ts';
import { eraseToken, tokenise } from './card-desk.ts';
import type { Asking, DeskParts, NamedAsking } from './core-call.ts';
import type { CorrectionDesk } from './correction-desk.ts';
import type { PaymentDesk, Told } from './payment-desk.ts';
import { fieldProblem, Problem } from './problems.ts';
import {
  CancelOrder,
  CaptureOrder,
  CardOrder,
  CardTokenEnvelope,
  CardTokenParams,
  Nothing,
  type PaymentData,
  PaymentEnvelope,
  PaymentOrder,
  PaymentParams,
  ProblemBody,
  RefundOrder,
} from './schemas.ts';

// The routes: which right each asks for, what it reads, and what it answers.

/** What a route says of itself: to the hook that looks at keys, and to who reads the OpenAPI document. */
export interface RouteRights {
  readonly permission: ApiPermission;
  readonly operationId: string;
  readonly summary: string;
  /** It needs the header Idempotency-Key. */
  readonly isIdempotent?: boolean;
}

export interface Counter {
  readonly parts: DeskParts;
  readonly payments: PaymentDesk;
  readonly corrections: CorrectionDesk;
  readonly gate: Admitting;
  /** Who asks, as the hook found out. */
  askingOf(request: FastifyRequest): Asking;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const CREATED = 201;
const ACCEPTED = 202;

const REFUSED = { '4xx': ProblemBody, '5xx': ProblemBody };

const rights = (config: RouteRights) => ({ config });

export function addRoutes(server: FastifyInstance, counter: Counter): void {
  addPaymentRoutes(server, counter);
  addCorrectionRoutes(server, counter);
  addCardRoutes(server, counter);
}

function addPaymentRoutes(server: FastifyInstance, counter: Counter): void {
  const { payments, askingOf } = counter;
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
    async (request, reply) =>
      tell(reply, await once(request, counter, (asking) => payments.pay(request.body, asking))),
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
    async (request) => enveloped(await payments.payment(request.params.id, askingOf(request))),
  );
}

function addCorrectionRoutes(server: FastifyInstance, counter: Counter): void {
  const { corrections } = counter;
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
      enveloped(await once(request, counter, (asking) => corrections.cancel(request.params.id, asking))),
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

/** Does it in its turn, under the request's own key. @throws Problem GW_IDEMPOTENCY_KEY, GW_UNAVAILABLE */
function once<T>(
  request: FastifyRequest,
  { gate, askingOf }: Counter,
  work: (asking: NamedAsking) => Promise<T>,
): Promise<T> {
  const idempotencyKey = keyOf(request);
  const asking = askingOf(request);
  return inTurn(gate, { lane: 'opens-legs', asking, id: request.id }, (leavePlace) =>
    work({ ...asking, idempotencyKey, leavePlace }),
  );
}

function enveloped(data: PaymentData): object {
  const { error } = data;
  return error ? { success: false, data, error } : { success: true, data };
}

function addCardRoutes(server: FastifyInstance, { parts, gate, askingOf }: Counter): void {
  server.post<{ Body: CardOrder }>(
    '/api/v1/card-tokens',
    {
      ...rights({
        permission: 'cards:tokenise',
        operationId: 'createCardToken',
        summary: 'A token for a card; the same card has the same',
      }),
      schema: { body: CardOrder, response: { 201: CardTokenEnvelope, ...REFUSED } },
    },
    async (request, reply) => {
      const asking = askingOf(request);
      const pan = cardNumber(request.body);
      const turn = { lane: 'verification', asking, id: request.id } as const;
      const exchange = () => tokenise(request.body, pan, asking, parts);
      const { token, lastFour } = await inTurn(gate, turn, exchange);
      reply.code(CREATED);
      return { success: true, data: { card_token: token, last_four: lastFour } };
    },
  );
  server.delete<{ Params: { token: string } }>(
    '/api/v1/card-tokens/:token',
    {
      ...rights({
        permission: 'cards:tokenise',
        operationId: 'eraseCardToken',
        summary: 'Erases a token: it pays no more',
      }),
      schema: { params: CardTokenParams, response: { 204: Nothing, ...REFUSED } },
    },
    async (request, reply) => {
      await eraseToken(request.params.token, askingOf(request), parts);
      return reply.code(204).send();
    },
  );
}

/** @throws Problem GW_IDEMPOTENCY_KEY */
function keyOf({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key'];
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  throw new Problem('GW_IDEMPOTENCY_KEY', { detail: '1 to 255 printable ASCII characters are expected' });
}

/** @throws Problem GW_FIELD */
function cardNumber({ pan }: CardOrder): Pan {
  try {
    return Pan.of(pan, { luhn: true });
  } catch {
    throw fieldProblem('/pan', 'is no card number: its check digit is wrong');
  }
}

interface Turn {
  readonly lane: Lane;
  readonly asking: Asking;
  readonly id: string;
}

/**
 * Has it done when the gate lets it in, beside what terminals ask: by merchant, so that one application's flood leaves
 * the others their turns.
 * @throws Problem GW_UNAVAILABLE
 */
async function inTurn<T>(
  gate: Admitting,
  { lane, asking, id }: Turn,
  work: (leavePlace: () => void) => Promise<T>,
): Promise<T> {
  const turn = Promise.withResolvers<void>();
  gate.ask({
    lane,
    path: [GATEWAY_NAME, asking.caller.merchant.id, id],
    receivedAt: asking.receivedAt,
    settle: (verdict) =>
      verdict === 'serve'
        ? turn.resolve()
        : turn.reject(new Problem('GW_UNAVAILABLE', { detail: 'too much is asked of the switch now' })),
  });
  await turn.promise;

  let isAtWork = true;
  const leavePlace = () => {
    if (isAtWork) gate.done(lane);
    isAtWork = false;
  };
  try {
    return await work(leavePlace);
  } finally {
    leavePlace();
  }
}

function tell(reply: FastifyReply, { isDecided, payment }: Told): object {
  reply.code(isDecided ? CREATED : ACCEPTED);
  reply.header('location', `/api/v1/payments/${payment.transaction_id}`);
  return { success: true, data: payment };
}
