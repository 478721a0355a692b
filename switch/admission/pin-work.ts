import { HsmError, type OpenRequest, type PaymentHsm } from '../../hsm/index.ts';
import type { Pan, PinBlock } from '../../messages/index.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { Refusal, type SwitchErrorCode } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { requestKey } from '../requests/keys.ts';
import { serialNumberOf } from '../requests/serial-number.ts';
import type { Sender } from '../requests/understand.ts';
import type { Party, Received, TranslatedPin } from './inbound.ts';

// How a PIN block gets under its network's key. A block under a key that a terminal holds is translated in the trip
// that verifies the MAC. One whose key is derived (DUKPT) takes a trip of its own, after that: it spends a counter of
// the device, which nobody may do whose MAC is not right. The counter is spent on this one request: its repeat is
// translated again, and whatever else comes under it is a replay. Both in one trip was rejected: what claims a counter
// waits for a disk, and every other payment in the HSM's turn would.

/** What is to be done of the PIN block of a message. */
export interface PinWork {
  /** Together with the MAC. */
  readonly pin?: NonNullable<OpenRequest['pin']>;
  /** Once the MAC is known to be right. */
  readonly derived?: DerivedPin;
  /** What is wrong with it before anybody is asked. */
  readonly refusal?: Refusal;
}

interface DerivedPin {
  readonly baseKey: string;
  readonly ksn: Buffer;
  readonly format: 0 | 4;
  readonly block: PinBlock;
  readonly to: string;
  /** What the counter is spent on. */
  readonly transaction: string;
}

/** Who sends it, and which card it is of. */
export interface PinSent {
  readonly sender: Sender;
  readonly party: Party;
  readonly pan: Pan;
}

const BLOCK_BYTES: Readonly<Record<0 | 4, number>> = { 0: 8, 4: 16 };

/** Only a terminal's PIN block has a key of ours, and only a network that is there one to put it under. */
export function pinWork(
  { message }: Pick<Received, 'message'>,
  { sender, party, pan }: PinSent,
  { directory, networks }: Pick<Ports, 'directory' | 'networks'>,
): PinWork | undefined {
  const block = message.de52;
  const { terminal } = party;
  if (!block || !terminal) return undefined;
  const network = networks.get(directory.networkFor(pan) ?? '');
  if (!network) return undefined;

  const { pinFormat: format = 0, dukpt } = terminal;
  const to = network.zonePinKey();
  if (block.length !== BLOCK_BYTES[format]) return refused('SW_FORMAT', { element: 'DE52' });
  if (!dukpt) return { pin: format === 0 ? { block, to } : { block, to, format } };

  const ksn = serialNumberOf(message, dukpt);
  if (!ksn) return refused('SW_SERIAL_NUMBER', { element: dukpt.serialNumber.toUpperCase() });
  const transaction = requestKey(party.key, sender);
  return { derived: { baseKey: dukpt.baseKey, ksn, format, block, to, transaction } };
}

/** What the HSM says of a block that was not well formed, or of one too many of them. */
const OF_THE_BLOCK: ReadonlySet<string> = new Set([
  'HSM_PIN_BLOCK_INVALID',
  'HSM_PIN_LIMIT',
  'HSM_PIN_FORMAT',
]);
/** And of a serial number that no device sends, or whose counter is spent. */
const OF_THE_NUMBER: ReadonlySet<string> = new Set(['HSM_KSN_REPLAYED', 'HSM_REQUEST_INVALID']);

/** The block under the network's key, or why it is not. @throws what is no fault of the HSM's */
export async function derivedPin(
  { baseKey, ksn, format, block, to, transaction }: DerivedPin,
  { party: { terminal }, pan }: PinSent,
  hsm: Pick<PaymentHsm, 'translatePinBlock'>,
): Promise<TranslatedPin> {
  const from = { key: baseKey, ksn, format, block, transaction };
  try {
    return { block: await hsm.translatePinBlock({ from, to, toFormat: 0, pan }) };
  } catch (error) {
    if (!(error instanceof HsmError)) throw error;
    const code = OF_THE_NUMBER.has(error.code) ? 'SW_SERIAL_NUMBER' : undefined;
    return pinRefusal(error, terminal, code);
  }
}

export function pinRefusal(
  cause: HsmError,
  terminal: TerminalSettings | undefined,
  known?: SwitchErrorCode,
): TranslatedPin {
  const code = known ?? (OF_THE_BLOCK.has(cause.code) ? 'SW_PIN_BLOCK' : 'SW_HSM');
  return { refusal: new Refusal(code, { terminal: terminal?.id ?? '' }, { cause }) };
}

function refused(code: SwitchErrorCode, detail: Readonly<Record<string, string>>): PinWork {
  return { refusal: new Refusal(code, detail) };
}
