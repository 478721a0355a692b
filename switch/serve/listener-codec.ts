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

/**
 * The codec of a listener: its dialect, and what becomes of elements that are not as the dialect says. A policy holds
 * in both directions; an answer leaves without an element that cannot be written rather than not at all. What counts as
 * absent is told in the log, where a terminal vendor's tester looks for it.
 */
export function listenerCodec(
  listener: Pick<ListenerSettings, 'name' | 'dialect' | 'elements'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Codec<TerminalMessage> {
  const told = new PeerLog(listener.name, clock, log);
  return COMPILE[listener.dialect]({
    elements: listenerElementPolicies(listener),
    leavesOut: true,
    onDropped: (element, { code, message: reason }) =>
      told.warn('listener.element-dropped', element, { element, code, reason }),
  });
}
