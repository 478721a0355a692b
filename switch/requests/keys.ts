import { hash } from 'node:crypto';
import type { Claim } from '../journal/journal.ts';
import type { PaymentRequest, Sender } from './understand.ts';

/** 132 bits: it is stored with every claim. */
const FINGERPRINT_LENGTH = 22;

/*
 * A key that ends in MMDDhhmmss is of that day, which its claim is kept under (switch/journal/claim-names.ts): one that
 * carries a date ends with it.
 */

/**
 * What makes two messages the same request: the line, the message type without its repeat digit, terminal, merchant,
 * STAN, local date and time. 0101 finds its 0100, 0401 its 0400.
 */
export function requestKey(listener: string, sender: Sender): string {
  const { mti, terminal, merchant, stan, localDate, localTime } = sender;
  return `${listener}|${mti}|${terminal}|${merchant}|${stan}|${localDate}${localTime}`;
}

/** How the DE90 of a reversal names its original: message type, STAN and DE7. */
export function originalKey(
  listener: string,
  terminal: string,
  original: { readonly mti: string; readonly stan: string; readonly transmittedAt: string },
): string {
  return `${listener}|original|${terminal}|${original.mti}|${original.stan}|${original.transmittedAt}`;
}

/** How a void, a completion or a refund names its original: by the retrieval reference it was given. */
export function referenceKey(listener: string, terminal: string, rrn: string): string {
  return `${listener}|reference|${terminal}|${rrn}`;
}

/** What must be unchanged when the same key comes again: card, amount, currency and kind of transaction. */
export function requestFingerprint(
  cardReference: string,
  { amount, processingCode }: Pick<PaymentRequest, 'amount' | 'processingCode'>,
): string {
  const asked = `${cardReference}|${amount.minorUnits}|${amount.currency}|${processingCode}`;
  return hash('sha256', asked, 'base64url').slice(0, FINGERPRINT_LENGTH);
}

/** Everything under which a transaction must be found again: by a repeat, by its reversal, by a void or completion. */
export function openingClaims(listener: string, sender: Sender, fingerprint: string): Claim[] {
  return [
    { key: requestKey(listener, sender), fingerprint, role: 'unique' },
    { key: originalKey(listener, sender.terminal, sender), fingerprint, role: 'unique' },
    { key: referenceKey(listener, sender.terminal, sender.rrn), fingerprint, role: 'alias' },
  ];
}
