import { Bytes, type Codec } from '../../messages/index.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import { elementOfMac } from '../keys/mac-bytes.ts';
import type { Ports } from '../ports.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

// What leaves for a terminal that seals its messages. An answer is sealed under the keys that its request was proven
// under, and under no others: whoever stands between could else send a message of his own and hold a valid refusal of
// it against a payment that was approved. What answers an unproven request leaves without a MAC, or in the form that
// the listener's data says. To seal it under the terminal's present keys was how it was done before.

const MAC_BYTES = 8;

/** Network management, advice: nobody can take it for the answer to a payment. */
const NOTICE = '0820';

/** @throws HsmError */
export async function sealed(
  reply: TerminalMessage,
  { macKey, macBytes }: TerminalKeySet,
  codec: Codec<TerminalMessage>,
  { hsm }: Pick<Ports, 'hsm'>,
): Promise<Buffer> {
  const packed = codec.pack({ ...reply, [macElement(reply)]: Bytes.of(Buffer.alloc(MAC_BYTES)) });
  const slot = codec.macSlot(packed);
  if (slot) {
    const mac = await hsm.generateMac(macKey, slot.covered);
    codec.setMac(packed, elementOfMac(mac, macBytes));
  }
  return packed;
}

/** A refusal that carries no MAC where one is expected, or nothing where the listener is told to be silent. */
export function unprovenRefusal(
  reply: TerminalMessage,
  codec: Codec<TerminalMessage>,
  { whenUnproven = 'unsealed' }: Pick<ListenerSettings, 'whenUnproven'>,
): Buffer | undefined {
  if (whenUnproven === 'silence') return undefined;
  return codec.pack(whenUnproven === 'notice' && !isManagement(reply) ? noticeOf(reply) : reply);
}

function isManagement({ mti }: TerminalMessage): boolean {
  return mti.startsWith('08');
}

/** Which of its messages a terminal's vendor has to look at, and why. */
function noticeOf({ de7, de11, de12, de13, de39, de41, de42 }: TerminalMessage): TerminalMessage {
  const numbers = { de7, de11, de12, de13, de39, de41, de42 };
  return { mti: NOTICE, ...numbers };
}

/** The MAC is the last element: DE128 where there is a second bitmap, which here only DE70 asks for. */
function macElement({ de70 }: TerminalMessage): 'de64' | 'de128' {
  return de70 === undefined ? 'de64' : 'de128';
}
