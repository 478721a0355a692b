import type { NetworkConnector, PopConnector } from '../connectors/index.ts';
import type { Hsm } from '../hsm/index.ts';
import type { Clock, Log, Random } from '../runtime/index.ts';
import type { KnownCards } from './admission/known-cards.ts';
import type { BusinessCalendar } from './config/business-calendar.ts';
import type { Directory } from './config/directory.ts';
import type { Settings } from './config/settings.ts';
import type { AlertBook } from './fallback/alerts.ts';
import type { Notifications } from './fallback/notices/webhook.ts';
import type { FraudWatch } from './fraud/fraud-watch.ts';
import type { Journal } from './journal/journal.ts';
import type { Unsettled } from './journal/unsettled.ts';
import type { DownloadPorts } from './keys/download.ts';
import type { TerminalKeys } from './keys/terminal-keys.ts';
import type { Numbers } from './numbers/numbers.ts';
import type { ProjectionReader } from './projection/projection-reader.ts';
import type { InFlight } from './requests/in-flight.ts';
import type { LateReplies } from './serve/late-replies.ts';
import type { StandIn } from './stand-in/stand-in.ts';

/** The places in an authorisation where a test may stop the world. */
export type Checkpoint = 'intended' | 'forked' | 'network-answered' | 'joined' | 'decided' | 'replied';

/** Everything an authorisation reaches for. The same core runs live and in simulation: only these differ. */
export interface Ports {
  readonly settings: Pick<
    Settings,
    'deadlineMs' | 'replyMarginMs' | 'followUps' | 'pop' | 'currencies' | 'takeBacks'
  >;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hsm: Hsm;
  readonly journal: Journal;
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  /** DE11 and DE37 towards them. */
  readonly numbers: Numbers;
  readonly pop: PopConnector;
  readonly standIn: Pick<StandIn, 'cover' | 'heard'>;
  /** Judges payments before their legs are opened; absent: nobody does. */
  readonly fraud?: Pick<FraudWatch, 'judge' | 'refusalCode'>;
  /** What terminals settle; absent where nobody projects the journal: then no terminal can. */
  readonly batches?: Pick<ProjectionReader, 'reach' | 'openBatch'> &
    Partial<Pick<ProjectionReader, 'paymentsOf'>>;
  /** Absent: merchants are told nothing. */
  readonly notifications?: Notifications;
  /** Absent: alerts are log lines only. */
  readonly alerts?: AlertBook;
  /** Which keys a terminal's messages are under. */
  readonly terminalKeys: TerminalKeys;
  /** Cards whose stored forms the HSM need not make again. */
  readonly knownCards: KnownCards;
  /** Absent: terminals are given no keys. */
  readonly keyDownload?: DownloadPorts;
  readonly directory: Directory;
  /** Which business day it is. */
  readonly calendar: BusinessCalendar;
  readonly inFlight: InFlight;
  readonly unsettled: Unsettled;
  /** Keeps back what comes after its last moment. */
  readonly lateReplies: LateReplies;
  /** Called as an authorisation passes each checkpoint; does nothing in service. */
  readonly checkpoint: (checkpoint: Checkpoint) => void;
}
