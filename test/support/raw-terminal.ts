import { connect, type Socket } from 'node:net';
import { developmentKey } from '../../hsm/index.ts';
import { Bytes, type Codec, compile, framing, iso87Ascii, Pan, PinBlock } from '../../messages/index.ts';
import { pinCipher, retailMac } from '../../simulators/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';

const codec: Codec<TerminalMessage> = compile(iso87Ascii);
const wire = framing('length-2');

/** A socket to the switch that sends whatever bytes a test wants and keeps what comes back. */
export interface RawTerminal {
  send(bytes: Uint8Array): void;
  /** The next message that comes back; fails when the connection closes first or after `withinMs`. */
  receive(withinMs?: number): Promise<TerminalMessage>;
  /** Whether the message received last carries the right MAC of its terminal. */
  lastMacVerified(): boolean;
  /** Resolves when the switch has closed the connection. */
  readonly closed: Promise<void>;
  close(): void;
}

export async function connectRaw(port: number): Promise<RawTerminal> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const received: Buffer[] = [];
  let last: Buffer = Buffer.alloc(0);
  let wake = () => {};
  const reader = wire.reader({ maxFrameBytes: 4_096 });
  socket.on('data', (chunk) => {
    reader.push(chunk, (body) => received.push(Buffer.from(body)));
    wake();
  });
  socket.on('error', () => {});
  let isClosed = false;
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      isClosed = true;
      wake();
      resolve();
    }),
  );
  return {
    closed,
    send: (bytes) => socket.write(bytes),
    close: () => socket.destroy(),
    async receive(withinMs = 5_000) {
      const deadline = AbortSignal.timeout(withinMs);
      while (received.length === 0) {
        if (isClosed) throw new Error('the connection closed without an answer');
        if (deadline.aborted) throw new Error(`no answer within ${withinMs} ms`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          deadline.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      last = received.shift() ?? last;
      return codec.parse(last);
    },
    lastMacVerified() {
      const slot = codec.macSlot(last);
      const terminal = codec.parse(last).de41 ?? '';
      return (
        slot !== undefined && retailMac(developmentKey(`TAK/${terminal}`))(slot.covered).equals(slot.mac)
      );
    },
  };
}

let stan = 0;

/** A purchase of 25.00 € at the first development terminal, with a STAN of its own. */
export function purchase(overrides: Partial<TerminalMessage> = {}): TerminalMessage {
  stan += 1;
  return {
    mti: '0100',
    de2: Pan.of('4242424242424242'),
    de3: '000000',
    de4: '000000002500',
    de7: '1123120000',
    de11: String(stan).padStart(6, '0'),
    de12: '130000',
    de13: '1123',
    de22: '051',
    de25: '00',
    de41: 'TERM0001',
    de42: 'MERCHANT0000001',
    de49: '978',
    ...overrides,
  };
}

/** DE52 for a card, under the terminal's own key. */
export function pinBlock(pin: string, pan: string, terminal = 'TERM0001'): PinBlock {
  return PinBlock.of(pinCipher(developmentKey(`TPK/${terminal}`)).encrypt(pin, pan));
}

/** The message packed and sealed with the terminal's MAC, without its frame. */
export function sealed(
  message: TerminalMessage,
  terminal = message.de41 ?? 'TERM0001',
  packer = codec,
): Buffer {
  const element = message.de70 !== undefined || message.de90 ? 'de128' : 'de64';
  const packed = packer.pack({ ...message, [element]: Bytes.of(Buffer.alloc(8)) });
  const slot = codec.macSlot(packed);
  if (!slot) throw new Error('the message has no place for a MAC');
  codec.setMac(packed, retailMac(developmentKey(`TAK/${terminal}`))(slot.covered));
  return packed;
}

export const frame = (body: Uint8Array): Buffer => wire.encode(body);

/** Sends one message on a connection of its own and gives the answer. */
export async function ask(
  port: number,
  message: TerminalMessage,
  terminal?: string,
): Promise<TerminalMessage> {
  const raw = await connectRaw(port);
  try {
    raw.send(frame(sealed(message, terminal)));
    return await raw.receive();
  } finally {
    raw.close();
  }
}
