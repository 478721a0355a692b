import type { Monotonic } from '../runtime/index.ts';
import type { ListenerSettings } from './config/settings.ts';
import type { TerminalMessage } from './terminal-message.ts';

/** A message as the listener hands it over. */
export interface Inbound {
  readonly message: TerminalMessage;
  readonly listener: ListenerSettings;
  /** The bytes that the MAC covers and the MAC, where the message has one. */
  readonly sealed: { readonly covered: Buffer; readonly mac: Buffer } | undefined;
  readonly receivedAt: Monotonic;
}
