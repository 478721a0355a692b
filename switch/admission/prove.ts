import { type Hsm, HsmError, type OpenedParts, type OpenRequest } from '../../hsm/index.ts';
import type { Pan } from '../../messages/index.ts';
import { Refusal, type SwitchErrorCode } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { ProvenMessage } from '../keys/terminal-keys.ts';
import type { Ports } from '../ports.ts';
import { readPan } from '../requests/understand.ts';
import { admitSender } from './admit.ts';
import type {
  CardInbound,
  Inbound,
  NoticeInbound,
  Party,
  PaymentInbound,
  Received,
  StoredCard,
  TranslatedPin,
} from './inbound.ts';
import { derivedPin, type PinSent, type PinWork, pinRefusal, pinWork } from './pin-work.ts';

// What the HSM does before a verb sees a message: it verifies the MAC, gives a card the forms that may be stored, and
// puts a PIN block under the network's key. It happens once for each message, here, and before the verb: a verb that
// proves for itself can forget to. All of it is one request to the HSM, which does the rest only under a right MAC.

type ProofPorts = Pick<Ports, 'clock' | 'directory' | 'hsm' | 'terminalKeys' | 'networks' | 'knownCards'>;
type Work = Omit<OpenRequest, 'seal'>;

/**
 * Understands, admits and proves who sent a message.
 * @throws Refusal SW_FORMAT, SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_MAC_MISSING, SW_MAC_WRONG, SW_KEY_STORE,
 *   SW_HSM
 */
export async function proveSender(received: Received, ports: ProofPorts): Promise<Inbound> {
  const { sealed, certificate: _, ...rest } = received;
  const { sender, party } = admitSender(received, ports);
  const { keys } = await open(sealed, party, {}, ports).catch(asRefusal);
  return { ...rest, sender, party, keys };
}

/**
 * The same of a message that names a card.
 * @throws Refusal SW_CARD_MISSING, SW_CARD_CONTRADICTORY, and what `proveSender` throws
 */
export async function proveCard(received: Received, ports: ProofPorts): Promise<CardInbound> {
  const { pin: _, ...proven } = await proveWith(received, () => undefined, ports);
  return proven;
}

/**
 * The same of a message that takes something earlier back: its card, where it names one, must be that of what it is
 * about. A card that the HSM cannot name now keeps nobody from reversing: then the digits that may be shown are
 * compared alone.
 * @throws as `proveCard`
 */
export async function proveNotice(received: Received, ports: ProofPorts): Promise<NoticeInbound> {
  if (!namesCard(received)) return proveSender(received, ports);
  return proveCard(received, ports).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'SW_HSM') return proveSender(received, ports);
    throw error;
  });
}

/**
 * The same of an advice. What it tells of is booked under its card, and its repeat is known by it: an HSM that cannot
 * name the card now makes it wait, since a refusal for its form would be the end of a sale that has happened.
 * @throws as `proveCard`
 */
export async function proveAdvice(received: Received, ports: ProofPorts): Promise<NoticeInbound> {
  return namesCard(received) ? proveCard(received, ports) : proveSender(received, ports);
}

/** The same of a message that opens legs: its PIN block is put under the network's key. @throws as `proveCard` */
export function provePayment(received: Received, ports: ProofPorts): Promise<PaymentInbound> {
  return proveWith(received, (sent) => pinWork(received, sent, ports), ports);
}

function namesCard({ message: { de2, de35 } }: Received): boolean {
  return Boolean(de2?.length || de35);
}

async function proveWith(
  received: Received,
  pinOf: (sent: PinSent) => PinWork | undefined,
  ports: ProofPorts,
): Promise<PaymentInbound> {
  const { sealed, certificate: _, ...rest } = received;
  const { sender, party } = admitSender(received, ports);
  const pan = readPan(received.message);

  const known = ports.knownCards.find(pan);
  const sent: PinSent = { sender, party, pan };
  const planned = pinOf(sent);
  const work: Work = { pan, protect: !known, ...(planned?.pin && { pin: planned.pin }) };
  const { keys, parts } = await open(sealed, party, work, ports).catch(asRefusal);

  const card = known ?? madeCard(pan, parts, ports);
  const pin = planned?.pin ? translatedPin(party, parts) : await otherPin(planned, sent, ports);
  return { ...rest, sender, party, keys, card, pin };
}

/** What was not done together with the MAC. */
function otherPin(
  planned: PinWork | undefined,
  sent: PinSent,
  { hsm }: Pick<ProofPorts, 'hsm'>,
): TranslatedPin | Promise<TranslatedPin> {
  if (planned?.refusal) return { refusal: planned.refusal };
  return planned?.derived ? derivedPin(planned.derived, sent, hsm) : { block: undefined };
}

/**
 * The keys that a message is sealed with which comes with a MAC, though nothing requires one of it; nothing where it
 * has none, or nobody knows its terminal, or the HSM is away: its answer leaves without a MAC then.
 * @throws Refusal SW_MAC_WRONG
 */
export async function proveSealed(
  received: Received,
  ports: ProofPorts,
): Promise<TerminalKeySet | undefined> {
  const { listener, message, sealed } = received;
  const terminal = ports.directory.terminal(message.de41 ?? '', message.de42);
  if (listener.mac === 'none' || !sealed || !terminal) return undefined;
  let proven: ProvenMessage | undefined;
  try {
    proven = await ports.terminalKeys.prove(terminal, sealed);
  } catch (error) {
    if (error instanceof HsmError || error instanceof Refusal) return undefined;
    throw error;
  }
  if (!proven) throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
  return proven.keys;
}

/** After these a MAC is wrong, or nobody can say whose it is, or it cannot be verified now. */
const NOT_TO_BE_PROVEN: ReadonlySet<string> = new Set<SwitchErrorCode>([
  'SW_MAC_MISSING',
  'SW_MAC_WRONG',
  'SW_UNKNOWN_TERMINAL',
  'SW_UNKNOWN_MERCHANT',
  'SW_HSM',
  'SW_KEY_STORE',
]);

/** The keys that a refusal may be sealed with: those of a message that is refused, and whose MAC is right. */
export async function keysOfRefused(
  received: Received,
  reason: unknown,
  ports: ProofPorts,
): Promise<TerminalKeySet | undefined> {
  if (reason instanceof Refusal && NOT_TO_BE_PROVEN.has(reason.code)) return undefined;
  return proveSealed(received, ports).catch(() => undefined);
}

interface Opened {
  readonly keys: TerminalKeySet | undefined;
  readonly parts: OpenedParts;
}

/** On an acquirer's line there is no MAC, and with a known card nothing to ask. */
async function open(
  sealed: Received['sealed'],
  { terminal }: Party,
  work: Work,
  { terminalKeys, hsm }: ProofPorts,
): Promise<Opened> {
  if (!terminal) return { keys: undefined, parts: work.protect ? await openUnsealed(work, hsm) : {} };
  if (!sealed) throw new Refusal('SW_MAC_MISSING', { terminal: terminal.id });
  const proven = await terminalKeys.prove(terminal, sealed, work);
  if (!proven) throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
  return proven;
}

async function openUnsealed(work: Work, hsm: Pick<Hsm, 'openRequest'>): Promise<OpenedParts> {
  const opened = await hsm.openRequest(work);
  if (opened.mac === 'wrong') throw new HsmError('HSM_PROTOCOL', 'a MAC nobody asked for');
  return opened;
}

/** The forms in which a card may be written down, of a card that no message names. @throws Refusal SW_HSM */
export async function storedForms(
  pan: Pan,
  ports: Pick<ProofPorts, 'hsm' | 'knownCards'>,
): Promise<StoredCard> {
  const known = ports.knownCards.find(pan);
  if (known) return known;
  const parts = await openUnsealed({ pan, protect: true }, ports.hsm).catch(asRefusal);
  return madeCard(pan, parts, ports);
}

/** @throws Refusal SW_HSM */
function madeCard(
  pan: Pan,
  { card }: OpenedParts,
  { knownCards }: Pick<ProofPorts, 'knownCards'>,
): StoredCard {
  if (!card) throw new Refusal('SW_HSM', { hsm: 'HSM_PROTOCOL' });
  if ('refused' in card) return asRefusal(card.refused);
  const { ciphertext, lookup } = card.done;
  const stored = { ciphertext: ciphertext.toString('base64'), reference: lookup.toString('hex') };
  knownCards.keep(pan, stored);
  return stored;
}

function translatedPin({ terminal }: Party, { pin }: OpenedParts): TranslatedPin {
  if (!pin) return { block: undefined };
  if ('done' in pin) return { block: pin.done };
  return pinRefusal(pin.refused, terminal);
}

export function asRefusal(error: unknown): never {
  if (error instanceof HsmError) throw new Refusal('SW_HSM', { hsm: error.code }, { cause: error });
  throw error;
}
