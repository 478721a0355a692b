import { Bytes, Pan, PinBlock, Track2 } from '../../messages/index.ts';
import type { Connection } from '../../runtime/index.ts';
import type { ListenerSettings, Settings } from '../../switch/config/settings.ts';
import { dialectOf, frameOf, keysOf, momentOf, type TerminalMessage } from '../peers/terminal-dialects.ts';
import type { Network } from '../world/network.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { SimProcess } from '../world/sim-process.ts';
import type { World } from '../world/world.ts';
import { BARRED_TERMINAL, GUEST_CARDS, GUEST_TERMINALS } from './guest-settings.ts';

const MOST_CALLS = 14;
const LISTENS_FOR_MS = 13_000;
const FIRST_STAN = 900_000;
/** What no approval may follow: it does not say who asks, for what, or of which card. */
const NEEDED = ['de2', 'de3', 'de4', 'de11', 'de41', 'de42', 'de49'] as const;
const APPROVED: ReadonlySet<string | undefined> = new Set(['00', '10']);
const PROXY_HEADER = Buffer.from('0d0a0d0a000d0a515549540a21110000', 'hex');

/** One call of somebody who says nothing that could be meant. */
interface Call {
  readonly says: string;
  /** The bytes, or nothing for a call at which nothing is said. */
  bytes(caller: Caller): Buffer | undefined;
  /** No answer to it may approve anything. */
  readonly mustFail?: boolean | 'of an acquirer';
}

interface Caller {
  readonly listener: ListenerSettings;
  readonly random: SeededRandom;
  /** A purchase that is as it should be, with a STAN of its own. */
  message(change?: Partial<TerminalMessage>): TerminalMessage;
  frame(message: TerminalMessage): Buffer;
}

/** Sealed or not as its listener asks, changed somewhere behind its message type. */
function garbled({ message, frame, random }: Caller): Buffer {
  const bytes = frame(message());
  const from = 20 + random.integer(Math.max(1, bytes.length - 40));
  for (let at = from; at < Math.min(from + 6, bytes.length); at += 1) bytes[at] = random.integer(256);
  return bytes;
}

function without(element: (typeof NEEDED)[number] | 'de7' | 'de12' | 'de13' | 'de22' | 'de25'): Call {
  return {
    says: `a purchase without ${element.toUpperCase()}`,
    // The record of a terminal that proves itself says whose it is; of an acquirer's nobody knows.
    mustFail: element === 'de42' ? 'of an acquirer' : NEEDED.some((needed) => needed === element),
    bytes: ({ message, frame }) => frame({ ...message(), [element]: undefined }),
  };
}

function saying(says: string, change: Partial<TerminalMessage>, mustFail = false): Call {
  return { says, mustFail, bytes: ({ message, frame }) => frame(message(change)) };
}

const nobody = '0'.repeat(11);
const unknownOriginal = { mti: '0200', stan: '999999', transmission: '1123120000' } as const;
const original = { ...unknownOriginal, acquirer: nobody, forwarder: nobody };
const management = { de2: undefined, de3: undefined, de4: undefined, de22: undefined, de49: undefined };

const CALLS: readonly Call[] = [
  { says: 'nothing', bytes: () => undefined },
  { says: 'a header of a load balancer', bytes: () => PROXY_HEADER },
  { says: 'a frame that is too long', bytes: () => Buffer.from('9999999999999999', 'latin1') },
  { says: 'half a frame', bytes: ({ message, frame }) => frame(message()).subarray(0, 30) },
  { says: 'garbled bytes', bytes: garbled },
  { says: 'garbled bytes', bytes: garbled },
  { says: 'garbled bytes', bytes: garbled },
  {
    says: 'noise',
    bytes: ({ listener, random }) =>
      dialectOf(listener).framing.encode(random.bytes(40), dialectOf(listener).header),
  },
  {
    says: 'a frame of nothing',
    bytes: ({ listener }) => dialectOf(listener).framing.encode(Buffer.alloc(0), dialectOf(listener).header),
  },
  ...NEEDED.map(without),
  ...(['de7', 'de12', 'de13', 'de22', 'de25'] as const).map(without),
  saying('an answer', { mti: '0210', de39: '00' }),
  saying('an answer about the line', { ...management, mti: '0810', de39: '00', de70: '301' }),
  saying('a message of no kind', { mti: '0600' }, true),
  saying('an unknown currency', { de49: '999' }, true),
  saying('no amount', { de4: '0'.repeat(12) }),
  saying('a service that there is not', { de3: '990000' }, true),
  saying('more of no hold', { mti: '0100', de25: '06', de38: '123456' }, true),
  saying('cash without its share', { de3: '090000' }, true),
  saying('a card that leads nowhere', { de2: Pan.of('9999990000000003') }, true),
  saying('a card that is too short', { de2: Pan.of('222300312200') }),
  saying('chip data that are none', { de55: Bytes.of(Buffer.from('9f2605', 'hex')) }, true),
  saying('a terminal that nobody knows', { de41: 'NOBODY01' }, false),
  saying('a merchant that nobody knows', { de42: 'NOBODY000000001' }, false),
  saying('a PIN where there is none', { de52: undefined, de22: '901' }),
  saying('an advice of no service', { mti: '0220', de3: '310000' }),
  saying('an advice of a card that leads nowhere', {
    mti: '0220',
    de2: Pan.of('9999990000000003'),
    de38: 'OFF999',
    de39: '00',
  }),
  saying('a completion of nothing', { mti: '0220', de25: '06', de37: '999999999999' }),
  saying('a tip on nothing', { mti: '0220', de3: '020000', de37: '999999999999' }),
  saying('a refund told of no sale', { mti: '0220', de3: '200000', de37: '999999999999', de38: 'OFF998' }),
  saying('a reversal of nothing', { mti: '0400', de90: original }),
  saying('a reversal that names nothing', { mti: '0420' }),
  saying('a void of nothing', { de3: '020000', de37: '999999999999' }, true),
  saying('a void that names nothing', { de3: '020000' }, true),
  saying('a refund of no sale', { de3: '200000', de37: '999999999999' }),
  saying('an upload of nothing', { mti: '0320', de60: '000001', de37: '999999999999' }),
  saying('what a chip said of nothing', { mti: '0320', de55: chip(), de37: '999999999999' }),
  saying('totals that are none', { mti: '0500', de3: '920000', de60: 'X', de63: 'none' }, true),
  saying('standard totals', {
    mti: '0500',
    de3: '920000',
    de60: '000001',
    de74: '0000000001',
    de76: '0000000001',
    de86: '0000000000000001',
    de88: '0000000000000001',
  } as Partial<TerminalMessage>),
  saying('standard totals of less than nothing', {
    mti: '0500',
    de3: '920000',
    de60: '000001',
    de76: '0000000001',
    de77: '0000000002',
    de88: '0000000000000001',
    de89: '0000000000000002',
  } as Partial<TerminalMessage>),
  saying('totals of what is none', { mti: '0500', de3: '990000', de60: '000001', de63: '0'.repeat(30) }),
  saying('totals of an unknown currency', { mti: '0500', de3: '920000', de49: '999', de60: '000001' }),
  saying('short totals', { mti: '0500', de3: '920000', de60: '000001', de63: '0'.repeat(29) }),
  saying('an upload of another batch', { mti: '0320', de60: '000009', de37: '999999999999' }),
  saying('a card of two numbers', { de35: Track2.of('5019717010103742=30122011234567'), de22: '901' }, true),
  saying('a card of no date', { de35: Track2.of(`${GUEST_CARDS.mastercard}=0000201`), de22: '021' }),
  saying('a card that is typed', { de22: '011', de14: '3012' } as Partial<TerminalMessage>),
  saying('a card that is not there', { de22: '011', de25: '08' }),
  saying('a second card of one number', {
    de23: '001',
    de22: '051',
    de55: chip(),
  } as Partial<TerminalMessage>),
  saying('a merchant of its own kind', { de18: '5812', de32: '123456' } as Partial<TerminalMessage>),
  saying('a PIN that is none', { de52: PinBlock.of(Buffer.alloc(8, 7)), de22: '051' }),
  saying('more of no hold with a PIN', {
    mti: '0100',
    de25: '06',
    de38: '123456',
    de37: '999999999999',
    de52: PinBlock.of(Buffer.alloc(8, 7)),
    de22: '051',
  }),
  saying('an advice of nothing', { mti: '0220', de3: undefined, de4: undefined, de49: undefined }),
  saying('an advice without a card', { mti: '0220', de2: undefined, de38: 'OFF997', de39: '00' }),
  saying('an advice of a void', { mti: '0220', de3: '020000', de38: 'OFF996', de39: '00' }),
  saying('an advice in the words of a hold', { mti: '0120', de25: '06', de38: 'OFF995', de39: '00' }),
  saying('an advice that was declined', { mti: '0220', de38: 'OFF994', de39: '05' }),
  saying('a reversal of no amount', { mti: '0400', de4: undefined, de90: original }),
  saying('a reversal by advice', { mti: '0420', de4: undefined, de37: '999999999999', de90: original }),
  saying('a reversal in another currency', { mti: '0400', de49: '392', de90: original }),
  saying('a tip on a sale that is none', { mti: '0220', de3: '020000', de37: '999999999999', de49: '392' }),
  saying('a repeat of nothing', { mti: '0201' }),
  saying('a repeat of an advice of nothing', { mti: '0221', de38: 'OFF993', de39: '00' }),
  saying('a balance', { mti: '0100', de3: '310000', de4: undefined }),
  sellsAndTakesBack('a sale, and half of it back', '0400', { de4: '000000004000' }),
  sellsAndTakesBack('a sale, and by advice half of it back', '0420', { de4: '000000004000' }),
  sellsAndTakesBack('a sale, and all of it back without an amount', '0400', { de4: undefined }),
  sellsAndTakesBack('a sale, and its chip', '0320', { de55: chip(), de60: '000001' }),
  sellsAndTakesBack('a sale, and its chip by advice', '0220', { de55: chip() }),
  sellsAndTakesBack('a hold, and what is taken of it', '0220', { de25: '06' }),
  {
    says: 'wrong seals over and over',
    bytes: ({ message, frame }) =>
      Buffer.concat(Array.from({ length: 12 }, () => withBrokenEnd(frame(message())))),
  },
  saying('a terminal with a bar in its name', { de41: BARRED_TERMINAL }),
  saying('a tip above the whole', {
    mti: '0220',
    de3: '020000',
    de37: '999999999999',
    de54: [{ accountType: '00', amountType: '44', currency: '978', sign: 'D', amount: '000000999999' }],
  } as Partial<TerminalMessage>),
  saying('a reversal of no time', { mti: '0400', de12: undefined, de90: original }),
  saying('standard totals of sales alone', {
    mti: '0500',
    de3: '920000',
    de60: '000001',
    de76: '0000000001',
    de88: '0000000000000001',
  } as Partial<TerminalMessage>),
  saying('a sign-on', { ...management, mti: '0800', de70: '001' }),
  saying('an echo', { ...management, mti: '0800', de70: '301' }),
  saying('a sign-off', { ...management, mti: '0800', de70: '002' }),
  saying('a management code that there is not', { ...management, mti: '0800', de70: '999' }),
  saying('a request for keys', { ...management, mti: '0800', de70: '101', de3: '920000' }),
  saying('check values of no keys', { ...management, mti: '0800', de70: '102', de3: '930000', de62: 'X' }),
];

/** Where it is sealed, the last bytes are its MAC. */
function withBrokenEnd(frame: Buffer): Buffer {
  frame[frame.length - 1] = (frame.at(-1) ?? 0) === 0x30 ? 0x31 : 0x30;
  return frame;
}

/** A payment, and at once another word that names it by DE90. */
function sellsAndTakesBack(says: string, mti: string, change: Partial<TerminalMessage>): Call {
  return {
    says,
    bytes({ message, frame }) {
      const sale = message(change.de25 === '06' ? { mti: '0100' } : {});
      const { mti: sold, de7: transmission = '', de11: stan = '' } = sale;
      const de90 = { mti: sold, stan, transmission, acquirer: nobody, forwarder: nobody };
      const next = { ...sale, de11: String(Number(stan) + 50_000), mti, de90, ...change };
      return Buffer.concat([frame(sale), frame(next)]);
    },
  };
}

function chip(): Bytes {
  return Bytes.of(Buffer.from('9f26080123456789abcdef9f270140', 'hex'));
}

/**
 * Somebody who calls the listeners and says what makes no sense: bytes, frames and messages that are wrong in one way
 * each. No answer of it may approve what cannot be meant, no call may outlive its limits, and nobody else may notice.
 */
export class Rubbish {
  readonly #world: World;
  readonly #network: Network;
  readonly #settings: Settings;
  readonly #nodes: readonly string[];
  readonly #process: SimProcess;
  #stan = FIRST_STAN;

  constructor(world: World, network: Network, settings: Settings, nodes: readonly string[]) {
    this.#world = world;
    this.#network = network;
    this.#settings = settings;
    this.#nodes = nodes;
    this.#process = new SimProcess('somebody', world);
  }

  schedule(spanMs: number): void {
    const random = this.#world.random.stream('rubbish');
    const count = 4 + random.integer(MOST_CALLS);
    for (let index = 0; index < count; index += 1) {
      const own = random.stream(`call ${index}`);
      const call = own.pick(CALLS as readonly [Call, ...Call[]]);
      this.#world.scheduler.after(own.between(0, spanMs), 'rubbish', () => this.#call(call, own));
    }
  }

  #call(call: Call, random: SeededRandom): void {
    const [first, ...others] = this.#settings.listeners;
    const host = this.#nodes[random.integer(this.#nodes.length)];
    if (!first || host === undefined) return;
    const listener = random.pick([first, ...others]);
    const caller = this.#caller(listener, random);
    this.#world.tell('somebody', () => `→ says ${call.says}`);
    const reader = dialectOf(listener).framing.reader({ maxFrameBytes: 8_192 });
    const connection: Connection = this.#network.socketsOf(this.#process).connect(
      { host, port: listener.port },
      {
        onData: (chunk) => reader.push(chunk, (packed) => this.#heard(call, listener, packed)),
        onClose: () => this.#world.sometimes('guests: rubbish hung up on'),
      },
    );
    const bytes = call.bytes(caller);
    if (bytes) connection.write(bytes);
    const endsIn = random.chance(0.3) ? random.between(10, 500) : LISTENS_FOR_MS;
    this.#process.clock.after(endsIn, () => connection.end());
  }

  #heard({ says, mustFail }: Call, listener: ListenerSettings, packed: Buffer): void {
    const { mti, de39 } = dialectOf(listener).codec.parse(packed);
    this.#world.tell('somebody', () => `← ${de39} for ${says} [${mti}]`);
    this.#world.sometimes('guests: rubbish answered');
    const isWrong = mustFail === 'of an acquirer' ? listener.mac === 'none' : mustFail;
    if (!isWrong || !APPROVED.has(de39)) return;
    this.#world.violate('I10 fail closed', `${says} was answered ${de39}`);
  }

  #caller(listener: ListenerSettings, random: SeededRandom): Caller {
    const [{ id, keyName, merchant }] = GUEST_TERMINALS;
    const isSecured = listener.mac === 'required' && random.chance(0.85);
    this.#stan += 1;
    const stan = String(this.#stan);
    const message = (change: Partial<TerminalMessage> = {}): TerminalMessage => ({
      mti: '0200',
      ...momentOf(this.#process.clock, 0, 0),
      de2: Pan.of(GUEST_CARDS.mastercard),
      de3: '000000',
      de4: '000000009999',
      de11: stan,
      de22: '071',
      de25: '00',
      de41: id,
      de42: merchant.padEnd(15),
      de49: '978',
      ...change,
    });
    return {
      listener,
      random,
      message,
      frame: (given) => frameOf(given, dialectOf(listener), isSecured ? keysOf(keyName) : undefined),
    };
  }
}
