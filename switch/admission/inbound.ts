import type { Monotonic } from '../../runtime/index.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalKeySet } from '../keys/key-records.ts';
import type { Sealed, TerminalMessage } from '../requests/terminal-message.ts';

/** A message as the listener hands it over. */
export interface Inbound {
  readonly message: TerminalMessage;
  readonly listener: ListenerSettings;
  /** The bytes that the MAC covers and the MAC, where the message has one. */
  readonly sealed: Sealed | undefined;
  readonly receivedAt: Monotonic;
  /** Filled in once its MAC is verified: the keys that the answer is sealed with. */
  readonly proof: { keys?: TerminalKeySet };
}
