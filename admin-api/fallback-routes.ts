import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Log } from '../runtime/index.ts';
import { AdminError } from './errors.ts';
import {
  AlertView,
  DegradedModeChange,
  DegradedModeView,
  ParkedFollowUpView,
  ReplayRequest,
} from './fallback-view.ts';
import { refuseCardNumbers } from './no-card-number.ts';

/** What operators see and do while the switch falls back. */
export interface FallbackApi {
  degradedModes(): Promise<DegradedModeView[]>;
  /** @throws AdminError ADM_MODE_UNKNOWN */
  changeDegradedMode(change: DegradedModeChange): Promise<void>;
  /** The oldest after a position, at most 500. */
  parkedFollowUps(after: number): Promise<ParkedFollowUpView[]>;
  /** Queues it again, with what is parked behind it. @returns how many */
  replayFollowUp(position: number): Promise<number>;
  /** The latest first, at most 100: before a position where one is given. */
  alerts(before?: number, isOpenOnly?: boolean): Promise<AlertView[]>;
  /** @returns whether there is such an alert */
  acknowledgeAlert(position: number, by: string, why: string): Promise<boolean>;
  log: Log;
}

const Position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const After = Type.Object({ after: Type.Optional(Position) }, { additionalProperties: false });

interface Page {
  Querystring: { after?: number };
}

export function addFallbackRoutes(server: FastifyInstance, api: FallbackApi): void {
  addModeRoutes(server, api);
  addParkedRoutes(server, api);
  addAlertRoutes(server, api);
}

function addAlertRoutes(server: FastifyInstance, api: FallbackApi): void {
  const alerts = Type.Object({ alerts: Type.Array(AlertView) });
  const which = { before: Type.Optional(Position), open: Type.Optional(Type.Boolean()) };
  const querystring = Type.Object(which, { additionalProperties: false });
  server.get<{ Querystring: { before?: number; open?: boolean } }>(
    '/api/v1/alerts',
    { schema: { querystring, response: { 200: alerts } } },
    async ({ query }) => ({ alerts: await api.alerts(query.before, query.open) }),
  );

  const params = Type.Object({ position: Position });
  const acknowledged = Type.Object({ acknowledged: Type.Boolean() });
  server.post<{ Params: { position: number }; Body: ReplayRequest }>(
    '/api/v1/alerts/:position/acknowledge',
    { schema: { params, body: ReplayRequest, response: { 202: acknowledged } } },
    async (request, reply) => {
      requireLoopback(request);
      refuseCardNumbers(request.body);
      const { position } = request.params;
      const { by, why } = request.body;
      const isThere = await api.acknowledgeAlert(position, by, why);
      if (!isThere) throw new AdminError('ADM_ALERT_UNKNOWN', { position: String(position) });
      api.log.warn({ event: 'admin.alert-acknowledged', position, by, why });
      return reply.code(202).send({ acknowledged: true });
    },
  );
}

function addModeRoutes(server: FastifyInstance, api: FallbackApi): void {
  const modes = Type.Object({ modes: Type.Array(DegradedModeView) });
  server.get('/api/v1/degraded-modes', { schema: { response: { 200: modes } } }, async () => ({
    modes: await api.degradedModes(),
  }));
  server.post<{ Body: DegradedModeChange }>(
    '/api/v1/degraded-modes',
    { schema: { body: DegradedModeChange, response: { 202: DegradedModeChange } } },
    async (request, reply) => {
      requireLoopback(request);
      refuseCardNumbers(request.body);
      await api.changeDegradedMode(request.body);
      api.log.warn({ event: 'admin.degraded-mode', ...request.body });
      return reply.code(202).send(request.body);
    },
  );
}

function addParkedRoutes(server: FastifyInstance, api: FallbackApi): void {
  const followUps = Type.Object({ followUps: Type.Array(ParkedFollowUpView) });
  server.get<Page>(
    '/api/v1/parked-follow-ups',
    { schema: { querystring: After, response: { 200: followUps } } },
    async ({ query }) => ({ followUps: await api.parkedFollowUps(query.after ?? 0) }),
  );
  const params = Type.Object({ position: Position });
  const replayed = Type.Object({ queued: Type.Integer() });
  server.post<{ Params: { position: number }; Body: ReplayRequest }>(
    '/api/v1/parked-follow-ups/:position/replay',
    { schema: { params, body: ReplayRequest, response: { 202: replayed } } },
    async (request, reply) => {
      requireLoopback(request);
      refuseCardNumbers(request.body);
      const { position } = request.params;
      const queued = await api.replayFollowUp(position);
      if (queued === 0) throw new AdminError('ADM_FOLLOW_UP_UNKNOWN', { position: String(position) });
      api.log.warn({ event: 'admin.replayed', position, queued, ...request.body });
      return reply.code(202).send({ queued });
    },
  );
}

/** Nobody signs in yet: what changes anything must come from this machine. */
function requireLoopback({ socket }: FastifyRequest): void {
  const address = socket.remoteAddress ?? '';
  if (!/^(::ffff:)?127\.|^::1$/.test(address)) throw new AdminError('ADM_LOOPBACK_ONLY');
}
