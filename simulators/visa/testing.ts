import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { developmentKey } from '../../hsm/index.ts';
import {
  type Codec,
  compile,
  framing,
  Pan,
  PinBlock,
  type VisaHeader,
  visaBase1,
} from '../../messages/index.ts';
import {
  type Address,
  type Connection,
  silentLog,
  systemClock,
  systemRandom,
  tcpSockets,
} from '../../runtime/index.ts';
import { pinCipher } from '../crypto/pin-block.ts';
import { temporaryFolder } from '../testing.ts';
import { visaControl } from './client.ts';
import type { VisaMessage } from './exchange.ts';
import { startVisa } from './host.ts';

export const codec: Codec<VisaMessage> = compile(visaBase1);
const frames = framing('visa');
const anyPort = { host: '127.0.0.1', port: 0 };
const zonePinKey = developmentKey('ZPK/VISA');
const PATIENCE_MS = 5_000;

export const header: VisaHeader = { destination: '000002', source: '000001', roundTrip: 7 };

/** An acquirer's end of a link, as plain as a test needs it. */
interface TestAcquirer {
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

function connectAcquirer(address: Address): TestAcquirer {
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

/** A host of this test's own. */
export async function started() {
  const visa = await startVisa({
    iso: anyPort,
    control: anyPort,
    ledgerFile: join(temporaryFolder(), 'ledger.jsonl'),
    zonePinKey,
    pin: '1234',
    sockets: tcpSockets,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onBroken: (error) => {
      throw error;
    },
  });
  onTestFinished(visa.close);
  return { address: visa.iso, control: visaControl(visa.controlUrl) };
}

export function linked(address: Address) {
  const acquirer = connectAcquirer(address);
  onTestFinished(acquirer.close);
  return acquirer;
}

export async function signedOn() {
  const visa = await started();
  const acquirer = linked(visa.address);
  await acquirer.signOn();
  return { ...visa, acquirer };
}

export function purchase(
  card = '4242424242424242',
  stan = '000001',
  extra: Partial<VisaMessage> = {},
): VisaMessage {
  return {
    header,
    mti: '0100',
    de2: Pan.of(card),
    de3: '000000',
    de4: '000000002500',
    de7: '1123100000',
    de11: stan,
    de18: '5999',
    de22: '0510',
    de25: '00',
    de32: '400001',
    de37: `632810${stan}`,
    de41: 'TERM0001',
    de42: 'MERCHANT0000001',
    de49: '978',
    de63: { sf1: '0002' },
    ...extra,
  };
}

export function reversalOf(original: VisaMessage, stan = '000500'): VisaMessage {
  const { de11 = '', de7 = '', de60: _, ...rest } = original;
  const de90 = {
    mti: '0100',
    stan: de11,
    transmission: de7,
    acquirer: '00000400001',
    forwarder: '00000000000',
  };
  return { ...rest, mti: '0400', de7: '1123100005', de11: stan, de90 };
}

export const withPin = (pin: string, card = '4242424242424242', key = zonePinKey) => ({
  de52: PinBlock.of(pinCipher(key).encrypt(pin, card)),
  de53: '2001010100000000',
});

type Linked = Awaited<ReturnType<typeof signedOn>>;

/** Once what was sent has had its effect, an echo is the first thing answered. */
export async function answersNothing({ acquirer, control }: Linked): Promise<boolean> {
  await control.ledger();
  const echo = { header, mti: '0800', de7: '1123100000', de11: '000902', de70: '301' };
  return (await acquirer.exchange(echo)).mti === '0810';
}
