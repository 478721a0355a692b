import { hash } from 'node:crypto';
import type { PurchaseRequest } from './understand.ts';

/**
 * What makes two messages the same request: the line, the terminal and merchant, its STAN and its local date and
 * time. The MTI's repeat digit does not count, so that 0101 finds its 0100.
 */
export function idempotencyKey(listener: string, request: PurchaseRequest): string {
  const { terminal, merchant, stan, localDate, localTime } = request;
  return `${listener}|purchase|${terminal}|${merchant}|${stan}|${localDate}${localTime}`;
}

/** What must be unchanged when the same key comes again: card, amount, currency and kind of transaction. */
export function requestFingerprint(cardReference: string, request: PurchaseRequest): string {
  const { amount, processingCode } = request;
  return hash('sha256', `${cardReference}|${amount.minorUnits}|${amount.currency}|${processingCode}`);
}
