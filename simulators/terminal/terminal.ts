import { join } from 'node:path';
import type { Address, Clock, Sockets } from '../../runtime/index.ts';
import { systemClock, tcpSockets } from '../../runtime/index.ts';
import { SimulatorError } from '../errors.ts';
import { developmentTerminalKeys, needsMac, type TerminalKeys } from './keys.ts';
import { type Reply, type TerminalLink, terminalLink } from './link.ts';
import { echoMessage, frameOf, type PurchaseOrder, purchaseMessage, type Sender } from './messages.ts';
import { profiles, type TerminalDialect, type TerminalMessage } from './profiles.ts';
import type { TerminalRecords, TerminalRow } from './records.ts';
import { openStan } from './stan.ts';

const APPROVED = '00';
const DEFAULT_TIMEOUT_MS = 10_000;

/** How an exchange went, as the terminal sees it. */
export interface Exchange {
  /** Approved by an answer whose MAC is right, where the dialect has MACs. */
  approved: boolean;
  outcome: 'answered' | 'unanswered';
  /** Error code, where there was no answer. */
  reason?: string;
  mti: string;
  terminal: string;
  stan: string;
  amount?: number;
  currency?: string;
  /** DE39. */
  code?: string;
  rrn?: string;
  approvalCode?: string;
  macVerified?: boolean;
  ms: number;
  /** The answer itself; prints masked. */
  reply?: TerminalMessage;
}

export interface TerminalOptions {
  dialect: TerminalDialect;
  address: Address;
  records: TerminalRecords;
  /** Default TERM0001. */
  terminal?: string;
  /** Default MERCHANT0000001. */
  merchant?: string;
  /** Default: the published development keys of this terminal, where the dialect has PIN and MAC. */
  keys?: TerminalKeys;
  /** Default: a connection of its own. */
  link?: TerminalLink;
  /** Default 10,000. */
  timeoutMs?: number;
  sockets?: Sockets;
  clock?: Clock;
}

export interface Terminal {
  /** Sends a 0100; `stan` overrides the counter. Never rejects for what the other side does. */
  purchase(order: PurchaseOrder, stan?: string): Promise<Exchange>;
  /** Sends the same bytes as the last purchase once more. @throws where there was none */
  repeat(): Promise<Exchange>;
  echo(): Promise<Exchange>;
  /** Answers nobody waited for on its connection. */
  readonly unexpected: number;
  /** Closes its own connection and keeps its trace number; the records stay open. */
  close(): void;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { records, clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const sender = senderOf(options);
  const stan = openStan(join(records.folder, 'stan', sender.terminal));
  const link = options.link ?? terminalLink(linkOptions(options, sender));
  let last: { frame: Buffer; message: TerminalMessage } | undefined;

  const exchange = async (frame: Buffer, message: TerminalMessage): Promise<Exchange> => {
    const facts = factsOf(message, records);
    const note = (row: Omit<TerminalRow, 'at' | keyof typeof facts>) =>
      records.ledger.append({ ...row, ...facts, at: new Date(clock.wall()).toISOString() });
    await note({ kind: 'sent' });
    const began = clock.monotonic();
    const elapsed = () => Math.round((clock.monotonic() - began) * 1_000) / 1_000;
    try {
      const answer = answerOf(await link.request(frame, message, timeoutMs), sender);
      const ms = elapsed();
      const { reply: _, ...noted } = answer;
      note({ kind: 'answered', ...noted, ms }).catch(() => {});
      const approved = answer.code === APPROVED && answer.macVerified !== false;
      return { approved, outcome: 'answered', ...shown(facts), ...answer, ms };
    } catch (error) {
      if (!(error instanceof SimulatorError)) throw error;
      note({ kind: 'unanswered', reason: error.code }).catch(() => {});
      return { approved: false, outcome: 'unanswered', reason: error.code, ...shown(facts), ms: elapsed() };
    }
  };

  return {
    purchase(order, chosen = stan.next()) {
      const message = purchaseMessage(order, sender, chosen, clock);
      last = { message, frame: frameOf(message, sender) };
      return exchange(last.frame, last.message);
    },
    repeat() {
      if (!last) throw new Error('nothing was sent yet');
      return exchange(last.frame, last.message);
    },
    echo() {
      const message = echoMessage(sender, stan.next(), clock);
      return exchange(frameOf(message, sender), message);
    },
    get unexpected() {
      return link.unexpected;
    },
    close() {
      stan.close();
      if (!options.link) link.close();
    },
  };
}

function senderOf({
  dialect,
  keys,
  merchant = 'MERCHANT0000001',
  terminal = 'TERM0001',
}: TerminalOptions): Sender {
  const profile = profiles[dialect];
  if (!profile.secured) return { terminal, merchant, profile };
  return { terminal, merchant, profile, keys: keys ?? developmentTerminalKeys(terminal) };
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

/** What may be written down of a message: no PIN block, no track, the card by reference. */
function factsOf({ mti, de2, de4, de7, de11, de41, de49 }: TerminalMessage, { nameCard }: TerminalRecords) {
  return {
    mti,
    terminal: de41?.trimEnd() ?? '',
    stan: de11 ?? '',
    ...(de7 === undefined ? {} : { time: de7 }),
    ...(de4 === undefined ? {} : { amount: Number(de4) }),
    ...(de49 === undefined ? {} : { currency: de49 }),
    ...(de2 === undefined ? {} : { card: nameCard(de2.reveal()) }),
  };
}

function shown({ card: _card, time: _time, ...facts }: ReturnType<typeof factsOf>) {
  return facts;
}

function answerOf({ message, packed }: Reply, { keys, profile }: Sender) {
  const { de37: rrn, de38: approvalCode, de39: code } = message;
  return {
    reply: message,
    ...(code === undefined ? {} : { code }),
    ...(rrn === undefined ? {} : { rrn }),
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(keys && needsMac(message) ? { macVerified: keys.isSealed(profile, packed) } : {}),
  };
}
