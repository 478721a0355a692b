import { Refusal } from '../errors.ts';
import { OPENING_REPLY, type Transaction } from '../transaction/fold.ts';
import { originalKey, referenceKey } from './keys.ts';
import type { TerminalMessage } from './terminal-message.ts';
import type { Sender } from './understand.ts';

// By which keys a message finds the transaction that it is about. Terminals name their original in three ways, some of
// them in none that is sure; the surest key that leads somewhere is taken.

/** Under which keys the transaction that a message refers to may be found, the surest first. */
export interface OriginalReference {
  readonly keys: readonly string[];
  /** The key that the original will claim when it comes, where the message names it exactly. */
  readonly exact: string | undefined;
  /**
   * The STAN of the request that is named: what is found otherwise and has another is not meant. An increment shares
   * its retrieval reference with what it adds to.
   */
  readonly stan?: string;
}

const REQUESTS: ReadonlySet<string> = new Set(['0100', '0200']);

/**
 * How a reversal names its original: by DE90; a terminal that sends none repeats STAN and DE7 of the original, or
 * gives its retrieval reference.
 */
export function reversedOriginal(
  listener: string,
  sender: Sender,
  message: TerminalMessage,
): OriginalReference {
  const { terminal } = sender;
  const exact = message.de90
    ? originalKey(listener, terminal, {
        mti: message.de90.mti,
        stan: message.de90.stan,
        transmittedAt: message.de90.transmission,
      })
    : undefined;

  const byRepeatedNumbers = ['0100', '0200', '0220'].map((mti) =>
    originalKey(listener, terminal, { ...sender, mti }),
  );
  const byReference = message.de37?.trim() ? [referenceKey(listener, terminal, message.de37)] : [];

  const keys = [...(exact ? [exact] : byRepeatedNumbers), ...byReference];
  const named = message.de90 && REQUESTS.has(message.de90.mti) ? { stan: message.de90.stan } : {};
  return { keys, exact: exact ?? byRepeatedNumbers[0], ...named };
}

/** How a void, a completion or a refund names its original: by DE37. @throws Refusal SW_FORMAT without it */
export function referredOriginal(
  listener: string,
  sender: Sender,
  message: TerminalMessage,
): OriginalReference {
  if (!message.de37?.trim()) throw new Refusal('SW_FORMAT', { element: 'DE37' });
  return { keys: [referenceKey(listener, sender.terminal, message.de37)], exact: undefined };
}

/**
 * A terminal that lost count of its STANs gets the same retrieval reference twice within the hour: where a message
 * gives the approval code of its original (DE38), it must be that of the transaction found.
 */
export function isMeant(
  { replies }: Pick<Transaction, 'replies'>,
  approvalCode: string | undefined,
): boolean {
  const given = replies.get(OPENING_REPLY)?.approvalCode;
  return approvalCode === undefined || given === undefined || approvalCode === given;
}
