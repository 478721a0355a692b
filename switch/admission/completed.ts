import type { ListenerSettings, TerminalSettings } from '../config/settings.ts';
import type { Ports } from '../ports.ts';
import { isLeftOut } from '../requests/nameless.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

// What a terminal leaves out because its host is meant to know it: many of the NAC family send their number (DE41) and
// nothing more of who and when. Its record has the merchant, and the currency where somebody wrote one down; what time
// it is the switch knows itself, and a listener may say that this will do: without a time of its own a message is known
// for some hours only, and a recording of it would buy again after them. Nothing is guessed: a terminal that is not
// registered, or whose number several merchants use, must say what it means, and so must an acquirer's line, which
// answers for terminals that we do not know. An advice has the time of what it tells of, which nobody but the terminal
// knows: it must give it.

/** A message, and whether its time is ours. */
export interface Completed {
  readonly message: TerminalMessage;
  readonly untimed?: true;
}

type CompletingPorts = Pick<Ports, 'clock' | 'directory' | 'calendar'>;

const DATE = 4;
/** Refers to a payment, whose currency it then is, whatever the record says by now. */
const VOID = '02';

/** @returns the very same where nothing is left out, which is nearly always */
export function completed<Asked extends { readonly message: TerminalMessage }>(
  asked: Asked,
  { mac, withoutTime }: Pick<ListenerSettings, 'mac' | 'withoutTime'>,
  ports: CompletingPorts,
): Asked | (Asked & Completed) {
  const { message } = asked;
  const isUntimed = withoutTime === 'accept' && lacksTime(message);
  if (!isUntimed && !isLeftOut(message.de42) && !isLeftOut(message.de49)) return asked;

  const merchant = isLeftOut(message.de42) ? undefined : message.de42;
  const terminal = mac === 'required' ? ports.directory.terminal(message.de41 ?? '', merchant) : undefined;
  if (!terminal) return asked;
  const known = { ...message, ...ofRecord(message, terminal) };
  if (!isUntimed) return { ...asked, message: known };

  const now = ports.calendar.shownAt(ports.clock.wall());
  return {
    ...asked,
    message: { ...known, de13: now.slice(0, DATE), de12: now.slice(DATE) },
    untimed: true,
  };
}

/** The answer to it has what the terminal sent, and our time where it has none of its own. */
export function asItAsked(reply: TerminalMessage, { de42, de49 }: TerminalMessage): TerminalMessage {
  const { de42: merchant, de49: currency, ...rest } = reply;
  return {
    ...rest,
    ...(de42 !== undefined && merchant !== undefined && { de42: merchant }),
    ...(de49 !== undefined && currency !== undefined && { de49: currency }),
  };
}

function lacksTime({ mti, de7, de12, de13 }: TerminalMessage): boolean {
  if (de7 !== undefined || (de12 !== undefined && de13 !== undefined)) return false;
  const isReversal = mti[1] === '4';
  const isAsked = mti[2] === '0' || mti[2] === '1';
  return isReversal || isAsked;
}

function ofRecord(
  message: TerminalMessage,
  { merchant, currency }: TerminalSettings,
): Pick<TerminalMessage, 'de42' | 'de49'> {
  return {
    ...(isLeftOut(message.de42) && { de42: merchant }),
    ...(isLeftOut(message.de49) && currency !== undefined && hasOwnCurrency(message) && { de49: currency }),
  };
}

function hasOwnCurrency({ mti, de3 = '' }: TerminalMessage): boolean {
  return ['1', '2', '3', '5'].includes(mti[1] ?? '') && !de3.startsWith(VOID);
}
