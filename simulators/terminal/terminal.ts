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
import { openStan, type StanCounter } from './stan.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const ECHO = '301';

type Uncertainties = ReturnType<typeof uncertainties>;

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
  return new RecordingTerminal(options);
}

/** A terminal whose every message is in its records before it leaves. */
class RecordingTerminal implements Terminal {
  readonly #options: TerminalOptions;
  readonly #clock: Clock;
  readonly #sender: Sender;
  readonly #stans: StanCounter;
  readonly #link: TerminalLink;
  readonly #certainty: Uncertainties | undefined;
  #last: Outgoing | undefined;

  constructor(options: TerminalOptions) {
    const { records, reverseUnanswered: plan, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#sender = senderOf(options);
    this.#stans = openStan(join(records.folder, 'stan', this.#sender.terminal));
    this.#link = options.link ?? terminalLink(linkOptions(options, this.#sender));
    const reverse = (original: Original, remaining?: number, repeat?: { stan: string }) =>
      this.#send(this.#reversal(original, remaining, repeat));
    this.#certainty = plan && uncertainties(plan, { clock, reverse, batch: () => this.#batch() });
  }

  get unexpected(): number {
    return this.#link.unexpected;
  }

  async request(service: CardService, order: PurchaseOrder, stan = this.#stans.next()): Promise<Exchange> {
    return this.#ask(askedOf(service, CARD_SERVICES[service].mti, order, stan), () => ({
      service,
      message: cardMessage(service, order, this.#sender, this.#moment(stan)),
    }));
  }

  purchase(order: PurchaseOrder, stan?: string): Promise<Exchange> {
    return this.request('purchase', order, stan);
  }

  async increment(original: Partial<Original>, order: PurchaseOrder): Promise<Exchange> {
    const stan = this.#stans.next();
    return this.#ask(askedOf('increment', CARD_SERVICES.preauth.mti, order, stan), () => ({
      service: 'increment',
      message: incrementMessage(original, order, this.#sender, this.#moment(stan)),
      ...referred(original),
    }));
  }

  complete(original: Partial<Original>, order: PurchaseOrder): Promise<Exchange> {
    const message = completionMessage(original, order, this.#sender, this.#moment());
    return this.#sendAsLast({ service: 'complete', message, ...referred(original) });
  }

  void(original: Partial<Original> & Pick<Original, 'amount' | 'currency'>): Promise<Exchange> {
    const message = voidMessage(original, this.#sender, this.#moment());
    return this.#sendAsLast({ service: 'void', message, ...referred(original) });
  }

  reverse(original: Original, remaining?: number, repeat?: { stan: string }): Promise<Exchange> {
    return this.#sendAsLast(this.#reversal(original, remaining, repeat));
  }

  async settle(currency: string): Promise<Settlement> {
    return settleBatch(await this.#batch(), currency, this.#means());
  }

  network(code: string): Promise<Exchange> {
    return this.#send({ service: 'network', message: networkMessage(code, this.#sender, this.#moment()) });
  }

  async repeat(): Promise<Exchange> {
    if (!this.#last) throw new Error('nothing was sent yet');
    return this.#send(this.#last);
  }

  echo(): Promise<Exchange> {
    return this.network(ECHO);
  }

  downloadKeys(isTold = true): Promise<KeyDownload> {
    return downloadKeys({ ...keyMeans(this.#options, this.#sender), ...this.#means() }, isTold);
  }

  async transactions(): Promise<readonly RecordedTransaction[]> {
    return (await this.#batch()).transactions;
  }

  close(): void {
    this.#stans.close();
    if (!this.#options.link) this.#link.close();
  }

  /** What others need to speak in its name. */
  #means() {
    return {
      sender: this.#sender,
      moment: () => this.#moment(),
      send: (outgoing: Outgoing) => this.#send(outgoing),
    };
  }

  #moment(stan = this.#stans.next()) {
    return { stan, clock: this.#clock };
  }

  async #batch() {
    return batchOf(await this.#options.records.ledger.rows(), this.#sender.terminal);
  }

  #send(outgoing: Outgoing): Promise<Exchange> {
    const { records, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const desk = { sender: this.#sender, records, link: this.#link, clock: this.#clock, timeoutMs };
    return exchange(outgoing, desk);
  }

  #sendAsLast(outgoing: Outgoing): Promise<Exchange> {
    this.#last = outgoing;
    return this.#send(outgoing);
  }

  /** Sends what moves money only while nothing earlier is uncertain, where the plan says so. */
  #ask(asked: Asked, outgoing: () => Outgoing): Promise<Exchange> {
    if (!this.#certainty || !mustBeCertain(asked.service)) return this.#sendAsLast(outgoing());
    const about = { ...asked, terminal: this.#sender.terminal };
    return this.#certainty.guard(about, () => this.#sendAsLast(outgoing()));
  }

  #reversal(original: Original, remaining?: number, repeat?: { stan: string }): Outgoing {
    const message = reversalMessage(original, remaining, this.#sender, this.#moment(repeat?.stan));
    return asReversal(repeat ? { ...message, mti: '0401' } : message, original, remaining);
  }
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
    profile,
    address,
    sockets,
    clock,
    onUnexpected(message: TerminalMessage) {
      const { de39: code } = message;
      const at = new Date(clock.wall()).toISOString();
      const row = { kind: 'unexpected' as const, at, ...factsOf(message, records) };
      records.ledger.append({ ...row, ...(code === undefined ? {} : { code }) }).catch(() => {});
    },
  };
}
