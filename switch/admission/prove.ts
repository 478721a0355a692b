import { type Hsm, HsmError } from '../../hsm/index.ts';
import type { Pan, PinBlock } from '../../messages/index.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import type { PaymentRequest } from '../requests/understand.ts';
import type { Admission, Party } from './admit.ts';
import type { Inbound } from './inbound.ts';

/** A card whose message was proven, in the two forms that may be written down. */
export interface ProvenCard {
  /** The PAN under the HSM's data key, base64. */
  readonly ciphertext: string;
  /** The PAN's keyed hash, hexadecimal. */
  readonly reference: string;
}

type ProofPorts = Pick<Ports, 'hsm' | 'terminalKeys'>;
type Provable = Pick<Inbound, 'sealed' | 'proof'>;

/**
 * Verifies the message's MAC and makes the card's stored forms, in one trip to the HSM.
 * @throws Refusal SW_MAC_MISSING, SW_MAC_WRONG, SW_HSM
 */
export async function proveCard(
  inbound: Provable,
  party: Party,
  pan: Pan,
  ports: ProofPorts,
): Promise<ProvenCard> {
  const proofs = Promise.all([verifyMac(inbound, party, ports), ports.hsm.protectPan(pan)]);
  const [, { ciphertext, lookup }] = await proofs.catch(asRefusal);
  return { ciphertext: ciphertext.toString('base64'), reference: lookup.toString('hex') };
}

/**
 * Verifies the MAC of a message that names no card.
 * @throws Refusal SW_MAC_MISSING, SW_MAC_WRONG, SW_HSM
 */
export async function proveSender(inbound: Provable, party: Party, ports: ProofPorts): Promise<void> {
  await verifyMac(inbound, party, ports).catch(asRefusal);
}

async function verifyMac(
  { sealed, proof }: Provable,
  { terminal }: Party,
  { terminalKeys }: ProofPorts,
): Promise<void> {
  if (!terminal) return;
  if (!sealed) throw new Refusal('SW_MAC_MISSING', { terminal: terminal.id });
  const keys = await terminalKeys.prove(terminal, sealed);
  if (!keys) throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
  proof.keys = keys;
}

/** The PIN block under the network's key, or the reason why there is none. Never rejects. */
export async function translatePin(
  { proof }: Provable,
  request: PaymentRequest,
  { terminal, network }: Admission,
  hsm: Hsm,
): Promise<{ block: PinBlock | undefined } | { refusal: Refusal }> {
  const block = request.terminalPinBlock;
  if (!block || !terminal || !proof.keys) return { block: undefined };
  try {
    const { pan } = request.card;
    return {
      block: await hsm.translatePin({ from: proof.keys.pinKey, to: network.zonePinKey(), pan, block }),
    };
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
