import { join } from 'node:path';
import { developmentKey } from '../../hsm/index.ts';
import type { Address, Clock, Sockets } from '../../runtime/index.ts';
import { systemClock, tcpSockets } from '../../runtime/index.ts';
import { batchOf, type RecordedTransaction } from './batch.ts';
import { type Exchange, exchange, factsOf, type Outgoing } from './exchange.ts';
import { keyStore, openKeys } from './installed-keys.ts';
import { downloadKeys, type KeyDownload } from './key-download.ts';
import { developmentTerminalKeys, type TerminalKeys } from './keys.ts';
import { type TerminalLink, terminalLink } from './link.ts';
import {
  cardMessage,
  completionMessage,
  incrementMessage,
  networkMessage,
  type Original,
  type PurchaseOrder,
  reversalMessage,
  type Sender,
  voidMessage,
} from './messages.ts';
import { profiles, type TerminalDialect, type TerminalMessage } from './profiles.ts';
import type { TerminalRecords } from './records.ts';
import { type ReversalPlan, uncertainties } from './reversing.ts';
import { CARD_SERVICES, type CardService, mustBeCertain, type TerminalService } from './services.ts';
import { type Settlement, settleBatch } from './settle.ts';
import { openStan } from './stan.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const ECHO = '301';

export interface TerminalOptions {
  dialect: TerminalDialect;
  address: Address;
  records: TerminalRecords;
  /** Default TERM0001. */
  terminal?: string;
  /** Default MERCHANT0000001. */
  merchant?: string;
  /**
   * Default, where the dialect has PIN and MAC: those it downloaded last, by its records, else its published
   * development keys.
   */
  keys?: TerminalKeys;
  /** Where its downloaded keys are; default: with its records. */
  keyFolder?: string;
  /** What it is given keys under. Default: the published development key of this terminal. */
  masterKey?: Buffer;
  /** Default: a connection of its own. */
  link?: TerminalLink;
  /** Default 10,000. */
  timeoutMs?: number;
  /**
   * Reverses whatever moved money and was not answered, or not believably, until that is acknowledged; nothing else
   * that moves money is begun before. Absent: nothing is reversed by itself.
   */
  reverseUnanswered?: ReversalPlan;
  sockets?: Sockets;
  clock?: Clock;
}

/** No method rejects for what the other side does; `stan` overrides the counter. */
export interface Terminal {
  /** Asks for something with a card, or tells of an offline purchase. */
  request(service: CardService, order: PurchaseOrder, stan?: string): Promise<Exchange>;
  /** `request` for a purchase. */
  purchase(order: PurchaseOrder, stan?: string): Promise<Exchange>;
  /** Asks for `order.amount` more of a pre-authorisation. */
  increment(original: Partial<Original>, order: PurchaseOrder): Promise<Exchange>;
  /** Captures `order.amount` of a pre-authorisation. */
  complete(original: Partial<Original>, order: PurchaseOrder): Promise<Exchange>;
  void(original: Partial<Original> & Pick<Original, 'amount' | 'currency'>): Promise<Exchange>;
  /** Takes back all, or all but `remaining`. `repeat` sends 0401 under the STAN of the first try. */
  reverse(original: Original, remaining?: number, repeat?: { stan: string }): Promise<Exchange>;
  /** Settles the open batch of one currency; uploads it where the totals are out of balance. */
  settle(currency: string): Promise<Settlement>;
  /** 0800 with this DE70. */
  network(code: string): Promise<Exchange>;
  /** Sends the same bytes as the last request, completion, void or reversal once more. @throws where there was none */
  repeat(): Promise<Exchange>;
  echo(): Promise<Exchange>;
  /**
   * Gets new keys and uses them from then on, also in later runs.
   * @param isTold false: no confirmation is sent; the first message under the new keys is one
   */
  downloadKeys(isTold?: boolean): Promise<KeyDownload>;
  /** Its transactions by its records, oldest first. */
  transactions(): Promise<readonly RecordedTransaction[]>;
  /** Answers nobody waited for on its connection. */
  readonly unexpected: number;
  /** Closes its own connection and keeps its trace number; the records stay open. */
  close(): void;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { records, clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const sender = senderOf(options);
  const stans = openStan(join(records.folder, 'stan', sender.terminal));
  const link = options.link ?? terminalLink(linkOptions(options, sender));
  let last: Outgoing | undefined;

  const send = (outgoing: Outgoing) => exchange(outgoing, { sender, records, link, clock, timeoutMs });
  const moment = (stan = stans.next()) => ({ stan, clock });
  const batch = async () => batchOf(await records.ledger.rows(), sender.terminal);

  const sendAsLast = (outgoing: Outgoing) => {
    last = outgoing;
    return send(outgoing);
  };

  const reversal = (...[original, remaining, repeat]: Parameters<Terminal['reverse']>) => {
    const message = reversalMessage(original, remaining, sender, moment(repeat?.stan));
    return asReversal(repeat ? { ...message, mti: '0401' } : message, original, remaining);
  };
  const about = (service: TerminalService, message: TerminalMessage, original: Partial<Original>) =>
    sendAsLast({ service, message, ...referred(original) });
  const { reverseUnanswered: plan } = options;
  const certainty =
    plan && uncertainties(plan, { clock, reverse: (...what) => send(reversal(...what)), batch });

  /** Sends what moves money only while nothing earlier is uncertain, where the plan says so. */
  const ask = (asked: Asked, outgoing: () => Outgoing) => {
    if (!certainty || !mustBeCertain(asked.service)) return sendAsLast(outgoing());
    return certainty.guard({ ...asked, terminal: sender.terminal }, () => sendAsLast(outgoing()));
  };
  const request: Terminal['request'] = async (service, order, stan = stans.next()) =>
    ask(askedOf(service, CARD_SERVICES[service].mti, order, stan), () => ({
      service,
      message: cardMessage(service, order, sender, moment(stan)),
    }));

  return {
    request,
    purchase: (order, stan) => request('purchase', order, stan),
    async increment(original, order) {
      const stan = stans.next();
      return ask(askedOf('increment', CARD_SERVICES.preauth.mti, order, stan), () => ({
        service: 'increment',
        message: incrementMessage(original, order, sender, moment(stan)),
        ...referred(original),
      }));
    },
    complete: (original, order) =>
      about('complete', completionMessage(original, order, sender, moment()), original),
    void: (original) => about('void', voidMessage(original, sender, moment()), original),
    reverse: (...what) => sendAsLast(reversal(...what)),
    settle: async (currency) => settleBatch(await batch(), currency, { sender, moment, send }),
    network: (code) => send({ service: 'network', message: networkMessage(code, sender, moment()) }),
    async repeat() {
      if (!last) throw new Error('nothing was sent yet');
      return send(last);
    },
    echo: () => send({ service: 'network', message: networkMessage(ECHO, sender, moment()) }),
    downloadKeys: (isTold = true) => downloadKeys({ ...keyMeans(options, sender), moment, send }, isTold),
    transactions: async () => (await batch()).transactions,
    get unexpected() {
      return link.unexpected;
    },
    close() {
      stans.close();
      if (!options.link) link.close();
    },
  };
}

function asReversal(message: TerminalMessage, original: Original, remaining: number | undefined): Outgoing {
  return { service: 'reversal', message, original, ...(remaining === undefined ? {} : { remaining }) };
}

type Asked = Pick<Exchange, 'service' | 'mti' | 'stan'> & Pick<PurchaseOrder, 'amount' | 'currency'>;

function askedOf(service: TerminalService, mti: string, order: PurchaseOrder, stan: string): Asked {
  const { amount, currency } = order;
  return { service, mti, stan, amount, currency };
}

/** Where downloaded keys are kept, and what they come under. */
function keyMeans({ records, keyFolder, masterKey }: TerminalOptions, sender: Sender) {
  const store = keyStore(keyFolder ?? records.folder, sender.terminal);
  return { sender, store, masterKey: masterKey ?? developmentKey(`TMK/${sender.terminal}`) };
}

/** The message that another is about, where the terminal knows it. */
function referred({ mti, stan, time }: Partial<Original>) {
  return mti && stan && time ? { original: { mti, stan, time } } : {};
}

function senderOf(options: TerminalOptions): Sender {
  const { dialect, merchant = 'MERCHANT0000001', terminal = 'TERM0001' } = options;
  const profile = profiles[dialect];
  if (!profile.secured) return { terminal, merchant, profile };
  return { terminal, merchant, profile, keys: options.keys ?? keysOf(terminal, options) };
}

function keysOf(terminal: string, { records, keyFolder, masterKey }: TerminalOptions): TerminalKeys {
  const blocks = keyStore(keyFolder ?? records.folder, terminal).load();
  if (!blocks) return developmentTerminalKeys(terminal);
  return openKeys(blocks, masterKey ?? developmentKey(`TMK/${terminal}`)).keys;
}

function linkOptions(options: TerminalOptions, { profile }: Sender) {
  const { address, records, clock = systemClock, sockets = tcpSockets } = options;
  return {
    ...{ profile, address, sockets, clock },
    onUnexpected(message: TerminalMessage) {
      const { de39: code } = message;
      const at = new Date(clock.wall()).toISOString();
      const row = { kind: 'unexpected' as const, at, ...factsOf(message, records) };
      records.ledger.append({ ...row, ...(code === undefined ? {} : { code }) }).catch(() => {});
    },
  };
}
