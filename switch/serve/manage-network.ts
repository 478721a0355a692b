import { admitSender } from '../admission/admit.ts';
import type { Inbound, Received } from '../admission/inbound.ts';
import { asRefusal } from '../admission/prove.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import { newTerminalKeys } from '../keys/download.ts';
import type { KeyCheckValues } from '../keys/terminal-keys.ts';
import type { Ports } from '../ports.ts';
import { required } from '../requests/understand.ts';
import type { ReplyFields } from '../transaction/entries.ts';

// An 0800: sign-on, sign-off and echo need no more than an answer; a terminal's keys are given and confirmed.

const APPROVED: ReplyFields = { code: '00' };

/** Nothing is to be done for it, or all of it was done by its proof. */
export async function acknowledge(): Promise<ReplyFields> {
  return APPROVED;
}

/**
 * The request for keys needs no MAC, since a terminal whose keys are lost has none to make: what it gets only its
 * master key opens, and nothing changes until it shows that it has opened it.
 *
 * @throws Refusal SW_UNSUPPORTED_MESSAGE, SW_FORMAT, SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_NO_MASTER_KEY,
 *   SW_KEY_STORE, SW_HSM
 */
export async function giveKeys(received: Received, ports: Ports): Promise<ReplyFields> {
  const { keyDownload } = ports;
  const terminal = terminalOf(admitSender(received, ports), received);
  if (!keyDownload) throw new Refusal('SW_NO_MASTER_KEY', { terminal: terminal.id });
  return { ...APPROVED, keys: await newTerminalKeys(terminal, keyDownload).catch(asRefusal) };
}

/**
 * A terminal confirms the keys that it installed, under these keys: the proof of the message is all that it asks for.
 * @throws Refusal SW_UNSUPPORTED_MESSAGE, SW_FORMAT, SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_KEY_CHECK,
 *   SW_KEY_STORE, SW_MAC_…, SW_HSM
 */
export async function proveInstalledKeys(received: Received, ports: Ports): Promise<Inbound> {
  const { sealed, ...rest } = received;
  const admitted = admitSender(received, ports);
  const terminal = terminalOf(admitted, received);
  if (!sealed) throw new Refusal('SW_MAC_MISSING', { terminal: terminal.id });
  const computed = readCheckValues(required(received.message.de62, 'DE62'));
  const keys = await ports.terminalKeys.confirm(terminal, sealed, computed).catch(asRefusal);
  return { ...rest, ...admitted, keys };
}

/** DE62: the key check values of PIN key and MAC key, six hex digits each. */
function readCheckValues(text: string): KeyCheckValues {
  const [, pin, mac] = /^([0-9A-F]{6})([0-9A-F]{6})$/.exec(text) ?? [];
  if (pin === undefined || mac === undefined) throw new Refusal('SW_FORMAT', { element: 'DE62' });
  return { pin, mac };
}

function terminalOf(
  { party: { terminal } }: Pick<Inbound, 'party'>,
  { message }: Pick<Received, 'message'>,
): TerminalSettings {
  if (!terminal) throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti });
  return terminal;
}
