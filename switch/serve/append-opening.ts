import type { Monotonic } from '../../runtime/index.ts';
import type { AppendResult, Claim, NewEntry } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import type { InFlight } from '../requests/in-flight.ts';
import { isReference, keyOf, MOST_PLACES, openingClaims, type PartyKey, placeOf } from '../requests/keys.ts';
import { isForgotten, isRemembered } from '../requests/remembered.ts';
import { anotherReference, type PaymentRequest, referenceApart } from '../requests/understand.ts';
import type { OpeningBody } from '../transaction/entries.ts';

// A payment is opened under keys that nobody has. Nearly always all three are free, and one append tells: what follows
// here is for the others. A retrieval reference that another payment has is no reason to refuse a sale. One of ours is
// drawn anew; one that the terminal gave is its own, and gets a place beside the other. To ask before the append
// whether it is free was rejected: every payment would pay for it, and two could still ask at once.

/** Different keys that may be found taken before the payment is given up. */
const MOST_KEYS = 12;

export interface Opening {
  readonly request: PaymentRequest;
  readonly party: PartyKey;
  readonly fingerprint: string;
  readonly deadline: Monotonic;
  /** Is shown each entry before it is appended: of the last nobody may know whether it was stored. */
  readonly offer: (intention: Intention) => void;
}

export interface Intention extends NewEntry {
  readonly body: OpeningBody;
}

export type Opened =
  | { readonly status: 'appended'; readonly opening: OpeningBody }
  | Exclude<AppendResult, { readonly status: 'appended' }>;

/**
 * @param bodyOf the first entry, of a request whose retrieval reference is free
 * @throws JournalError
 */
export async function appendOpening(
  { request: asked, party, fingerprint, deadline, offer }: Opening,
  bodyOf: (request: PaymentRequest) => OpeningBody,
  { journal, clock, random, inFlight }: Pick<Ports, 'journal' | 'clock' | 'random' | 'inFlight'>,
): Promise<Opened> {
  let request = withReference(asked, party, inFlight);
  let opening = bodyOf(request);
  const places = new Map<string, number>();
  for (;;) {
    const keys = openingClaims(party, request, fingerprint);
    const claims = keys.flatMap((claim) => placed(claim, places.get(claim.key) ?? 1));
    const { transaction } = opening.facts;
    const entry: Intention = { transaction, version: 1, kind: 'intended', body: opening, claims };
    offer(entry);
    const appended = await journal.append(entry, deadline);
    if (appended.status === 'appended') {
      inFlight.recent.opened(party.merchant, transaction);
      return { status: 'appended', opening };
    }
    if (appended.status !== 'claimed' || !mayPass(appended, request, clock.wall())) return appended;

    const key = keyOf(appended.key);
    if (isReference(key) && !request.hasOwnReference && !places.has(key)) {
      places.set(key, 1);
      const isFirst = !inFlight.recent.isSetApart(party.merchant);
      inFlight.recent.setApart(party.merchant);
      request = isFirst
        ? withReference(asked, party, inFlight)
        : { ...request, rrn: anotherReference(request.rrn, random) };
      opening = bodyOf(request);
    } else {
      places.set(key, (places.get(key) ?? 1) + 1);
    }
    if (places.size > MOST_KEYS) return appended;
  }
}

/**
 * Tills that count their STANs alike come to the same references: once that is seen of a merchant they are set apart,
 * so that it is not found out again for every sale.
 */
function withReference(
  request: PaymentRequest,
  { merchant }: PartyKey,
  { recent }: InFlight,
): PaymentRequest {
  if (request.hasOwnReference || !recent.isSetApart(merchant)) return request;
  return { ...request, rrn: referenceApart(request.rrn, request.terminal) };
}

/** What was given more often than there are places is opened without it: nobody could say any more which is meant. */
function placed(claim: Claim, place: number): Claim[] {
  if (place > MOST_PLACES && isReference(claim.key)) return [];
  return [{ ...claim, key: placeOf(claim.key, Math.min(place, MOST_PLACES)) }];
}

/** Whether who has the key is no reason to refuse: another payment's reference, or a reversal that means it no more. */
function mayPass(
  { key, fingerprint }: { readonly key: string; readonly fingerprint: string },
  { stan, amount, card }: PaymentRequest,
  nowMs: number,
): boolean {
  const coming = { stan, minorUnits: amount.minorUnits, maskedPan: card.pan.masked() };
  if (isRemembered(fingerprint)) return isForgotten(fingerprint, nowMs, coming);
  return isReference(key);
}
