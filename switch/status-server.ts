import { createServer } from 'node:http';
import type { Address } from '../runtime/index.ts';
import type { OpenMode } from './fallback/degraded-modes.ts';
import type { FallbackScenario } from './fallback/scenarios.ts';

/** What a switch node says of itself, for `/ready` and for people. */
export interface NodeStatus {
  readonly node: string;
  readonly ready: boolean;
  readonly hsm: 'connected' | 'disconnected';
  readonly networks: Readonly<Record<string, string>>;
  readonly inFlight: number;
  readonly unsettled: number;
  readonly degradedModes: readonly OpenMode[];
  /** How often each was seen since the node started. */
  readonly scenarios: Readonly<Record<FallbackScenario, number>>;
  readonly listeners: readonly {
    readonly name: string;
    readonly port: number;
    readonly connections: number;
  }[];
}

/** Serves the node's status as JSON over HTTP, on loopback only: it is for the admin API on the same host. */
export async function serveStatus(address: Address, status: () => NodeStatus) {
  const server = createServer({ requestTimeout: 2_000, headersTimeout: 2_000 }, (request, response) => {
    const found = request.method === 'GET' && request.url === '/status';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ? status() : { error: 'not found' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
