import { hash } from 'node:crypto';
import { toPlain } from '../../messages/index.ts';
import { timeOrderedUuid } from '../../runtime/index.ts';
import type { NoticeInbound } from '../admission/inbound.ts';
import { SWITCH_ERRORS } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { requestKey } from '../requests/keys.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { chipWord } from '../transaction/chip.ts';
import type { EntryBodies, KeptAdvice, ReplyFields } from '../transaction/entries.ts';
import { ACCEPTED, type Answer, answerNotice, toldBy } from './answer-notice.ts';
import type { Finding } from './find-original.ts';

// An advice tells of what has happened: to refuse it undoes nothing, and to guess what it means moves money that nobody
// asked to be moved. So what fits no service, or names a sale that nobody here knows, is kept as it came and shown to
// people; no network and no consensus hears of it.

/** What is never written down, in whatever form: keys to the card, and what proves the message. */
const NEVER_KEPT = ['de2', 'de14', 'de35', 'de52', 'de55', 'de64', 'de128'] as const;
/** Digits that may be a card number or hold one, in groups too, in a text that is none of ours; amounts have twelve. */
const MAYBE_PAN = /\d(?:[ -]?\d){12,}/g;

/** Keeps an advice, answers it as `answerOf` says, and opens a case. @throws Refusal SW_JOURNAL, SW_KEY_REUSED */
export function keepAdvice(
  inbound: NoticeInbound,
  reason: KeptAdvice['reason'],
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const notice = { ...toldBy(inbound, adviceFingerprint(inbound)), find: nothingToFind };
  return answerNotice(notice, () => keptAdvice(inbound, reason, ports), ports);
}

/** Of a message that is about nothing that is known. */
async function nothingToFind(): Promise<Finding> {
  return { status: 'unknown' };
}

/** The same, for a notice that is looked at already. */
export function keptAdvice(inbound: NoticeInbound, reason: KeptAdvice['reason'], ports: Ports): Answer {
  const reply: ReplyFields = { code: answerOf(inbound, reason), rrn: inbound.sender.rrn };
  const body = keptBody(inbound, reason, reply);
  const transaction = timeOrderedUuid(ports.clock, ports.random);
  return { reply, opening: { transaction, kind: 'advice-kept', body } };
}

/** What people have to know of it. */
export function keptBody(
  { message, listener, party, sender, card }: NoticeInbound,
  reason: KeptAdvice['reason'],
  reply: ReplyFields,
): EntryBodies['advice-kept'] {
  const { terminal, merchant, stan, rrn, transmittedAt } = sender;
  const pan = message.de2 ?? message.de35?.pan();
  return {
    key: requestKey(party.key, sender),
    reply,
    reason,
    listener: listener.name,
    terminal,
    merchant,
    stan,
    rrn,
    transmittedAt,
    minorUnits: Number(message.de4 ?? 0),
    currency: message.de49 ?? '',
    card: card && pan ? { maskedPan: pan.masked(), ...card } : null,
    elements: elementsOf(message),
  };
}

/** What must be unchanged when the same advice comes again. */
export function adviceFingerprint({ message, card }: NoticeInbound): string {
  return hash('sha256', JSON.stringify([card?.reference ?? '', elementsOf(message)]), 'base64url').slice(
    0,
    22,
  );
}

/** What names no service is answered as the listener says: most terminals send again what is not accepted. */
function answerOf({ listener }: NoticeInbound, reason: KeptAdvice['reason']): string {
  if (reason === 'declined') return ACCEPTED;
  if (reason === 'no-original') return SWITCH_ERRORS.SW_ORIGINAL_UNKNOWN.responseCode;
  return listener.unservedAdvice === 'refuse' ? SWITCH_ERRORS.SW_UNSUPPORTED_MESSAGE.responseCode : ACCEPTED;
}

/** Every element by its number, without what may not be kept. */
export function elementsOf(message: TerminalMessage): Record<string, unknown> {
  const rest: Partial<Record<keyof TerminalMessage, unknown>> = { ...message };
  for (const element of NEVER_KEPT) delete rest[element];
  const { fields } = toPlain({ ...rest, mti: message.mti.slice(0, 3) }, 'masked');
  const chip = chipWord(message.de55)?.emvHex;
  return { ...withoutPans(fields), ...(chip !== undefined && { 55: chip }) };
}

function withoutPans<Value>(fields: Value): Value {
  const text = JSON.stringify(fields).replaceAll(MAYBE_PAN, (digits) =>
    digits.replace(/\d(?=(?:[ -]?\d){4})/g, '*'),
  );
  return JSON.parse(text) as Value;
}
