import { createServer } from 'node:http';
import { announceReady, onShutdown, tcpSockets } from '../../../runtime/index.ts';

/**
 * The floor's two counterparts: a TCP peer that sends every byte back, and an HTTP service that accepts everything.
 * They know nothing of messages: what is measured is sockets and scheduling.
 */
const network = await tcpSockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => ({
  onData: (chunk) => connection.write(chunk),
  onClose() {},
}));

const accepted = JSON.stringify({ validation_id: 'v-1', status: 'INITIATED' });
const pop = createServer((request, response) => {
  request.resume().once('end', () => {
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': accepted.length });
    response.end(accepted);
  });
});
await new Promise<void>((resolve) => pop.listen(0, '127.0.0.1', resolve));

const bound = pop.address();
onShutdown(async () => {
  pop.closeAllConnections();
  await Promise.all([network.close(), new Promise((resolve) => pop.close(resolve))]);
});
announceReady({
  network: network.address.port,
  pop: typeof bound === 'object' && bound !== null ? bound.port : 0,
});
