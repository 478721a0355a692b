import { type Codec, compile, iso87Ascii, iso87AsciiHex, posBcd } from '../../messages/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import { PeerLog } from '../admission/peer-log.ts';
import { listenerElementPolicies } from '../config/element-policies.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

type Tolerance = NonNullable<Parameters<typeof compile>[2]>;

const COMPILE: Record<ListenerSettings['dialect'], (tolerance: Tolerance) => Codec<TerminalMessage>> = {
  'iso87-ascii': (tolerance) => compile(iso87Ascii, {}, tolerance),
  'iso87-ascii-hex': (tolerance) => compile(iso87AsciiHex, {}, tolerance),
  'pos-bcd': (tolerance) => compile(posBcd, {}, tolerance),
};

/** Told of elements that count as absent. */
type OnDropped = NonNullable<Tolerance['onDropped']>;
type Spoken = Pick<ListenerSettings, 'name' | 'dialect' | 'elements'>;

interface Ends {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The codec of a listener: its dialect, and what becomes of elements that are not as the dialect says. A policy holds
 * in both directions; an answer leaves without an element that cannot be written rather than not at all.
 */
export function listenerCodec(listener: Spoken, ends: Ends): Codec<TerminalMessage> {
  return codecTelling(listener, logOfDropped(listener, ends));
}

export function codecTelling(listener: Spoken, onDropped: OnDropped): Codec<TerminalMessage> {
  return COMPILE[listener.dialect]({
    elements: listenerElementPolicies(listener),
    leavesOut: true,
    onDropped,
  });
}

/** What counts as absent is told in the log, where a terminal vendor's tester looks for it. */
export function logOfDropped({ name }: Spoken, { clock, log }: Ends): OnDropped {
  const told = new PeerLog(name, clock, log);
  return (element, { code, message: reason }) =>
    told.warn('listener.element-dropped', element, { element, code, reason });
}
