import { framing } from '../../../messages/index.ts';
import { announceReady, type Connection, onShutdown, tcpSockets } from '../../../runtime/index.ts';
import { BareHttp } from './bare-http.ts';
import { BareJournal } from './bare-journal.ts';

/**
 * The floor under the switch: the same sockets, the same fork and join and the same two durable commits, with no
 * parsing, no MAC, no HSM, no claims, no timers. A frame is written to the journal; then it goes to both counterparts;
 * when both have answered, that is written; then the frame goes back. What the switch costs more, its logic costs.
 */
const journal = new BareJournal(process.env['BARE_DATABASE_URL'] ?? '');
await journal.open();
const wire = framing('length-2');
const limits = { maxFrameBytes: 4_096 };
const popBody = JSON.stringify({ transaction_id: 'bench', amount: 2_500, currency: '978' });
const pop = new BareHttp(Number(process.env['BARE_POP_PORT']), '/api/v1/validations', popBody);

/** As long as what the switch writes of a purchase before and after its legs. */
const INTENDED = 'i'.repeat(900);
const DECIDED = 'd'.repeat(400);

/** The network gives frames back in the order in which it got them. */
const waiting: ((frame: Buffer) => void)[] = [];
let answered = 0;
const fromNetwork = wire.reader(limits);
const network: Connection = tcpSockets.connect(
  { host: '127.0.0.1', port: Number(process.env['BARE_NETWORK_PORT']) },
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

async function forkAndJoin(body: Buffer, connection: Connection): Promise<void> {
  await journal.append(INTENDED);
  const [reply] = await Promise.all([networkLeg(body), pop.post()]);
  await journal.append(DECIDED);
  reply.write('0110', 0, 'latin1');
  connection.write(wire.encode(reply));
}

const listener = await tcpSockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
  const reader = wire.reader(limits);
  return {
    onData: (chunk) => reader.push(chunk, (body) => void forkAndJoin(Buffer.from(body), connection)),
    onClose() {},
  };
});

onShutdown(async () => {
  network.destroy();
  pop.close();
  await Promise.all([listener.close(), journal.close()]);
});
announceReady({ port: listener.address.port });
