import { onTestFinished } from 'vitest';
import { Bytes, responseMti } from '../../messages/index.ts';
import { type Address, type Connection, type Sockets, tcpSockets } from '../../runtime/index.ts';
import { temporaryFolder } from '../testing.ts';
import { developmentTerminalKeys } from './keys.ts';
import { profiles, type TerminalDialect, type TerminalMessage } from './profiles.ts';
import { openRecords } from './records.ts';
import { createTerminal, type TerminalOptions } from './terminal.ts';

interface ReceivedRequest {
  message: TerminalMessage;
  /** The body, without frame. */
  packed: Buffer;
  frameHeader: Buffer | undefined;
}

/** What a test's acquirer answers: messages (each sent, sealed where there is a key), raw bytes, or a closed link. */
export type Answering = (
  request: ReceivedRequest,
) => readonly (Partial<TerminalMessage> | Buffer | 'close' | 'unsealed')[];

export interface TestAcquirer {
  address: Address;
  received: ReceivedRequest[];
}

/** The switch's side of a terminal's connection, as plain as a test needs it: it answers what the test says. */
export async function testAcquirer(
  dialect: TerminalDialect,
  answering: Answering,
  sockets: Sockets = tcpSockets,
): Promise<TestAcquirer> {
  const profile = profiles[dialect];
  const keys = developmentTerminalKeys('TERM0001');
  const received: ReceivedRequest[] = [];
  const connections = new Set<Connection>();

  const answer = (connection: Connection, request: ReceivedRequest) => {
    let sealed = true;
    for (const part of answering(request)) {
      if (part === 'unsealed') sealed = false;
      else if (part === 'close') connection.destroy();
      else if (Buffer.isBuffer(part)) connection.write(part);
      else {
        const packed = profile.codec.pack(replyTo(request.message, part));
        if (sealed && profile.codec.macSlot(packed)) keys.seal(profile, packed);
        const header = request.frameHeader && profile.framing.replyHeader(request.frameHeader);
        connection.write(profile.framing.encode(packed, header));
      }
    }
  };

  const listener = await sockets.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    connections.add(connection);
    const reader = profile.framing.reader({ maxFrameBytes: 8_192 });
    return {
      onData: (chunk) =>
        reader.push(chunk, (body, frameHeader) => {
          const packed = Buffer.from(body);
          const request = { packed, message: profile.codec.parse(packed), frameHeader };
          received.push(request);
          answer(connection, request);
        }),
      onClose: () => connections.delete(connection),
    };
  });
  onTestFinished(async () => {
    for (const connection of connections) connection.destroy();
    await listener.close();
  });
  return { address: listener.address, received };
}

function replyTo(request: TerminalMessage, part: Partial<TerminalMessage>): TerminalMessage {
  const { de3, de4, de7, de11, de41, de42, de49, de64, de70, de128, mti } = request;
  return {
    mti: responseMti(mti),
    de3,
    de4,
    de7,
    de11,
    de41,
    de42,
    de49,
    de70,
    de64: (de64 ?? de128) ? Bytes.of(Buffer.alloc(8)) : undefined,
    ...part,
  };
}

export const order = { amount: 2_500, currency: '978', card: '4242424242424242' };

/** Approves everything, with a retrieval reference of its STAN. */
export const approve: Answering = ({ message }) => [
  { de37: `632810${message.de11}`, de38: '123456', de39: '00' },
];

/** A terminal of this test's own, its acquirer, and what the acquirer received. */
export async function installed(
  answering: Answering = approve,
  more: Partial<TerminalOptions> = {},
  dialect: TerminalDialect = 'iso87-ascii',
) {
  const acquirer = await testAcquirer(dialect, (request) => answering(request));
  const records = more.records ?? (await openRecords(temporaryFolder()));
  const terminal = createTerminal({ dialect, address: acquirer.address, timeoutMs: 2_000, ...more, records });
  onTestFinished(() => {
    terminal.close();
    return records.ledger.close().catch(() => {});
  });
  const sent = () => acquirer.received.map(({ message }) => message);
  return { acquirer, records, terminal, sent };
}
