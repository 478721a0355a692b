/**
 * Puts a switch together: what was opened for it (journal, HSM, links, records) becomes the ports of the core, watched
 * for trends and counted by the gate, and the listeners are opened last. Everything is handed in, so that a simulation
 * starts the same switch on virtual time. What an earlier life left undecided is closed before the first terminal is
 * heard: else a repeat would wait for an original that nobody decides.
 */
import type { NetworkConnector, PopConnector } from '../../connectors/index.ts';
import type { HsmClient } from '../../hsm/index.ts';
import { framing } from '../../messages/index.ts';
import type { Clock, Log, Random, Sockets } from '../../runtime/index.ts';
import { type Admitting, Gate } from '../admission/gate.ts';
import { KnownCards } from '../admission/known-cards.ts';
import { SentBefore } from '../admission/sent-before.ts';
import { Strangers } from '../admission/strangers.ts';
import { Tally } from '../admission/tally.ts';
import { timedHsm, timedJournal } from '../admission/timed.ts';
import type { TurnedAway } from '../admission/turned-away.ts';
import { BusinessCalendar } from '../config/business-calendar.ts';
import { createDirectory, type Directory } from '../config/directory.ts';
import { DEFAULT_KEY_LIFE } from '../config/keys.ts';
import type { Settings } from '../config/settings.ts';
import { DEFAULT_STRANGERS } from '../config/strangers.ts';
import type { AlertBook } from '../fallback/alerts.ts';
import type { DegradedModes } from '../fallback/degraded-modes.ts';
import type { ModeRecords, OverdueFollowUps } from '../fallback/mode-records.ts';
import type { Notifications } from '../fallback/notices/webhook.ts';
import type { ScenarioTally } from '../fallback/scenarios.ts';
import { watchOver } from '../fallback/watch-over.ts';
import { countedJournal } from '../fraud/counted-journal.ts';
import { FraudWatch } from '../fraud/fraud-watch.ts';
import { openGateway } from '../gateway/open-gateway.ts';
import type { Journal } from '../journal/journal.ts';
import { Unsettled } from '../journal/unsettled.ts';
import { GivenKeys } from '../keys/download.ts';
import type { KeyBook, KeyCustodian } from '../keys/key-book.ts';
import { TerminalKeys } from '../keys/terminal-keys.ts';
import type { Numbers } from '../numbers/numbers.ts';
import type { Checkpoint, Ports } from '../ports.ts';
import { InFlight } from '../requests/in-flight.ts';
import { LateReplies } from '../serve/late-replies.ts';
import { type Crossing, type OpenListener, openListener } from '../serve/listener.ts';
import { compactOf, listenerCodec } from '../serve/listener-codec.ts';
import { createService } from '../serve/serve.ts';
import type { CardVerifier } from '../stand-in/card-checks.ts';
import { StandIn } from '../stand-in/stand-in.ts';
import { datedJournal } from '../transaction/dated-journal.ts';
import type { GatewayStores } from './gateway-stores.ts';
import { recover } from './recover.ts';
import { TakeOver } from './take-over.ts';
import { gatewayTls, socketsOf, type TlsEnds } from './tls-ends.ts';

/** What the switch's core is given; nothing in it reaches for anything else. */
export interface SwitchParts {
  readonly settings: Settings;
  /** Absent: that of the settings, which never changes. */
  readonly directory?: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly sockets: Sockets;
  /** Absent where no listener asks for TLS. */
  readonly tls?: TlsEnds;
  readonly log: Log;
  readonly hsm: HsmClient & CardVerifier;
  readonly journal: Journal;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly numbers: Numbers;
  readonly pop: PopConnector;
  /** Without them degraded modes are logged only, and operators cannot open one. */
  readonly modeRecords?: ModeRecords;
  readonly overdueFollowUps?: OverdueFollowUps;
  /** Absent: merchants are told nothing. */
  readonly notifications?: Notifications;
  /** Absent: alerts are log lines only. */
  readonly alerts?: AlertBook;
  /** Without them terminals keep the keys of the settings for ever. */
  readonly keys?: { readonly book: KeyBook; readonly custodian: KeyCustodian };
  /** Without them no terminal can settle its batch. */
  readonly batches?: NonNullable<Ports['batches']>;
  /** Without them there is no gateway. */
  readonly gatewayStores?: GatewayStores;
  /** Published keys and secrets are refused; absent: they are good. */
  readonly production?: boolean;
  readonly checkpoint?: (checkpoint: Checkpoint) => void;
  /** Where listeners count what came to nothing; absent: nobody asks. */
  readonly turnedAway?: TurnedAway;
  /** What the listeners ask instead of the gate; a test may take the gate's part. */
  readonly admitting?: (gate: Gate) => Admitting;
  /** Who makes the codecs of listeners, and how often the gate looks up: a simulation lives many lives in a row. */
  readonly codecOf?: typeof listenerCodec;
  readonly beatMs?: number;
}

export interface RunningSwitch {
  readonly ports: Ports;
  readonly modes: DegradedModes;
  readonly scenarios: ScenarioTally;
  readonly listeners: readonly OpenListener[];
  readonly gate: Pick<Gate, 'status'>;
  /** Absent where nobody looks for fraud. */
  readonly fraud: FraudWatch | undefined;
  /** Stops listening, answers what is in flight, lets go. */
  close(graceMs: number): Promise<void>;
}

function keyPorts({
  settings,
  hsm,
  clock,
  keys,
}: Pick<SwitchParts, 'settings' | 'hsm' | 'clock' | 'keys'>): Pick<Ports, 'terminalKeys' | 'keyDownload'> {
  const life = settings.keyLife ?? DEFAULT_KEY_LIFE;
  const terminalKeys = new TerminalKeys({ hsm, clock, life, ...(keys && { book: keys.book }) });
  return {
    terminalKeys,
    ...(keys && { keyDownload: { ...keys, terminalKeys, wall: () => clock.wall(), given: new GivenKeys() } }),
  };
}

/** @returns once its listeners are open */
export async function startSwitch(parts: SwitchParts): Promise<RunningSwitch> {
  const { settings, clock, log } = parts;
  const { modes, scenarios, ...counterparts } = watchOver(parts, parts);
  const calendar = new BusinessCalendar(settings);
  const directory = parts.directory ?? createDirectory(settings);
  const fraud = fraudWatch(parts, directory);
  const dated = datedJournal(counterparts.journal, calendar, clock);
  const journal = fraud ? countedJournal(dated, fraud, clock) : dated;
  const watched = { ...parts, ...counterparts, journal };
  const ports: Ports = {
    ...watched,
    standIn: new StandIn(settings.standIn, watched),
    ...keyPorts(watched),
    knownCards: new KnownCards(parts),
    ...(fraud && { fraud }),
    directory,
    calendar,
    inFlight: new InFlight(settings.maxInFlight),
    unsettled: new Unsettled(watched.journal, clock, log, settings.maxInFlight),
    lateReplies: new LateReplies(clock, log),
    checkpoint: parts.checkpoint ?? (() => {}),
  };
  await recover(ports);
  const { deadlineMs, admission } = settings;
  const { beatMs } = parts;
  const gate = new Gate({ clock, deadlineMs, settings: admission, ...(beatMs !== undefined && { beatMs }) });
  const served = atTheGate(ports, watched, gate);
  const listeners = await openListeners(parts, served, gate);
  listeners.push(...(await openGateways(parts, served, gate)));
  const takeOver = new TakeOver(ports, settings.journal.takeOverEveryMs);
  return {
    ports,
    modes,
    scenarios,
    listeners,
    gate,
    fraud,
    async close(graceMs) {
      modes.close();
      const looked = takeOver.close();
      await Promise.all(listeners.map((listener) => listener.close(graceMs)));
      gate.close();
      ports.unsettled.close();
      await looked;
    },
  };
}

/** Rules judge by what the directory says of a merchant then. */
function fraudWatch({ settings, clock, log }: SwitchParts, directory: Directory): FraudWatch | undefined {
  const { fraud, networks } = settings;
  if (!fraud) return undefined;
  const placeOf = (merchant: string) => directory.merchant(merchant)?.region;
  return new FraudWatch({ settings: fraud, networks, placeOf, clock, log });
}

/** The ports of requests, whose waits the gate counts. Recovery has the others: no limit may hold it up. */
function atTheGate(ports: Ports, watched: SwitchParts, gate: Gate): Ports {
  const hsm = timedHsm(watched.hsm, gate);
  const journal = timedJournal(watched.journal, gate);
  const timed = { ...watched, hsm, journal };
  return {
    ...ports,
    hsm,
    journal,
    standIn: new StandIn(watched.settings.standIn, timed),
    ...keyPorts(timed),
  };
}

async function openListeners(parts: SwitchParts, ports: Ports, gate: Gate): Promise<OpenListener[]> {
  const { settings, clock, log, admitting = (own) => own, codecOf = listenerCodec } = parts;
  const listeners: OpenListener[] = [];
  const { strangers: strangerSettings = DEFAULT_STRANGERS } = settings;
  const crossing: Crossing = {
    sentBefore: new SentBefore(clock),
    strangers: new Strangers(clock, strangerSettings, parts.turnedAway),
    strangerSettings,
    terminals: new Tally(),
  };
  for (const listener of settings.listeners) {
    const codec = codecOf(listener, { clock, log });
    const service = createService(listener, codec, ports);
    const compact = compactOf(listener);
    const frames = framing(listener.framing);
    const wire = { settings: listener, codec, compact, framing: frames, service, crossing };
    const sockets = socketsOf(listener, parts);
    listeners.push(await openListener({ ...wire, gate: admitting(gate), sockets, clock, log }));
  }
  return listeners;
}

/** One, or none. */
async function openGateways(parts: SwitchParts, ports: Ports, gate: Gate): Promise<OpenListener[]> {
  const { settings, gatewayStores, tls, admitting = (own) => own } = parts;
  if (!settings.gateway) return [];
  if (!gatewayStores) throw new Error('a gateway is set, and it has nowhere to keep anything');
  const secure = gatewayTls(settings.gateway, tls);
  const { production = false } = parts;
  const own = { settings: settings.gateway, ports, ...gatewayStores, gate: admitting(gate), production };
  return [await openGateway({ ...own, ...(secure && { secure }) })];
}
