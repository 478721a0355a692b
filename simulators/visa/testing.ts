import { type Codec, compile, framing, type VisaHeader, visaBase1 } from '../../messages/index.ts';
import { type Address, type Connection, tcpSockets } from '../../runtime/index.ts';
import type { VisaMessage } from './exchange.ts';

export const codec: Codec<VisaMessage> = compile(visaBase1);
const frames = framing('visa');
const PATIENCE_MS = 5_000;

export const header: VisaHeader = { destination: '000002', source: '000001', roundTrip: 7 };

/** An acquirer's end of a link, as plain as a test needs it. */
export interface TestAcquirer {
  send(message: VisaMessage): void;
  sendBytes(bytes: Uint8Array): void;
  /** The next frame; rejects when the link closes first or nothing comes in time. */
  nextFrame(): Promise<Buffer>;
  next(): Promise<VisaMessage>;
  exchange(message: VisaMessage): Promise<VisaMessage>;
  signOn(): Promise<VisaMessage>;
  closed: Promise<void>;
  close(): void;
}

export function connectAcquirer(address: Address): TestAcquirer {
  const reader = frames.reader({ maxFrameBytes: 65_535 });
  const received: Buffer[] = [];
  const closing = Promise.withResolvers<void>();
  let wake = () => {};
  const connection: Connection = tcpSockets.connect(address, {
    onData(chunk) {
      reader.push(chunk, (body) => received.push(Buffer.from(body)));
      wake();
    },
    onClose: () => closing.resolve(),
  });
  const nextFrame = async () => {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const frame = received.shift();
      if (frame) return frame;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error('nothing received');
      const woken = new Promise<'woken'>((resolve) => {
        wake = () => resolve('woken');
        setTimeout(wake, left).unref();
      });
      if ((await Promise.race([woken, closing.promise])) !== 'woken') throw new Error('link closed');
    }
  };
  const sendBytes = (bytes: Uint8Array) => {
    connection.write(bytes);
  };
  const send = (message: VisaMessage) => sendBytes(frames.encode(codec.pack(message)));
  const next = async () => codec.parse(await nextFrame());
  const exchange = (message: VisaMessage) => {
    send(message);
    return next();
  };
  const signOn = () => exchange({ header, mti: '0800', de7: '1123100000', de11: '000900', de70: '071' });
  return {
    ...{ send, sendBytes, nextFrame, next, exchange, signOn },
    closed: closing.promise,
    close: () => connection.destroy(),
  };
}
