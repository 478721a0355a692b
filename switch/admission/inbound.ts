import type { Region } from '../../connectors/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import type { Monotonic, PeerCertificate } from '../../runtime/index.ts';
import type { ListenerSettings, MerchantSettings, Settings, TerminalSettings } from '../config/settings.ts';
import type { Refusal } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { PartyKey } from '../requests/keys.ts';
import type { Sealed, TerminalMessage } from '../requests/terminal-message.ts';
import type { Sender } from '../requests/understand.ts';

// A message on its way in. It is received, then proven, and each of the two is an object that nobody changes: a verb
// that has an `Inbound` in its hands has a message whose sender is known and whose MAC was verified, and whoever seals
// the answer knows the keys from the same object. A box that the verb fills in on its way was the form before; then
// nothing but reading tells whether it is filled by the time it is looked into.

/** A message as its listener hands it over: nothing of it is believed yet. */
export interface Received {
  readonly message: TerminalMessage;
  readonly listener: ListenerSettings;
  /** The bytes that the MAC covers and the MAC, where the message has one. */
  readonly sealed: Sealed | undefined;
  /** What the peer proved over TLS, where it was asked to. */
  readonly certificate: PeerCertificate | undefined;
  readonly receivedAt: Monotonic;
  /** When the legs are joined at the latest, and what the journal is asked for on the way has come. */
  readonly joinBy: Monotonic;
  /**
   * When a notice (a reversal, an advice, an upload) must be durable: counted from when it is served. What waited long
   * is written down all the same, though its reply is too late.
   */
  readonly noticeBy: Monotonic;
  /** The last moment at which a reply may leave. */
  readonly lastMoment: Monotonic;
  /** Gives its place at the gate to the next, while it waits for others; it may be called more than once. */
  readonly leavePlace: () => void;
  /** It came without a time, and has ours. */
  readonly untimed?: true;
  /** Who sent it: an address without its port. */
  readonly peer?: string | undefined;
}

/** Who asks, and for whom. */
export interface Party {
  /** Absent on an acquirer's line: the acquirer answers for its terminals. */
  readonly terminal: TerminalSettings | undefined;
  readonly merchant: MerchantSettings;
  /** How keys name who asks: the same on every listener. */
  readonly key: PartyKey;
}

/** A message whose sender is understood, admitted and proven. */
export interface Inbound extends Omit<Received, 'sealed' | 'certificate'> {
  readonly sender: Sender;
  readonly party: Party;
  /** The keys that the message was proven under, and that its answer is sealed with; absent on an acquirer's line. */
  readonly keys: TerminalKeySet | undefined;
  /** The transaction that it is about, where an application names it by its id. */
  readonly about?: string;
}

/** A card in the two forms that may be written down. */
export interface StoredCard {
  /** The PAN under the HSM's data key, base64. */
  readonly ciphertext: string;
  /** The PAN's keyed hash, hexadecimal. */
  readonly reference: string;
}

/** A proven message that names a card. */
export interface CardInbound extends Inbound {
  readonly card: StoredCard;
}

/** A proven message about something earlier, which may name the card. */
export interface NoticeInbound extends Inbound {
  readonly card?: StoredCard;
  /** Of a capture: what an application says of the purchase to the consensus. */
  readonly witness?: Witness;
}

/** Where the merchant is: what is not said is where the rules are the strictest. */
export function regionOf({ party, listener }: Pick<Inbound, 'party' | 'listener'>): Region {
  return party.merchant.region ?? listener.region ?? 'eea';
}

/** A PIN block under the network's key, nothing where the message has none to translate, or why it cannot be. */
export type TranslatedPin = { readonly block: PinBlock | undefined } | { readonly refusal: Refusal };

/** A proven message that opens legs. What is wrong with its PIN declines it once it is on record. */
export interface PaymentInbound extends CardInbound {
  readonly pin: TranslatedPin;
  /** What an application says of the purchase to the consensus; absent: what the switch knows itself. */
  readonly witness?: Witness;
  /** It waited for its network: the transaction that it becomes, and why it is only declined on record. */
  readonly waited?: { readonly transaction: string; readonly over?: Refusal };
  /** Told, once it is durable, under which transaction the request is kept. */
  readonly onKept?: (transaction: string) => void;
}

/** Who else takes part in the proof, and what of the receipt is witnessed. */
export interface Witness {
  readonly consumer?: string;
  /** SHA-256, 64 hexadecimal digits. */
  readonly receiptHash?: string;
  readonly suppliers?: readonly string[];
}

/** What a message and its reply may spend on the line and in the queues of two kernels, of the whole deadline. */
const ON_THE_WAY = 0.05;
const LONGEST_WAY_MS = 100;

/** The terminal counts from when its request was due, and until the reply is with it. */
export function lastMomentOf(receivedAt: Monotonic, deadlineMs: number): Monotonic {
  return receivedAt + deadlineMs - Math.min(deadlineMs * ON_THE_WAY, LONGEST_WAY_MS);
}

/** Whether a reply may still leave: the one statement of it. */
export function mayStillLeave(now: Monotonic, lastMoment: Monotonic): boolean {
  return now <= lastMoment;
}

/**
 * The one place where a request gets its deadlines.
 * @param now when it is served; it may have waited since it came
 */
export function receive(
  request: Pick<Received, 'message' | 'sealed' | 'receivedAt'> &
    Partial<Pick<Received, 'certificate' | 'leavePlace' | 'untimed' | 'peer'>>,
  listener: ListenerSettings,
  { deadlineMs, replyMarginMs }: Pick<Settings, 'deadlineMs' | 'replyMarginMs'>,
  now: Monotonic,
): Received {
  const { message, sealed, receivedAt, certificate, leavePlace = () => {}, untimed, peer } = request;
  const lastMoment = lastMomentOf(receivedAt, deadlineMs);
  const joinBy = Math.min(receivedAt + deadlineMs - replyMarginMs, lastMoment);
  const noticeBy = Math.max(joinBy, now + deadlineMs - replyMarginMs);
  const received = {
    message,
    listener,
    sealed,
    certificate,
    receivedAt,
    joinBy,
    noticeBy,
    lastMoment,
    leavePlace,
    peer,
  };
  return untimed ? { ...received, untimed } : received;
}
