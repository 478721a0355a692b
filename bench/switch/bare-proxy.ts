import { Agent, request as httpRequest } from 'node:http';
import { framing } from '../../messages/index.ts';
import { announceReady, type Connection, onShutdown, tcpSockets } from '../../runtime/index.ts';

/**
 * The floor under the switch: the same sockets and the same fork and join, with no parsing, no MAC, no HSM, no
 * journal, no timers. A frame goes to both counterparts; when both have answered, the frame goes back.
 */
const networkPort = Number(process.env['BARE_NETWORK_PORT']);
const popPort = Number(process.env['BARE_POP_PORT']);
const wire = framing('length-2');
const limits = { maxFrameBytes: 4_096 };
const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'lifo' });
const popBody = JSON.stringify({ transaction_id: 'bench', amount: 2_500, currency: '978' });
const popOptions = {
  agent,
  host: '127.0.0.1',
  port: popPort,
  method: 'POST',
  path: '/api/v1/validations',
  headers: { 'content-type': 'application/json', 'content-length': popBody.length },
};

/** The network gives frames back in the order in which it got them. */
const waiting: ((frame: Buffer) => void)[] = [];
let answered = 0;
const fromNetwork = wire.reader(limits);
const network: Connection = tcpSockets.connect(
  { host: '127.0.0.1', port: networkPort },
  {
    onData: (chunk) =>
      fromNetwork.push(chunk, (body) => {
        waiting[answered]?.(body);
        answered += 1;
        if (answered < 4_096) return;
        waiting.splice(0, answered);
        answered = 0;
      }),
    onClose() {},
  },
);

const networkLeg = (body: Buffer) =>
  new Promise<Buffer>((resolve) => {
    waiting.push(resolve);
    network.write(wire.encode(body));
  });

const popLeg = () =>
  new Promise<void>((resolve) => {
    const request = httpRequest(popOptions, (response) => response.resume().once('end', resolve));
    request.end(popBody);
  });

const listener = await tcpSockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
  const reader = wire.reader(limits);
  return {
    onData: (chunk) =>
      reader.push(chunk, (body) => {
        void Promise.all([networkLeg(body), popLeg()]).then(([reply]) => {
          reply.write('0110', 0, 'latin1');
          connection.write(wire.encode(reply));
        });
      }),
    onClose() {},
  };
});

onShutdown(async () => {
  network.destroy();
  agent.destroy();
  await listener.close();
});
announceReady({ port: listener.address.port });
