import type { Balance } from '../../connectors/index.ts';
import { Bytes, responseMti } from '../../messages/index.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { type WordsOf, wordFor } from './approval-words.ts';

// What a terminal is told, as the message that tells it: the request's own numbers, the code, and what the verb found.

/**
 * The elements that a reply repeats from its request, so that the terminal finds its own again: those that ISO
 * 8583:1987 has echoed, as far as they say who asked for what. DE90, DE95 and whatever else needs a second bitmap are
 * not: a terminal that has no place for one takes the answer for garbage.
 */
const ECHOED = [
  'de2',
  'de3',
  'de4',
  'de7',
  'de11',
  'de12',
  'de13',
  'de24',
  'de25',
  'de32',
  'de33',
  'de37',
  'de41',
  'de42',
  'de49',
] as const;
/** Its DE70 says what is managed; in any other message it says nothing. */
const MANAGEMENT = '08';

const PARTIALLY_APPROVED = '10';
const WITHOUT_CASH = '87';
/** DE54 amount types: cash, and the original amount. */
const CASH = '40';
const REQUESTED = '57';
const NOTHING = '0'.repeat(12);

/** The message that answers `request` in the words of its listener, still without its MAC. */
export function replyMessage(
  request: TerminalMessage,
  fields: ReplyFields,
  listener: WordsOf,
): TerminalMessage {
  const reply: TerminalMessage = { mti: responseMti(request.mti) };
  for (const element of ECHOED) copy(reply, request, element);
  if (request.mti.startsWith(MANAGEMENT)) copy(reply, request, 'de70');

  reply.de39 = wordFor(fields.code, listener);
  if (fields.rrn !== undefined) reply.de37 = fields.rrn;
  if (fields.approvalCode !== undefined) reply.de38 = fields.approvalCode;
  if (fields.approvedMinorUnits !== undefined) {
    reply.de4 = String(fields.approvedMinorUnits).padStart(12, '0');
  }
  if (reply.de39 === PARTIALLY_APPROVED && request.de4 !== undefined) {
    const cash = fields.code === WITHOUT_CASH ? [ofRequest(request, CASH, NOTHING)] : [];
    reply.de54 = [ofRequest(request, REQUESTED, request.de4), ...cash];
  }
  if (fields.balances) reply.de54 = fields.balances.map(additionalAmount);
  if (fields.emvHex !== undefined) reply.de55 = Bytes.fromHex(fields.emvHex);
  if (fields.keys !== undefined) reply.de62 = fields.keys;
  return reply;
}

/** Of a partial approval: what was asked for, beside what was approved in DE4; and that no cash is handed out. */
function ofRequest({ de3 = '000000', de49 = '000' }: TerminalMessage, amountType: string, amount: string) {
  return { accountType: de3.slice(2, 4), amountType, currency: de49, sign: 'C', amount };
}

/** One amount of DE54. */
function additionalAmount({ accountType, amountType, currency, minorUnits }: Balance) {
  const amount = String(Math.abs(minorUnits)).padStart(12, '0');
  return { accountType, amountType, currency, sign: minorUnits < 0 ? 'D' : 'C', amount };
}

function copy<K extends keyof TerminalMessage>(to: TerminalMessage, from: TerminalMessage, element: K): void {
  const value = from[element];
  if (value !== undefined) to[element] = value;
}
