import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { developmentKey } from '../hsm/index.ts';
import { Bytes, type Codec, framing, Pan, PinBlock, Track2 } from '../messages/index.ts';
import { pinCipher, retailMac } from '../simulators/index.ts';
import type { ListenerSettings, Settings, TerminalSettings } from '../switch/config/settings.ts';
import type { TerminalMessage } from '../switch/requests/terminal-message.ts';
import { codecTelling } from '../switch/serve/listener-codec.ts';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';

// Terminals that do not do it as the first of the development settings does, on real listeners, with a real HSM: less
// of a MAC, less of a message, keys that they derive. The PIN blocks are the published examples of DUKPT (ANSI X9.24),
// the PIN being 1234.

const EXAMPLE_PAN = '4012345678909';
const AES_PAN = '4111111111111111';

/** A block each of the example device, under its counter. */
const BLOCKS = {
  first: { ksn: 'FFFF9876543210E00001', block: '1B9C1845EB993A7A' },
  third: { ksn: 'FFFF9876543210E00003', block: '18DC07B94797B466' },
  fourth: { ksn: 'FFFF9876543210E00004', block: '0BC79509D5645DF7' },
} as const;

const RECORDS: Record<string, Partial<TerminalSettings>> = {
  TERM0002: { macBytes: 4 },
  TERM0003: { currency: '978' },
  TERM0005: { dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de62' } },
  TERM0006: { dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de53' } },
  TERM0007: { dukpt: { baseKey: 'BDK/TDES', serialNumber: 'de63', offset: 4 } },
  TERM0008: { pinFormat: 4, dukpt: { baseKey: 'BDK/AES', serialNumber: 'de62' } },
};

let house: House;
let listeners: readonly ListenerSettings[];
let stan = 0;

function withOwnWays(settings: Settings): Settings {
  const changed = {
    ...settings,
    listeners: settings.listeners.map(
      (listener): ListenerSettings =>
        listener.dialect === 'pos-bcd'
          ? { ...listener, pinBlockBytes: 16 }
          : { ...listener, securityControl: 'hexadecimal', withoutTime: 'accept' },
    ),
    terminals: settings.terminals.map((terminal) => ({ ...terminal, ...RECORDS[terminal.id] })),
  };
  listeners = changed.listeners;
  return changed;
}

beforeAll(inOrder);
beforeAll(async () => {
  house = await startHouse({ settings: withOwnWays });
});
afterAll(() => house?.close());

type Line = 'iso87-ascii' | 'pos-bcd';

const codecOf = (line: Line): Codec<TerminalMessage> => {
  const listener = listeners.find(({ dialect }) => dialect === line);
  if (!listener) throw new Error(`no listener of ${line}`);
  return codecTelling(listener, () => {});
};

interface Answer {
  readonly message: TerminalMessage;
  readonly covered: Buffer;
  readonly mac: Buffer;
}

/** Sends one message, whose MAC is made by `seal`, and reads the answer. */
async function exchange(
  line: Line,
  message: TerminalMessage,
  seal: (mac: Buffer) => Buffer = (mac) => mac,
  asWritten: (packed: Buffer) => Buffer = (packed) => packed,
): Promise<Answer> {
  const codec = codecOf(line);
  const wire = framing(line === 'pos-bcd' ? 'length-2-tpdu' : 'length-2');
  const key = retailMac(developmentKey(`TAK/${message.de41}`));
  const packed = asWritten(codec.pack({ ...message, de64: Bytes.of(Buffer.alloc(8)) }));
  codec.setMac(packed, seal(key(codec.macSlot(packed)?.covered ?? Buffer.alloc(0))));

  const { iso87, pos } = house.ports();
  const socket = connect({ host: '127.0.0.1', port: line === 'pos-bcd' ? pos : iso87 });
  const reader = wire.reader({ maxFrameBytes: 4_096 });
  try {
    const body = await new Promise<Buffer>((resolve, reject) => {
      socket.on('data', (chunk) => reader.push(chunk, (frame) => resolve(Buffer.from(frame))));
      socket.once('error', reject).once('close', () => reject(new Error('closed without an answer')));
      socket.write(wire.encode(packed));
    });
    const slot = codec.macSlot(body);
    const none = Buffer.alloc(0);
    return { message: codec.parse(body), covered: slot?.covered ?? none, mac: slot?.mac ?? none };
  } finally {
    socket.destroy();
  }
}

function sale(terminal: string, change: Partial<TerminalMessage> = {}): TerminalMessage {
  stan += 1;
  return {
    mti: '0200',
    de3: '000000',
    de4: '000000002500',
    de11: String(stan).padStart(6, '0'),
    de22: '051',
    de24: '021',
    de25: '00',
    de35: Track2.of('4242424242424242=30121010000000000000'),
    de41: terminal,
    ...change,
  };
}

const fully = { de7: '1123120000', de12: '130000', de13: '1123', de42: 'MERCHANT0000001', de49: '978' };

describe('a terminal of four bytes and zeros', () => {
  const short = (mac: Buffer) => Buffer.concat([mac.subarray(0, 4), Buffer.alloc(4)]);

  it('is served, and answered in the same form', async () => {
    const { message, covered, mac } = await exchange('iso87-ascii', sale('TERM0002', fully), short);
    expect(message.de39).toBe('00');
    expect(mac).toEqual(short(retailMac(developmentKey('TAK/TERM0002'))(covered)));
  });

  it.each<[string, string, (mac: Buffer) => Buffer]>([
    ['whose four bytes are others', 'TERM0002', () => short(Buffer.alloc(8, 7))],
    ['that sends all eight', 'TERM0002', (mac) => mac],
    ['whose record does not say so', 'TERM0001', short],
  ])('is refused %s', async (_, terminal, seal) => {
    const { message } = await exchange('iso87-ascii', sale(terminal, fully), seal);
    expect(message.de39).toBe('63');
  });
});

describe.each<Line>(['pos-bcd', 'iso87-ascii'])('on %s a terminal that sends its number alone', (line) => {
  it('is served, told the time, and answered as before when it repeats', async () => {
    const asked = sale('TERM0003');
    const { message } = await exchange(line, asked);
    expect(message).toMatchObject({ mti: '0210', de39: '00' });
    expect(message.de12).toMatch(/^\d{6}$/);
    expect(message.de13).toMatch(/^\d{4}$/);
    expect(message).not.toHaveProperty('de42');
    const again = await exchange(line, { ...asked, mti: '0201' });
    expect(again.message).toMatchObject({ de39: '00', de37: message.de37, de38: message.de38 });
  });
});

describe('track 2 of an odd number of digits', () => {
  const track = '4242424242424242d301210100000000000';
  const onTheLeft = `0${track}`;

  it.each([
    ['F on the right', `${track}f`],
    ['0 on the right', `${track}0`],
    ['0 on the left', onTheLeft],
  ])('is read with %s', async (_, written) => {
    const asked = sale('TERM0003', { de35: Track2.of(track.replace('d', '=')) });
    const asWritten = (packed: Buffer) =>
      Buffer.from(packed.toString('hex').replace(onTheLeft, written), 'hex');
    const { message } = await exchange('pos-bcd', asked, undefined, asWritten);
    expect(message.de39).toBe('00');
  });
});

describe('a terminal that derives its keys', () => {
  const pinned = (pan: string, { block }: { readonly block: string }) => ({
    ...fully,
    de2: Pan.of(pan),
    de35: undefined,
    de52: PinBlock.of(Buffer.from(block, 'hex')),
  });
  const { first, third, fourth } = BLOCKS;

  it('has its PIN translated, once for one request and as often as that repeats', async () => {
    const asked = sale('TERM0005', { ...pinned(EXAMPLE_PAN, first), de62: first.ksn });
    expect((await exchange('iso87-ascii', asked)).message.de39).toBe('00');
    expect((await exchange('iso87-ascii', { ...asked, mti: '0201' })).message.de39).toBe('00');
    const other = sale('TERM0005', { ...pinned(EXAMPLE_PAN, first), de62: first.ksn });
    expect((await exchange('iso87-ascii', other)).message.de39).toBe('63');
  });

  it('may send its serial number in DE53, in sixteen digits', async () => {
    const asked = sale('TERM0006', { ...pinned(EXAMPLE_PAN, third), de53: third.ksn.slice(4) });
    expect((await exchange('iso87-ascii', asked)).message.de39).toBe('00');
  });

  it('may send it as bytes, behind something else', async () => {
    const de63 = `0010${Buffer.from(fourth.ksn, 'hex').toString('latin1')}`;
    const asked = sale('TERM0007', { ...pinned(EXAMPLE_PAN, fourth), de63 });
    expect((await exchange('iso87-ascii', asked)).message.de39).toBe('00');
  });

  it.each<[string, Partial<TerminalMessage>, string]>([
    ['without a serial number', {}, '63'],
    ['with one in another element', { de63: third.ksn }, '63'],
    ['with the counter 0', { de62: 'FFFF9876543210E00000' }, '63'],
    ['with the number of another device', { de62: 'FFFF9876543211000001' }, '88'],
  ])('is refused %s', async (_, change, code) => {
    const asked = sale('TERM0005', { ...pinned(EXAMPLE_PAN, third), ...change });
    expect((await exchange('iso87-ascii', asked)).message.de39).toBe(code);
  });

  it('has sixteen bytes of format 4 translated to the eight of the network', async () => {
    const change = pinned(AES_PAN, { block: 'A912150391AB65A67E52883D81CE2D15' });
    const asked = sale('TERM0008', { ...change, de62: '123456789012345600000001' });
    expect((await exchange('pos-bcd', asked)).message.de39).toBe('00');
  });

  it('of format 0 is refused on a listener of sixteen bytes', async () => {
    const block = pinCipher(developmentKey('TPK/TERM0001')).encrypt('1234', AES_PAN);
    const de52 = PinBlock.of(Buffer.concat([block, block]));
    const asked = sale('TERM0001', { ...pinned(AES_PAN, first), de52 });
    expect((await exchange('pos-bcd', asked)).message.de39).toBe('30');
  });
});
