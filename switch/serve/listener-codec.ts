import {
  type Codec,
  compile,
  type Dialect,
  type ElementPolicy,
  IsoError,
  iso87AsciiHex,
} from '../../messages/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import { PeerLog } from '../admission/peer-log.ts';
import { listenerElementPolicies } from '../config/element-policies.ts';
import { listenerDialect } from '../config/listener-dialect.ts';
import type { ListenerSettings } from '../config/settings.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';

type Tolerance = NonNullable<Parameters<typeof compile>[2]>;

/**
 * A dialect with the two elements that listeners differ in: how long DE52 is, and what DE53 is made of, which is as
 * long as before. What a message of it means is the same, so its type is.
 */
function asSpoken<D extends Dialect>(dialect: D, { pinBlockBytes = 8, securityControl }: Spoken): D {
  const { 52: pin, 53: control } = dialect.fields;
  const isHex = securityControl === 'hexadecimal';
  if (pinBlockBytes === 8 && !isHex) return dialect;
  const fields = {
    ...dialect.fields,
    ...(pin ? { 52: { ...pin, length: { fixed: pinBlockBytes } } } : {}),
    ...(control && isHex ? { 53: { ...control, content: 'h' } } : {}),
  };
  return { ...dialect, fields };
}

/** Told of elements that count as absent. */
type OnDropped = NonNullable<Tolerance['onDropped']>;
type Spoken = Pick<
  ListenerSettings,
  'name' | 'dialect' | 'packager' | 'elements' | 'pinBlockBytes' | 'securityControl'
>;

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
export function compactOf(
  listener: Pick<ListenerSettings, 'dialect' | 'packager' | 'elements'>,
): Compact | undefined {
  if (listener.dialect !== 'iso87-ascii-hex' || listener.packager) return undefined;
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
  const dialect = asSpoken(listenerDialect(listener), listener);
  const make = (tolerance: Tolerance): Codec<TerminalMessage> => compile(dialect, {}, tolerance);
  const elements = listenerElementPolicies(listener);
  const around = { leavesOut: true, onDropped };
  const codec = make({ elements, ...around });
  const forgiving = FORGIVEN.map((kind) => ({
    kind,
    codec: make({ elements: { ...elements, ...forgivenIn(kind) }, ...around }),
  }));
  const numbers = Object.keys(elements).map(Number);
  const salvage = make({ elements: policiesOf('drop', numbers), leavesOut: true });

  const parse = (bytes: Buffer): TerminalMessage => {
    try {
      return codec.parse(bytes);
    } catch (error) {
      const partial: Partial<TerminalMessage> = error instanceof IsoError ? (error.partial ?? {}) : {};
      const again = forgiving.find(({ kind }) => kind.isMeant(partial));
      if (!again) throw error;
      return parseForgiving(bytes, again.codec, salvage);
    }
  };
  return { ...codec, parse };
}

/** What cannot be forgiven is refused, and who told it must be known all the same: it will tell it again and again. */
function parseForgiving(
  bytes: Buffer,
  codec: Codec<TerminalMessage>,
  salvage: Codec<TerminalMessage>,
): TerminalMessage {
  try {
    return codec.parse(bytes);
  } catch (error) {
    if (error instanceof IsoError) error.partial = restOf(bytes, salvage) ?? error.partial;
    throw error;
  }
}

function restOf(bytes: Buffer, salvage: Codec<TerminalMessage>): IsoError['partial'] | undefined {
  try {
    return salvage.parse(bytes);
  } catch {
    return undefined;
  }
}

/**
 * What is told, or taken back, has happened: an element that it can do without does not keep it from being heard. And
 * what is nothing but blanks says nothing, whatever it would decide.
 */
interface Forgiven {
  isMeant(message: Pick<Partial<TerminalMessage>, 'mti'>): boolean;
  /** Count as absent where they are not as they should be. */
  readonly dropped: readonly number[];
  /** Decide about money or identity: they count as absent where they are nothing but blanks. */
  readonly blank: readonly number[];
}

const FORGIVEN: readonly Forgiven[] = [
  {
    isMeant: ({ mti = '' }) => /^04[02]/.test(mti),
    dropped: [12, 13, 14, 18, 22, 23, 25, 35, 55],
    blank: [4, 7, 49, 90, 95],
  },
  // DE25 says what an advice is, and DE35 may be its card.
  { isMeant: ({ mti = '' }) => /^0[12]2/.test(mti), dropped: [14, 18, 22, 23], blank: [7, 12, 13, 25, 90] },
  // What a request needs it must have all the same.
  {
    isMeant: ({ mti = '' }) => /^0[12]0/.test(mti),
    dropped: [],
    blank: [4, 7, 12, 13, 14, 18, 22, 23, 25, 49, 90],
  },
];

function forgivenIn({ dropped, blank }: Forgiven): Record<number, ElementPolicy> {
  return { ...policiesOf('drop', dropped), ...policiesOf('blank', blank) };
}

function policiesOf(policy: ElementPolicy, elements: readonly number[]): Record<number, ElementPolicy> {
  return Object.fromEntries(elements.map((element) => [element, policy]));
}

/** What counts as absent is told in the log, where a terminal vendor's tester looks for it. */
export function logOfDropped({ name }: Spoken, { clock, log }: Ends): OnDropped {
  const told = new PeerLog(name, clock, log);
  return (element, { code, message: reason }) =>
    told.warn('listener.element-dropped', element, { element, code, reason });
}
