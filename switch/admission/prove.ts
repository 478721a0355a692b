import { type Hsm, HsmError } from '../../hsm/index.ts';
import type { PinBlock } from '../../messages/index.ts';
import { Refusal } from '../errors.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { Ports } from '../ports.ts';
import { type PaymentRequest, readPan } from '../requests/understand.ts';
import { admitSender, type Route } from './admit.ts';
import type { CardInbound, Inbound, Party, Received, StoredCard } from './inbound.ts';

// What the HSM does before a verb sees a message: it verifies the MAC, and gives a card the forms that may be stored.
// It happens once for each message, here, and before the verb: a verb that proves for itself can forget to.

type ProofPorts = Pick<Ports, 'clock' | 'directory' | 'hsm' | 'terminalKeys'>;

/**
 * Understands, admits and proves who sent a message.
 * @throws Refusal SW_FORMAT, SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_MAC_MISSING, SW_MAC_WRONG, SW_KEY_STORE,
 *   SW_HSM
 */
export async function proveSender(received: Received, ports: ProofPorts): Promise<Inbound> {
  const { sealed, ...rest } = received;
  const { sender, party } = admitSender(received, ports);
  const keys = await verifyMac(sealed, party, ports).catch(asRefusal);
  return { ...rest, sender, party, keys };
}

/**
 * The same of a message that names a card; the MAC and the card are one trip to the HSM.
 * @throws Refusal SW_CARD_MISSING, SW_CARD_CONTRADICTORY, and what `proveSender` throws
 */
export async function proveCard(received: Received, ports: ProofPorts): Promise<CardInbound> {
  const { sealed, ...rest } = received;
  const { sender, party } = admitSender(received, ports);
  const pan = readPan(received.message);
  const proofs = Promise.all([verifyMac(sealed, party, ports), ports.hsm.protectPan(pan)]);
  const [keys, { ciphertext, lookup }] = await proofs.catch(asRefusal);
  const card: StoredCard = {
    ciphertext: ciphertext.toString('base64'),
    reference: lookup.toString('hex'),
  };
  return { ...rest, sender, party, keys, card };
}

async function verifyMac(
  sealed: Received['sealed'],
  { terminal }: Party,
  { terminalKeys }: ProofPorts,
): Promise<TerminalKeySet | undefined> {
  if (!terminal) return undefined;
  if (!sealed) throw new Refusal('SW_MAC_MISSING', { terminal: terminal.id });
  const keys = await terminalKeys.prove(terminal, sealed);
  if (!keys) throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
  return keys;
}

/** The PIN block under the network's key, or the reason why there is none. Never rejects. */
export async function translatePin(
  { party: { terminal }, keys }: Pick<Inbound, 'party' | 'keys'>,
  request: PaymentRequest,
  { network }: Route,
  hsm: Hsm,
): Promise<{ block: PinBlock | undefined } | { refusal: Refusal }> {
  const block = request.terminalPinBlock;
  if (!block || !terminal || !keys) return { block: undefined };

  try {
    const { pan } = request.card;
    return { block: await hsm.translatePin({ from: keys.pinKey, to: network.zonePinKey(), pan, block }) };
  } catch (error) {
    const isBlock = error instanceof HsmError && error.code === 'HSM_PIN_BLOCK_INVALID';
    const code = isBlock ? 'SW_PIN_BLOCK' : 'SW_HSM';
    return { refusal: new Refusal(code, { terminal: terminal.id }, { cause: error }) };
  }
}

export function asRefusal(error: unknown): never {
  if (error instanceof HsmError) throw new Refusal('SW_HSM', { hsm: error.code }, { cause: error });
  throw error;
}
