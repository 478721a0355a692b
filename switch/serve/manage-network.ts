import { identify } from '../admission/admit.ts';
import type { Inbound } from '../admission/inbound.ts';
import { asRefusal } from '../admission/prove.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import { newTerminalKeys } from '../keys/download.ts';
import { managementService } from '../keys/management-codes.ts';
import type { KeyCheckValues } from '../keys/terminal-keys.ts';
import type { Ports } from '../ports.ts';
import { required, understandSender } from '../requests/understand.ts';
import type { ReplyFields } from '../transaction/entries.ts';

const APPROVED: ReplyFields = { code: '00' };

/**
 * An 0800: sign-on, sign-off and echo need no more than an answer; a terminal's keys are given and confirmed. The
 * request for keys needs no MAC, since a terminal whose keys are lost has none to make: what it gets only its master
 * key opens, and nothing changes until it shows that it has opened it.
 *
 * @throws Refusal SW_UNSUPPORTED_MESSAGE, SW_FORMAT, SW_UNKNOWN_TERMINAL, SW_UNKNOWN_MERCHANT, SW_NO_MASTER_KEY,
 *   SW_KEY_CHECK, SW_KEY_STORE, SW_MAC_…, SW_HSM
 */
export async function manageNetwork(inbound: Inbound, ports: Ports): Promise<ReplyFields> {
  const { listener, message } = inbound;
  switch (managementService(listener, message)) {
    case 'sign-on':
    case 'sign-off':
    case 'echo':
      return APPROVED;
    case 'key-download': {
      const { keyDownload } = ports;
      const terminal = terminalOf(inbound, ports);
      if (!keyDownload) throw new Refusal('SW_NO_MASTER_KEY', { terminal: terminal.id });
      return { ...APPROVED, keys: await newTerminalKeys(terminal, keyDownload).catch(asRefusal) };
    }
    case 'key-confirmation':
      return confirmKeys(inbound, ports);
    case undefined:
      throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: message.mti });
  }
}

async function confirmKeys(inbound: Inbound, ports: Ports): Promise<ReplyFields> {
  const { message, sealed, proof } = inbound;
  const terminal = terminalOf(inbound, ports);
  if (!sealed) throw new Refusal('SW_MAC_MISSING', { terminal: terminal.id });
  const computed = readCheckValues(required(message.de62, 'DE62'));
  proof.keys = await ports.terminalKeys.confirm(terminal, sealed, computed).catch(asRefusal);
  return APPROVED;
}

/** DE62: the key check values of PIN key and MAC key, six hex digits each. */
function readCheckValues(text: string): KeyCheckValues {
  const [, pin, mac] = /^([0-9A-F]{6})([0-9A-F]{6})$/.exec(text) ?? [];
  if (pin === undefined || mac === undefined) throw new Refusal('SW_FORMAT', { element: 'DE62' });
  return { pin, mac };
}

function terminalOf(inbound: Inbound, { clock, directory }: Ports): TerminalSettings {
  const { terminal } = identify(understandSender(inbound.message, clock), inbound.listener, directory);
  if (!terminal) throw new Refusal('SW_UNSUPPORTED_MESSAGE', { mti: inbound.message.mti });
  return terminal;
}
