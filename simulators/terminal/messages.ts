import { Bytes, Pan, PinBlock, Track2 } from '../../messages/index.ts';
import { type Clock, utcCalendar } from '../../runtime/index.ts';
import type { TerminalKeys } from './keys.ts';
import type { Profile, TerminalMessage } from './profiles.ts';

export interface PurchaseOrder {
  /** Minor units. */
  amount: number;
  /** ISO 4217 numeric. */
  currency: string;
  card: string;
  /** Four to twelve digits; absent: no DE52. */
  pin?: string;
  /** YYMM. */
  expiry?: string;
  /** DE35, sent beside DE2. */
  track2?: string;
  /** DE37; absent: the switch assigns one. */
  rrn?: string;
}

export interface Sender {
  terminal: string;
  merchant: string;
  profile: Profile;
  /** Absent where the profile is not secured. */
  keys?: TerminalKeys;
}

const NO_MAC_YET = Bytes.of(Buffer.alloc(8));

/** A 0100 for goods and services, without its MAC. */
export function purchaseMessage(
  order: PurchaseOrder,
  sender: Sender,
  stan: string,
  clock: Clock,
): TerminalMessage {
  const { keys, merchant, terminal } = sender;
  const { date, time } = now(clock);
  const pinBlock =
    keys && order.pin !== undefined ? PinBlock.of(keys.pins.encrypt(order.pin, order.card)) : undefined;
  return {
    mti: '0100',
    de2: Pan.of(order.card),
    de3: '000000',
    de4: String(order.amount).padStart(12, '0'),
    de7: date + time,
    de11: stan,
    de12: time,
    de13: date,
    de14: order.expiry,
    de18: '5999',
    de22: entryMode(order),
    de25: '00',
    de35: order.track2 === undefined ? undefined : Track2.of(order.track2),
    de37: order.rrn,
    de41: terminal,
    de42: merchant,
    de49: order.currency,
    de52: pinBlock,
    de64: keys ? NO_MAC_YET : undefined,
  };
}

export function echoMessage({ terminal, merchant }: Sender, stan: string, clock: Clock): TerminalMessage {
  const { date, time } = now(clock);
  return { mti: '0800', de7: date + time, de11: stan, de41: terminal, de42: merchant, de70: '301' };
}

/** The message as it goes on the wire, framed, its MAC written where it has one. */
export function frameOf(message: TerminalMessage, { keys, profile }: Sender): Buffer {
  const packed = profile.codec.pack(message);
  if (message.de64) keys?.seal(profile, packed);
  return profile.framing.encode(packed, profile.frameHeader);
}

/** DE22: keyed or magnetic stripe, and whether a PIN was entered. */
function entryMode({ track2, pin }: PurchaseOrder): string {
  return `${track2 === undefined ? '01' : '02'}${pin === undefined ? '2' : '1'}`;
}

/** MMDD and hhmmss in UTC; the simulated terminals stand in Greenwich. */
function now(clock: Clock): { date: string; time: string } {
  const { month, day, hour, minute, second } = utcCalendar(clock.wall());
  return { date: digits(month) + digits(day), time: digits(hour) + digits(minute) + digits(second) };
}

function digits(value: number): string {
  return String(value).padStart(2, '0');
}
