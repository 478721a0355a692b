import { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { type TlsMaterial, tlsStrength } from '../../runtime/index.ts';
import type { Admitting } from '../admission/gate.ts';
import { hostOf, PeerLog } from '../admission/peer-log.ts';
import { GATEWAY_NAME } from '../config/gateway.ts';
import type { DeliveryReader } from '../fallback/notices/deliveries.ts';
import type { PaymentPages } from '../projection/application-payments.ts';
import type { OpenListener } from '../serve/listener.ts';
import { Callers } from './callers.ts';
import type { Asking } from './core-call.ts';
import { CorrectionDesk } from './correction-desk.ts';
import { PaymentDesk } from './payment-desk.ts';
import { PaymentEvents } from './payment-events.ts';
import { platformTokens } from './platform-tokens.ts';
import { Problem } from './problems.ts';
import { QueueDesk, type QueueParts } from './queue-desk.ts';
import type { QueuedPayments } from './queued-payments.ts';
import type { RouteRights } from './route-parts.ts';
import { addRoutes } from './routes.ts';
import { gatewayHttp } from './server.ts';
import { SessionDesk, type SessionParts } from './session-desk.ts';

/**
 * The platform gateway: a listener beside those of terminals, for applications that speak HTTP. It stands above the
 * verbs and below the node, since it asks the same verbs as the other listeners and knows nothing of how a node is put
 * together. A process of its own was rejected: it would need a journal, links and a lease of its own, or a second
 * protocol to the node that has them.
 */
export interface GatewayParts extends SessionParts, QueueParts {
  readonly queued: QueuedPayments;
  readonly gate: Admitting;
  readonly pages: PaymentPages;
  readonly deliveries: DeliveryReader;
  /** What is published is good for nothing. */
  readonly production: boolean;
  /** Its certificates; `renew` is given every later one. Absent: plain text, which production refuses. */
  readonly secure?: (renew: (material: TlsMaterial) => void) => TlsMaterial;
}

const MOST_CONNECTIONS = 1_000;
/** Lines of one kind of problem that one address can cause in ten seconds, before the rest is counted. */
const LINES_IN_FULL = 20;
const INTERNAL = 500;
const BEARER = /^Bearer ([\x21-\x7e]{1,4096})$/i;

export async function openGateway(parts: GatewayParts): Promise<OpenListener> {
  const { settings, ports, gate, secure } = parts;
  const { clock, log, directory } = ports;
  const peerLog = new PeerLog(GATEWAY_NAME, clock, log, LINES_IN_FULL);
  const tokens = settings.jwt && platformTokens(settings.jwt, parts.production);
  const callers = new Callers({ directory, clock, tokens, settings: settings.jwt });
  const payments = new PaymentDesk(parts);
  const corrections = new CorrectionDesk(parts, payments);
  const material = secure?.((next) => renew(next));
  const tls = material && { ...material, requestCert: settings.tls?.requireClientCertificate ?? false };
  const server = gatewayHttp({
    tls,
    maxConnections: settings.maxConnections ?? MOST_CONNECTIONS,
    onProblem: (problem, request) => report(problem, request, peerLog),
  });
  const renew = (next: TlsMaterial) => {
    const { server: node } = server;
    if (node instanceof SecureServer) node.setSecureContext({ ...next, ...tlsStrength() });
  };

  const asking = new WeakMap<FastifyRequest, Asking>();
  server.addHook('onRequest', async (request) => {
    const { permission } = request.routeOptions.config as Partial<RouteRights>;
    if (!permission) return;
    const receivedAt = gate.heardAt(clock.monotonic());
    const caller = callers.admit({ key: shownKey(request), circle: hostOf(request.ip) }, permission);
    asking.set(request, { caller, receivedAt });
  });
  const askingOf = (request: FastifyRequest): Asking => {
    const known = asking.get(request);
    if (!known) throw new Problem('GW_UNAUTHENTICATED');
    return known;
  };
  const sessions = new SessionDesk(parts);
  const lists = { pages: parts.pages, deliveries: parts.deliveries, clock };
  const queue = settings.queue && new QueueDesk(parts, payments, settings.queue);
  const events = new PaymentEvents({ pages: parts.pages, clock, log });
  addRoutes(server, { parts, payments, corrections, sessions, lists, events, queue, gate, askingOf });
  await server.listen({ host: settings.host, port: settings.port });

  const { port } = server.server.address() as AddressInfo;
  let connections = 0;
  server.server.on(settings.tls ? 'secureConnection' : 'connection', (socket) => {
    connections += 1;
    socket.once('close', () => {
      connections -= 1;
    });
  });
  return {
    name: GATEWAY_NAME,
    port,
    connections: () => connections,
    async close(graceMs) {
      events.close();
      await queue?.close();
      const cut = clock.after(graceMs, () => server.server.closeAllConnections());
      await server.close();
      cut.cancel();
      peerLog.close();
    },
  };
}

function shownKey({ headers }: FastifyRequest): string | undefined {
  const apiKey = headers['x-api-key'];
  if (typeof apiKey === 'string') return apiKey;
  return BEARER.exec(headers.authorization ?? '')?.[1];
}

/** The route as it is written, and no value: an address may hold what somebody took for a payment's id. */
function report(problem: Problem, request: FastifyRequest, peerLog: PeerLog): void {
  const { code, status, told, cause } = problem;
  const { method, routeOptions } = request;
  const facts = {
    code,
    method,
    route: routeOptions.url,
    ...(told.payment && { transaction: told.payment.transaction_id }),
    ...(told.faults && { fields: told.faults.map(({ path }) => path) }),
  };
  if (status === INTERNAL) peerLog.error('gateway.failed', hostOf(request.ip), { ...facts, err: cause });
  else peerLog.warn('gateway.refused', hostOf(request.ip), { ...facts, cause: wordsOf(cause) });
}

function wordsOf(cause: unknown): string | undefined {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}
