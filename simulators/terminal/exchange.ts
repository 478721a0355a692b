import type { Clock } from '../../runtime/index.ts';
import { SimulatorError } from '../errors.ts';
import { needsMac } from './keys.ts';
import type { Reply, TerminalLink } from './link.ts';
import { frameOf, type Original, type Sender } from './messages.ts';
import type { TerminalMessage } from './profiles.ts';
import type { TerminalRecords, TerminalRow } from './records.ts';
import { saysYes, type TerminalService } from './services.ts';

/** How an exchange went, as the terminal sees it. */
export interface Exchange {
  /** Said yes to, in full or in part, by an answer whose MAC is right, where the dialect has MACs. */
  approved: boolean;
  outcome: 'answered' | 'unanswered';
  service: TerminalService;
  /** Error code, where there was no answer. */
  reason?: string;
  /** The same in words, with host and port. */
  why?: string;
  mti: string;
  terminal: string;
  stan: string;
  /** DE7. */
  time?: string;
  processingCode?: string;
  /** Minor units; of a partial approval, what was approved. */
  amount?: number;
  currency?: string;
  /** DE39. */
  code?: string;
  rrn?: string;
  approvalCode?: string;
  macVerified?: boolean;
  ms: number;
  /** What became of the reversal that an uncertain outcome made necessary. */
  reversal?: 'acknowledged' | 'pending';
  /** The answer itself; prints masked. */
  reply?: TerminalMessage;
}

/** A message to send, and what it is about. */
export interface Outgoing {
  service: TerminalService;
  message: TerminalMessage;
  original?: Pick<Original, 'mti' | 'stan' | 'time'>;
  remaining?: number;
}

interface Desk {
  sender: Sender;
  records: TerminalRecords;
  link: TerminalLink;
  clock: Clock;
  timeoutMs: number;
}

const PARTIALLY_APPROVED = '10';

/** Sends one message, waits for its answer, and writes both down. Never rejects for what the other side does. */
export async function exchange(outgoing: Outgoing, desk: Desk): Promise<Exchange> {
  const { clock, link, records, sender, timeoutMs } = desk;
  const { message, service } = outgoing;
  const facts = factsOf(message, records);
  const about = aboutOf(outgoing);
  const note = (row: Omit<TerminalRow, 'at' | keyof typeof facts> & Partial<typeof facts>) =>
    records.ledger.append({ service, ...about, ...facts, ...row, at: new Date(clock.wall()).toISOString() });
  await note({ kind: 'sent' });
  const began = clock.monotonic();
  const elapsed = () => Math.round((clock.monotonic() - began) * 1_000) / 1_000;
  const { card: _card, ...shown } = facts;
  try {
    const answer = answerOf(await link.request(frameOf(message, sender), message, timeoutMs), sender);
    const ms = elapsed();
    const { reply: _, ...noted } = answer;
    note({ kind: 'answered', ...noted, ms }).catch(() => {});
    const approved = saysYes(service, answer.code) && answer.macVerified !== false;
    return { approved, outcome: 'answered', service, ...shown, ...answer, ms };
  } catch (error) {
    if (!(error instanceof SimulatorError)) throw error;
    note({ kind: 'unanswered', reason: error.code }).catch(() => {});
    const told = { reason: error.code, why: error.message };
    return { approved: false, outcome: 'unanswered', service, ...told, ...shown, ms: elapsed() };
  }
}

/** What may be written down of a message: no PIN block, no track, the card by reference. */
export function factsOf(message: TerminalMessage, { nameCard }: Pick<TerminalRecords, 'nameCard'>) {
  const { mti, de2, de3, de4, de7, de11, de37, de38, de41, de49 } = message;
  return {
    mti,
    terminal: de41?.trimEnd() ?? '',
    stan: de11 ?? '',
    ...(de7 === undefined ? {} : { time: de7 }),
    ...(de3 === undefined ? {} : { processingCode: de3 }),
    ...(de4 === undefined ? {} : { amount: Number(de4) }),
    ...(de49 === undefined ? {} : { currency: de49 }),
    ...(de37 === undefined ? {} : { rrn: de37 }),
    ...(de38 === undefined ? {} : { approvalCode: de38 }),
    ...(de2 === undefined ? {} : { card: nameCard(de2.reveal()) }),
  };
}

function aboutOf({ original, remaining }: Outgoing) {
  return {
    ...(original && { original: { mti: original.mti, stan: original.stan, time: original.time } }),
    ...(remaining === undefined ? {} : { remaining }),
  };
}

function answerOf({ message, packed }: Reply, { keys, profile }: Sender) {
  const { de4, de37: rrn, de38: approvalCode, de39: code } = message;
  return {
    reply: message,
    ...(code === undefined ? {} : { code }),
    ...(code === PARTIALLY_APPROVED && de4 !== undefined ? { amount: Number(de4) } : {}),
    ...(rrn === undefined ? {} : { rrn }),
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(keys && needsMac(message) ? { macVerified: keys.isSealed(profile, packed) } : {}),
  };
}
