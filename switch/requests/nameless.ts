import { hash } from 'node:crypto';
import { withoutRepeat } from '../../messages/index.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalMessage } from './terminal-message.ts';

// A reversal of an acquirer that names no terminal, or no merchant: hosts send it from their own records, where a
// payment is a reference. It is taken all the same, since a refusal leaves the customer charged. On a line of terminals
// there is none: without DE41 nobody knows under whose keys its MAC is.

type Naming = Pick<TerminalMessage, 'mti' | 'de41' | 'de42'>;

const REVERSALS = ['0400', '0420'];
const SUBJECT_LENGTH = 22;

export function mayBeNameless({
  message,
  listener,
}: {
  readonly message: Naming;
  readonly listener: Pick<ListenerSettings, 'mac'>;
}): boolean {
  return listener.mac === 'none' && REVERSALS.includes(withoutRepeat(message.mti));
}

/** Whether it leaves out who sold: many hosts fill in blanks. */
export function isNameless({ de41, de42 }: Naming): boolean {
  return isLeftOut(de41) || isLeftOut(de42);
}

export function isLeftOut(name: string | undefined): boolean {
  return name === undefined || name.trim() === '';
}

/**
 * What stands for the terminal in its keys: what it is about, so that two reversals of one acquirer, of one STAN and
 * one second, are not one. No terminal's number is as long.
 */
export function subjectOf({ de41, de90, de37, de38, de4 }: TerminalMessage): string {
  const about = [isLeftOut(de41) ? '' : de41, de90?.stan, de90?.transmission, de37, de38, de4].map(
    (each) => each ?? '',
  );
  return hash('sha256', about.join('|'), 'base64url').slice(0, SUBJECT_LENGTH);
}
