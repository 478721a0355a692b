import type {
  NetworkConnector,
  NetworkOutcome,
  NoticeOutcome,
  PopConnector,
  PopOutcome,
  PopStanding,
  ReversalRequest,
  TransactionFacts,
} from '../../connectors/index.ts';
import type { Hsm, HsmError, OpenedRequest, OpenRequest } from '../../hsm/index.ts';
import { Pan, PinBlock } from '../../messages/index.ts';
import { type Monotonic, silentLog, systemRandom } from '../../runtime/index.ts';
import { type PaymentInbound, type Received, receive } from '../../switch/admission/inbound.ts';
import { KnownCards } from '../../switch/admission/known-cards.ts';
import { provePayment, proveSender } from '../../switch/admission/prove.ts';
import { BusinessCalendar } from '../../switch/config/business-calendar.ts';
import { developmentSettings } from '../../switch/config/development.ts';
import { createDirectory } from '../../switch/config/directory.ts';
import { DEFAULT_KEY_LIFE } from '../../switch/config/keys.ts';
import type { Settings } from '../../switch/config/settings.ts';
import { Unsettled } from '../../switch/journal/unsettled.ts';
import { TerminalKeys } from '../../switch/keys/terminal-keys.ts';
import type { Numbers } from '../../switch/numbers/numbers.ts';
import type { Ports } from '../../switch/ports.ts';
import { InFlight } from '../../switch/requests/in-flight.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { LateReplies } from '../../switch/serve/late-replies.ts';
import type { CardVerifier } from '../../switch/stand-in/card-checks.ts';
import { StandIn } from '../../switch/stand-in/stand-in.ts';
import { datedJournal } from '../../switch/transaction/dated-journal.ts';
import type { ReplyFields } from '../../switch/transaction/entries.ts';
import { MemoryJournal } from './memory-journal.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How a scripted leg behaves: what it answers, and after how long; its own deadline always wins. */
export interface Script<Outcome> {
  outcome: Outcome;
  afterMs: number;
}

/** The core with its counterparts scripted, on virtual time: for what only timing and order can show. */
export interface TestCore {
  readonly clock: VirtualClock;
  readonly journal: MemoryJournal;
  readonly ports: Ports;
  network: Script<NetworkOutcome>;
  pop: Script<PopOutcome>;
  reversal: NoticeOutcome;
  standing: PopStanding;
  readonly sent: { authorised: TransactionFacts[]; reversed: ReversalRequest[]; initiated: string[] };
  /** What the HSM does with the next call of each kind; absent: as it should. */
  hsm: { mac?: boolean; failure?: Error; pinFailure?: HsmError; cardValue?: boolean; pin?: boolean };
}

const DEVELOPMENT = developmentSettings({
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 0 },
  popUrl: 'http://127.0.0.1:1',
});

/** Its terminals must send their currency: a test says so where one need not. */
const SETTINGS: Settings = {
  ...DEVELOPMENT,
  terminals: DEVELOPMENT.terminals.map(({ currency: _, ...terminal }) => terminal),
};

export function createTestCore(overrides: Partial<Settings> = {}): TestCore {
  const clock = new VirtualClock();
  const journal = new MemoryJournal(clock);
  const settings = { ...SETTINGS, ...overrides };
  const core: Omit<TestCore, 'ports'> = {
    clock,
    journal,
    network: { outcome: { status: 'approved', code: '00', approvalCode: 'A1B2C3' }, afterMs: 20 },
    pop: { outcome: { status: 'accepted', validation: 'v-1' }, afterMs: 30 },
    reversal: { status: 'acknowledged', code: '00' },
    standing: { status: 'pending', validation: 'v-1' },
    sent: { authorised: [], reversed: [], initiated: [] },
    hsm: {},
  };
  const hsm = scriptedHsm(core);
  const calendar = new BusinessCalendar(settings);
  const dated = datedJournal(journal, calendar, clock);
  const surroundings = { clock, random: systemRandom, log: silentLog, hsm, journal: dated };
  const ports: Ports = {
    settings,
    ...surroundings,
    networks: new Map([['visa', scriptedNetwork(core)]]),
    numbers: countedNumbers(),
    pop: scriptedPop(core),
    standIn: new StandIn(settings.standIn, surroundings),
    knownCards: new KnownCards(surroundings),
    terminalKeys: new TerminalKeys({ hsm, clock, life: DEFAULT_KEY_LIFE }),
    directory: createDirectory(settings),
    calendar,
    inFlight: new InFlight(1_000),
    unsettled: new Unsettled(dated, clock, silentLog, 1_000),
    lateReplies: new LateReplies(clock, silentLog),
    checkpoint: () => {},
  };
  return Object.assign(core, { ports });
}

/** 000001, 000002, 000003 … */
function countedNumbers(): Numbers {
  let count = 0;
  return {
    next() {
      count += 1;
      const stan = String(count).padStart(6, '0');
      return { stan, rrn: `632700${stan}` };
    },
  };
}

type Scripts = Omit<TestCore, 'ports'>;

function scriptedHsm(core: Scripts): Hsm & CardVerifier {
  const unlessFailing = async <T>(value: T): Promise<T> => {
    if (core.hsm.failure) throw core.hsm.failure;
    return value;
  };
  const hsm: Partial<Hsm & CardVerifier> = {
    generateMac: () => unlessFailing(Buffer.alloc(8)),
    openRequest: (request) => unlessFailing(opened(request, core)),
    revealPan: (ciphertext) => unlessFailing(Pan.of(Buffer.from(ciphertext).toString())),
    verifyCvv: () => unlessFailing(core.hsm.cardValue ?? true),
    verifyPvv: () => unlessFailing(core.hsm.pin ?? true),
    verifyPinOffset: () => unlessFailing(core.hsm.pin ?? true),
  };
  return hsm as Hsm & CardVerifier;
}

function opened({ seal, pan, protect, pin }: OpenRequest, { hsm }: Scripts): OpenedRequest {
  if (seal && hsm.mac === false) return { mac: 'wrong' };
  const card = {
    ciphertext: Buffer.from(pan?.reveal() ?? ''),
    lookup: Buffer.from(pan?.lastFour().padStart(8) ?? ''),
  };
  const block = PinBlock.of(Buffer.alloc(8, 0x5a));
  const parts = {
    ...(protect && { card: { done: card } }),
    ...(pin && { pin: hsm.pinFailure ? { refused: hsm.pinFailure } : { done: block } }),
  };
  return seal ? { mac: 'right', fitted: 0, ...parts } : { mac: 'not-asked', ...parts };
}

function scriptedNetwork(core: Scripts): NetworkConnector {
  return {
    name: 'visa',
    rules: { maxIncrements: 2, overCompletionPercent: { '5812': 20 } },
    zonePinKey: () => 'ZPK/VISA',
    state: () => 'signed-on',
    close: async () => {},
    ask: (facts, _card, deadline) => {
      const { outcome, afterMs } = core.network;
      if (outcome.status === 'unreachable' || outcome.status === 'not-asked') return { left: false, outcome };
      core.sent.authorised.push(facts);
      const late = { status: 'unknown', reason: 'no answer by the deadline' } as const;
      return { left: true, outcome: within(core, { outcome, afterMs }, deadline, late) };
    },
    advise: async () => core.reversal,
    reverse: async (request) => {
      core.sent.reversed.push(request);
      return core.reversal;
    },
  };
}

function scriptedPop(core: Scripts): PopConnector {
  return {
    initiate: (purchase, deadline) => {
      core.sent.initiated.push(purchase.transaction);
      const late: PopOutcome = { status: 'unknown', reason: 'no answer by the deadline' };
      return within(core, core.pop, deadline, late);
    },
    standing: async () => core.standing,
    standings: async () => ({ status: 'unsupported' }),
    cancel: async () => ({ status: 'cancelled' }),
    close: async () => {},
  };
}

function within<T, Late>(
  core: Scripts,
  script: Script<T>,
  deadline: Monotonic,
  late: Late,
): Promise<T | Late> {
  const remaining = deadline - core.clock.monotonic();
  const inTime = script.afterMs < remaining;
  return new Promise((resolve) => {
    core.clock.after(Math.min(script.afterMs, remaining), () => resolve(inTime ? script.outcome : late));
  });
}

/** A purchase of 25.00 € as the first terminal sends it. */
export function purchaseMessage(overrides: Partial<TerminalMessage> = {}): TerminalMessage {
  return {
    mti: '0100',
    de2: Pan.of('4242424242424242'),
    de3: '000000',
    de4: '000000002500',
    de7: '1123120000',
    de11: '000001',
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

/** A message as the first listener hands it over. */
export function inbound(core: TestCore, message: TerminalMessage = purchaseMessage()): Received {
  const listener = SETTINGS.listeners[0];
  if (!listener) throw new Error('the development settings have no listener');
  const sealed = { covered: Buffer.from('covered'), mac: Buffer.alloc(8) };
  const receivedAt = core.clock.monotonic();
  return receive({ message, sealed, receivedAt }, listener, core.ports.settings, core.clock.monotonic());
}

/** What a verb makes of a message, once it is proven. */
export async function served(
  verb: (proven: PaymentInbound, ports: Ports) => Promise<ReplyFields | undefined>,
  received: Received,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  if (received.message.de2) return verb(await provePayment(received, ports), ports);
  const card = { ciphertext: '', reference: '' };
  return verb({ ...(await proveSender(received, ports)), card, pin: { block: undefined } }, ports);
}
