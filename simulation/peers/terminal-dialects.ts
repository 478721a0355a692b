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
  iso87Bcd,
  type Message,
  posBcd,
} from '../../messages/index.ts';
import { type Clock, utcCalendar } from '../../runtime/index.ts';
import { type PinCipher, pinCipher } from '../../simulators/crypto/pin-block.ts';
import { retailMac } from '../../simulators/crypto/retail-mac.ts';
import type { ListenerSettings } from '../../switch/config/settings.ts';
import { withLetters } from './letters.ts';

export type TerminalMessage = Message<typeof iso87Ascii>;

/** How a kind of terminal talks. The dialects lay out the same data elements. */
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
  'iso87-bcd': { codec: compile(iso87Bcd), framing: framing('length-2-bcd') },
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
  withLetters(packed);
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

/** DE7, DE12 and DE13 of now, as a clock in this time zone says it that is off by so much. */
export function momentOf(clock: Clock, offMs: number, zoneMs: number) {
  const utc = digitsOf(clock.wall() + offMs);
  const local = digitsOf(clock.wall() + offMs + zoneMs);
  return { de7: utc.date + utc.time, de12: local.time, de13: local.date };
}

function digitsOf(wall: number): { date: string; time: string } {
  const { month, day, hour, minute, second } = utcCalendar(wall);
  const two = (value: number) => String(value).padStart(2, '0');
  return { date: two(month) + two(day), time: two(hour) + two(minute) + two(second) };
}
