import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { developmentKey } from '../../hsm/index.ts';
import {
  type Address,
  type Connection,
  silentLog,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../../runtime/index.ts';
import { temporaryFolder } from '../testing.ts';
import { networkControl } from './client.ts';
import { startHost } from './host.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';

const PATIENCE_MS = 5_000;
const anyPort = { host: '127.0.0.1', port: 0 };

/** An acquirer's end of a link, as plain as a test needs it. */
export interface TestAcquirer<M> {
  send(message: M): void;
  sendBytes(bytes: Uint8Array): void;
  /** The next frame; rejects when the link closes first or nothing comes in time. */
  nextFrame(): Promise<Buffer>;
  next(): Promise<M>;
  exchange(message: M): Promise<M>;
  closed: Promise<void>;
  close(): void;
}

export function testAcquirer<M extends HostMessage>(
  { codec, framing }: HostDialect<M>,
  address: Address,
): TestAcquirer<M> {
  const reader = framing.reader({ maxFrameBytes: 65_535 });
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
  const send = (message: M) => sendBytes(framing.encode(codec.pack(message)));
  const next = async () => codec.parse(await nextFrame());
  const exchange = (message: M) => {
    send(message);
    return next();
  };
  onTestFinished(() => connection.destroy());
  return {
    send,
    sendBytes,
    nextFrame,
    next,
    exchange,
    closed: closing.promise,
    close: () => connection.destroy(),
  };
}

/** A host of this test's own; the PIN of its cards is 1234. */
export async function testHost<M extends HostMessage>(
  dialect: HostDialect<M>,
  zonePinKey: string,
  cardFunds?: number,
) {
  const host = await startHost(dialect, {
    iso: anyPort,
    control: anyPort,
    ledgerFile: join(temporaryFolder(), 'ledger.jsonl'),
    zonePinKey: developmentKey(zonePinKey),
    zoneMasterKey: { key: developmentKey('ZMK/VISA'), version: 'D' },
    pin: '1234',
    ...(cardFunds === undefined ? {} : { cardFunds }),
    sockets: tcpSockets,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onBroken: (error) => {
      throw error;
    },
  });
  onTestFinished(host.close);
  return { address: host.iso, control: networkControl(host.controlUrl) };
}
