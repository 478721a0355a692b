import {
  type Codec,
  compile,
  type ElementPolicy,
  IsoError,
  iso87Ascii,
  iso87AsciiHex,
  posBcd,
} from '../../messages/index.ts';
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
 * In what a request without a second bitmap is answered, in a dialect that writes one into every message: some hosts do
 * that and cannot read a message without, others take an empty one for a fault. Who asks is answered as it asks.
 */
export interface Compact {
  readonly codec: Codec<TerminalMessage>;
  /** Whether these bytes have no second bitmap. */
  fits(packed: Buffer): boolean;
}

const COMPACT_HEX = { ...iso87AsciiHex, bitmap: { encoding: 'hex' } } as const;
/** Where the bitmap begins, behind the MTI; its first digit is 8 or more where a second one follows. */
const BITMAP_AT = 4;
const EIGHT = 0x38;

/** Nothing where the dialect writes a second bitmap only where one is needed. */
export function compactOf(listener: Pick<ListenerSettings, 'dialect' | 'elements'>): Compact | undefined {
  if (listener.dialect !== 'iso87-ascii-hex') return undefined;
  const elements = listenerElementPolicies(listener);
  return {
    codec: compile(COMPACT_HEX, {}, { elements, leavesOut: true }),
    fits: (packed) => (packed[BITMAP_AT] ?? EIGHT) < EIGHT,
  };
}

/**
 * The codec of a listener: its dialect, and what becomes of elements that are not as the dialect says. A policy holds
 * in both directions; an answer leaves without an element that cannot be written rather than not at all.
 */
export function listenerCodec(listener: Spoken, ends: Ends): Codec<TerminalMessage> {
  return codecTelling(listener, logOfDropped(listener, ends));
}

export function codecTelling(listener: Spoken, onDropped: OnDropped): Codec<TerminalMessage> {
  const make = COMPILE[listener.dialect];
  const elements = listenerElementPolicies(listener);
  const around = { leavesOut: true, onDropped };
  const codec = make({ elements, ...around });
  const forgiving = [REVERSAL, ADVICE].map((kind) => ({
    kind,
    codec: make({ elements: { ...elements, ...droppedIn(kind) }, ...around }),
  }));

  const parse = (bytes: Buffer): TerminalMessage => {
    try {
      return codec.parse(bytes);
    } catch (error) {
      const mti = error instanceof IsoError ? error.partial?.mti : undefined;
      const again = forgiving.find(({ kind }) => kind.mtis.test(String(mti ?? '')));
      if (!again) throw error;
      return again.codec.parse(bytes);
    }
  };
  return { ...codec, parse };
}

/** What is told, or taken back, has happened: an element that it can do without does not keep it from being heard. */
interface Forgiven {
  readonly mtis: RegExp;
  readonly elements: readonly number[];
}

const REVERSAL: Forgiven = { mtis: /^04[02]/, elements: [12, 13, 14, 18, 22, 23, 25, 35, 55] };
/** DE25 says what an advice is, and DE35 may be its card. */
const ADVICE: Forgiven = { mtis: /^0[12]2/, elements: [14, 18, 22, 23] };

function droppedIn({ elements }: Forgiven): Record<number, ElementPolicy> {
  return Object.fromEntries(elements.map((element) => [element, 'drop' as const]));
}

/** What counts as absent is told in the log, where a terminal vendor's tester looks for it. */
export function logOfDropped({ name }: Spoken, { clock, log }: Ends): OnDropped {
  const told = new PeerLog(name, clock, log);
  return (element, { code, message: reason }) =>
    told.warn('listener.element-dropped', element, { element, code, reason });
}
