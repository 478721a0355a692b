import { onTestFinished } from 'vitest';
import { type Codec, type Framing, Pan, PinBlock, responseMti } from '../../messages/index.ts';
import { type Connection, type Listener, tcpSockets } from '../../runtime/index.ts';
import type { CardData, TransactionFacts } from '../authorisation.ts';
import type { Matchable } from './match-keys.ts';

/** A network that does nothing but what the test tells it to; by itself it answers 0800 with 00. */
export interface TestNetwork<M> {
  readonly listener: Listener;
  readonly received: M[];
  /** Empty frames. */
  polls: number;
  connections: Connection[];
  send(message: M, connection?: Connection): void;
  respond: (message: M, connection: Connection) => void;
}

export async function testNetwork<M extends Matchable>(
  codec: Codec<M>,
  framing: Framing,
): Promise<TestNetwork<M>> {
  const listener = await tcpSockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    const reader = framing.reader({ maxFrameBytes: 4_096 });
    network.connections.push(connection);
    return {
      onData: (chunk) =>
        reader.push(chunk, (body) => {
          if (body.length === 0) {
            network.polls += 1;
            return;
          }
          const message = codec.parse(body);
          network.received.push(message);
          network.respond(message, connection);
        }),
      onClose: () => {
        network.connections = network.connections.filter((known) => known !== connection);
      },
    };
  });
  const network: TestNetwork<M> = {
    listener,
    received: [],
    polls: 0,
    connections: [],
    send(message, connection = network.connections[0]) {
      connection?.write(framing.encode(codec.pack(message)));
    },
    respond(message, connection) {
      if (message.mti === '0800') network.send(answerTo(message, { de39: '00' }), connection);
    },
  };
  onTestFinished(async () => {
    for (const connection of network.connections) connection.destroy();
    await listener.close();
  });
  return network;
}

/** The answer that echoes everything, with `change` on top. */
export function answerTo<M extends Matchable>(message: M, change: Record<string, unknown>): M {
  return { ...message, mti: responseMti(message.mti), ...change };
}

export const card: CardData = {
  pan: Pan.of('4242424242424242'),
  expiry: '3012',
  pinBlock: PinBlock.of(Buffer.from('0011223344556677', 'hex')),
};

export function factsOf(change: Partial<TransactionFacts> = {}): TransactionFacts {
  return {
    transaction: '0199a000-0000-7000-8000-000000000001',
    kind: 'purchase',
    processingCode: '002000',
    amount: { minorUnits: 2_500, currency: '978' },
    transmittedAt: '1123100000',
    stan: '000042',
    localTime: '110000',
    localDate: '1123',
    merchantCategory: '5999',
    posEntryMode: '051',
    posConditionCode: '00',
    acquirer: '400001',
    rrn: '632810000042',
    terminal: 'TERM0001',
    merchant: 'MERCHANT0000001',
    maskedPan: '424242******4242',
    ...change,
  };
}
