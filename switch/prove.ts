import { type Hsm, HsmError } from '../hsm/index.ts';
import type { Pan, PinBlock } from '../messages/index.ts';
import type { Admission } from './admit.ts';
import type { Inbound } from './authorise.ts';
import { Refusal } from './errors.ts';
import type { PurchaseRequest } from './understand.ts';

/** A card whose message was proven, in the two forms that may be written down. */
export interface ProvenCard {
  /** The PAN under the HSM's data key, base64. */
  readonly ciphertext: string;
  /** The PAN's keyed hash, hexadecimal. */
  readonly reference: string;
}

/**
 * Verifies the message's MAC and makes the card's stored forms, in one trip to the HSM.
 * @throws Refusal SW_MAC_MISSING, SW_MAC_WRONG, SW_HSM
 */
export async function proveCard(
  inbound: Pick<Inbound, 'sealed'>,
  admission: Admission,
  pan: Pan,
  hsm: Hsm,
): Promise<ProvenCard> {
  const [, protectedPan] = await Promise.all([verifyMac(inbound, admission, hsm), hsm.protectPan(pan)]).catch(
    asRefusal,
  );
  return {
    ciphertext: protectedPan.ciphertext.toString('base64'),
    reference: protectedPan.lookup.toString('hex'),
  };
}

async function verifyMac(
  { sealed }: Pick<Inbound, 'sealed'>,
  { terminal }: Admission,
  hsm: Hsm,
): Promise<void> {
  if (!terminal) return;
  if (!sealed) throw new Refusal('SW_MAC_MISSING', { terminal: terminal.id });
  if (!(await hsm.verifyMac(terminal.macKey, sealed.covered, sealed.mac))) {
    throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
  }
}

/** The PIN block under the network's key, or the reason why there is none. Never rejects. */
export async function translatePin(
  request: PurchaseRequest,
  { terminal, network }: Admission,
  hsm: Hsm,
): Promise<{ block: PinBlock | undefined } | { refusal: Refusal }> {
  const block = request.terminalPinBlock;
  if (!block || !terminal) return { block: undefined };
  try {
    const { pan } = request.card;
    return { block: await hsm.translatePin({ from: terminal.pinKey, to: network.zonePinKey, pan, block }) };
  } catch (error) {
    const code =
      error instanceof HsmError && error.code === 'HSM_PIN_BLOCK_INVALID' ? 'SW_PIN_BLOCK' : 'SW_HSM';
    return { refusal: new Refusal(code, { terminal: terminal.id }, { cause: error }) };
  }
}

function asRefusal(error: unknown): never {
  if (error instanceof HsmError) throw new Refusal('SW_HSM', { hsm: error.code }, { cause: error });
  throw error;
}
