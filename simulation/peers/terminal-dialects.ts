import { timingSafeEqual } from 'node:crypto';
import { developmentKey } from '../../hsm/index.ts';
import {
  Bytes,
  type Codec,
  compile,
  type Framing,
  framing,
  iso87Ascii,
  iso87AsciiHex,
  type Message,
  posBcd,
} from '../../messages/index.ts';
import { type Clock, utcCalendar } from '../../runtime/index.ts';
import { type PinCipher, pinCipher } from '../../simulators/crypto/pin-block.ts';
import { retailMac } from '../../simulators/crypto/retail-mac.ts';
import type { ListenerSettings } from '../../switch/config/settings.ts';

export type TerminalMessage = Message<typeof iso87Ascii>;

/** How a kind of terminal talks. The three dialects lay out the same data elements. */
export interface TerminalDialect {
  readonly codec: Codec<TerminalMessage>;
  readonly framing: Framing;
  readonly header?: Buffer;
}

const DIALECTS: Record<ListenerSettings['dialect'], TerminalDialect> = {
  'iso87-ascii': { codec: compile(iso87Ascii), framing: framing('length-2') },
  'pos-bcd': {
    codec: compile(posBcd),
    framing: framing('length-2-tpdu'),
    header: Buffer.from('6000010000', 'hex'),
  },
  'iso87-ascii-hex': { codec: compile(iso87AsciiHex), framing: framing('length-4-ascii') },
};

export function dialectOf(listener: ListenerSettings): TerminalDialect {
  return DIALECTS[listener.dialect];
}

/** A terminal's secure module. */
export interface TerminalKeys {
  readonly pins: PinCipher;
  mac(data: Uint8Array): Buffer;
}

const keysByTerminal = new Map<string, TerminalKeys>();

/** The published keys of a development terminal. */
export function keysOf(terminal: string): TerminalKeys {
  let keys = keysByTerminal.get(terminal);
  if (!keys) {
    const pins = pinCipher(developmentKey(`TPK/${terminal}`));
    keys = { pins, mac: retailMac(developmentKey(`TAK/${terminal}`)) };
    keysByTerminal.set(terminal, keys);
  }
  return keys;
}

/** The message as it goes on the wire; sealed where the terminal has keys. */
export function frameOf(
  message: TerminalMessage,
  { codec, framing, header }: TerminalDialect,
  keys: TerminalKeys | undefined,
): Buffer {
  const packed = codec.pack(
    keys ? { ...message, [sealElement(message)]: Bytes.of(Buffer.alloc(8)) } : message,
  );
  const slot = keys && codec.macSlot(packed);
  if (slot) codec.setMac(packed, keys.mac(slot.covered));
  return framing.encode(packed, header);
}

/** The MAC is the last element of a message: DE128 where there is a second bitmap. */
function sealElement(message: TerminalMessage): 'de64' | 'de128' {
  const hasSecondBitmap = Object.keys(message).some((element) => Number(element.slice(2)) > 64);
  return hasSecondBitmap ? 'de128' : 'de64';
}

export function isSealed(packed: Buffer, { codec }: TerminalDialect, keys: TerminalKeys): boolean {
  const slot = codec.macSlot(packed);
  return slot !== undefined && slot.mac.length === 8 && timingSafeEqual(slot.mac, keys.mac(slot.covered));
}

/** DE7, DE12 and DE13 of now: the terminals stand in Greenwich. */
export function momentOf(clock: Clock): { de7: string; de12: string; de13: string } {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  const two = (value: number) => String(value).padStart(2, '0');
  const de13 = two(month) + two(day);
  const de12 = two(hour) + two(minute) + two(second);
  return { de7: de13 + de12, de12, de13 };
}
