import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Admitting } from '../admission/gate.ts';
import type { Lane } from '../admission/lanes.ts';
import { type ApiPermission, GATEWAY_NAME } from '../config/gateway.ts';
import type { Asking, DeskParts, NamedAsking } from './core-call.ts';
import type { CorrectionDesk } from './correction-desk.ts';
import type { PaymentDesk, Told } from './payment-desk.ts';
import type { PaymentEvents } from './payment-events.ts';
import type { ListParts } from './payment-list.ts';
import { Problem } from './problems.ts';
import type { QueueDesk } from './queue-desk.ts';
import { type PaymentData, ProblemBody } from './schemas.ts';
import type { SessionDesk } from './session-desk.ts';

// What all routes are made with: who stands behind them, whose turn it is, and how an answer is told.

/** What a route says of itself: to the hook that looks at keys, and to who reads the OpenAPI document. */
export interface RouteRights {
  readonly permission: ApiPermission;
  readonly operationId: string;
  readonly summary: string;
  /** It needs the header Idempotency-Key. */
  readonly isIdempotent?: boolean;
  /** It answers with events, as long as there are any. */
  readonly isStream?: boolean;
}

export interface Counter {
  readonly parts: DeskParts;
  readonly payments: PaymentDesk;
  readonly corrections: CorrectionDesk;
  readonly sessions: SessionDesk;
  readonly lists: ListParts;
  readonly events: PaymentEvents;
  /** Absent: nothing waits for a network. */
  readonly queue: QueueDesk | undefined;
  readonly gate: Admitting;
  /** Who asks, as the hook found out. */
  askingOf(request: FastifyRequest): Asking;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
export const CREATED = 201;
const ACCEPTED = 202;

export const REFUSED = { '4xx': ProblemBody, '5xx': ProblemBody };

export const rights = (config: RouteRights) => ({ config });

/** Does it in its turn, under the request's own key. @throws Problem GW_IDEMPOTENCY_KEY, GW_UNAVAILABLE */
export function once<T>(
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

export function enveloped(data: PaymentData): object {
  const { error } = data;
  return error ? { success: false, data, error } : { success: true, data };
}

export function tell(reply: FastifyReply, { isDecided, payment }: Told): object {
  reply.code(isDecided ? CREATED : ACCEPTED);
  reply.header('location', `/api/v1/payments/${payment.transaction_id}`);
  return { success: true, data: payment };
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
export async function inTurn<T>(
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

/** Where a request need not have one. @throws Problem GW_IDEMPOTENCY_KEY */
export function givenKey(request: FastifyRequest): string | undefined {
  return request.headers['idempotency-key'] === undefined ? undefined : keyOf(request);
}

/** @throws Problem GW_IDEMPOTENCY_KEY */
function keyOf({ headers }: FastifyRequest): string {
  const key = headers['idempotency-key'];
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  throw new Problem('GW_IDEMPOTENCY_KEY', { detail: '1 to 255 printable ASCII characters are expected' });
}
